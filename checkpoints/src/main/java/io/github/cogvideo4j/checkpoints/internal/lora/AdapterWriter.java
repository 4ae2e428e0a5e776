package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.Scaling;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Difference;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Hadamard;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Kronecker;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Magnitude;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Replacement;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialect;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// The writer of an adapter in a dialect. The factors keep their bytes; what changes are names, and where alpha
/// is.
public final class AdapterWriter {
    private final AdapterContent adapter;
    private final Dialect.Writable dialect;
    private final OptionalDouble alpha;
    private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final SequencedMap<String, Float> alphas = new LinkedHashMap<>();
    private final List<TensorSpec> specs = new ArrayList<>();

    /// Lays out a file.
    ///
    /// @param adapter its modules under the model's names
    /// @param dialect how to spell them
    /// @param alpha   the alpha of the training, where it goes before what the adapter records
    /// @throws InvalidCheckpointException `unsupported-tensor` when the dialect has no words for a part,
    ///     `duplicate-weights` when two modules would have one name in it
    public AdapterWriter(AdapterContent adapter, Dialect.Writable dialect, OptionalDouble alpha) {
        this.adapter = adapter;
        this.dialect = dialect;
        this.alpha = alpha;
        adapter.modules().values().forEach(this::add);
    }

    /// Writes the file.
    ///
    /// @param target   its name
    /// @param metadata the header's own words
    /// @param beside   a small file that gets its name just before this one, by name
    /// @return its size
    public long write(Path target, Map<String, String> metadata, Map<String, String> beside) throws IOException {
        try (FileStorageReader reader = new FileStorageReader();
                AdapterFile file = AdapterFile.create(target, specs, metadata)) {
            for (Map.Entry<String, StoredTensor> entry : tensors.entrySet()) {
                long[] position = {0};
                reader.read(entry.getValue(), bytes -> {
                    int length = bytes.remaining();
                    file.write(entry.getKey(), position[0], bytes);
                    position[0] += length;
                });
            }
            for (Map.Entry<String, Float> entry : alphas.entrySet()) {
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                file.write(entry.getKey(), 0, bytes.putFloat(entry.getValue()).flip());
            }
            reader.verifyChecksums();
            io.github.cogvideo4j.checkpoints.internal.source.SourceFiles.requireUnchanged(adapter.files());
            for (Map.Entry<String, String> small : beside.entrySet()) {
                file.publishBeside(small.getKey(), small.getValue());
            }
            file.publish();
            return file.size();
        }
    }

    private void add(AdaptedModule module) {
        module.weight().forEach(change -> addChange(module, change, false));
        module.bias().forEach(change -> addChange(module, change, true));
        OptionalDouble known = alpha.isPresent() ? alpha : module.alpha();
        if (dialect.alphaIsTensor() && module.usesAlpha() && known.isPresent()) {
            // Readers of tensors divide by the rank itself.
            double value = module.rankStabilized()
                    ? known.getAsDouble() * Math.sqrt(module.rank().orElseThrow())
                    : known.getAsDouble();
            String name = name(module, AdapterPart.ALPHA);
            alphas.put(name, (float) value);
            specs.add(new TensorSpec(name, DType.F32, Shape.of()));
        }
    }

    private void addChange(AdaptedModule module, LayerChange change, boolean bias) {
        switch (change.delta()) {
            case LowRank pair -> {
                put(module, AdapterPart.LORA_A, pair.a());
                put(module, AdapterPart.LORA_B, pair.b());
            }
            case Hadamard four -> {
                put(module, AdapterPart.HADA_W1_A, four.a1());
                put(module, AdapterPart.HADA_W1_B, four.b1());
                put(module, AdapterPart.HADA_W2_A, four.a2());
                put(module, AdapterPart.HADA_W2_B, four.b2());
            }
            case Kronecker product -> addKronecker(module, product);
            case Difference difference -> {
                AdapterPart ofBias = change.scaling() == Scaling.PRODUCT ? AdapterPart.LORA_B_BIAS : AdapterPart.DIFF_B;
                put(module, bias ? ofBias : AdapterPart.DIFF, difference.tensor());
            }
            case Replacement whole -> put(module, bias ? AdapterPart.BIAS : AdapterPart.WEIGHT, whole.tensor());
            case Magnitude lengths -> put(module, AdapterPart.MAGNITUDE, lengths.tensor(), lengthsOf(module, lengths));
        }
    }

    private void addKronecker(AdaptedModule module, Kronecker product) {
        // Readers of tensors see no rank there, and scale by nothing.
        if (dialect.alphaIsTensor()
                && product.first() instanceof Kronecker.Whole
                && product.second() instanceof Kronecker.Whole
                && module.factor(1, alpha) != 1) {
            throw refused(module, "lokr_w1, lokr_w2 (alpha / rank is not 1)");
        }
        addSide(module, product.first(), AdapterPart.LOKR_W1, AdapterPart.LOKR_W1_A, AdapterPart.LOKR_W1_B);
        addSide(module, product.second(), AdapterPart.LOKR_W2, AdapterPart.LOKR_W2_A, AdapterPart.LOKR_W2_B);
    }

    private void addSide(
            AdaptedModule module, Kronecker.Side side, AdapterPart whole, AdapterPart left, AdapterPart right) {
        switch (side) {
            case Kronecker.Whole matrix -> put(module, whole, matrix.tensor());
            case Kronecker.Product thin -> {
                put(module, left, thin.left());
                put(module, right, thin.right());
            }
        }
    }

    /// PEFT has a vector, or `[1, out, 1, 1]` for a convolution; kohya's readers want a row for each output.
    private Shape lengthsOf(AdaptedModule module, Magnitude lengths) {
        long count = lengths.tensor().shape().numel();
        int dimensions = module.weight().getFirst().delta().shape().rank();
        List<Long> sizes = new ArrayList<>();
        if (dialect.alphaIsTensor()) {
            sizes.add(count);
            for (int i = 1; i < dimensions; i++) {
                sizes.add(1L);
            }
        } else if (dimensions > 2) {
            sizes.add(1L);
            sizes.add(count);
            for (int i = 2; i < dimensions; i++) {
                sizes.add(1L);
            }
        } else {
            sizes.add(count);
        }
        return new Shape(sizes);
    }

    private void put(AdaptedModule module, AdapterPart part, StoredTensor tensor) {
        put(module, part, tensor, tensor.shape());
    }

    private void put(AdaptedModule module, AdapterPart part, StoredTensor tensor, Shape shape) {
        String name = name(module, part);
        if (tensors.putIfAbsent(name, tensor) != null) {
            throw new InvalidCheckpointException(
                    ProblemCode.DUPLICATE_WEIGHTS,
                    Place.of(adapter.file()).tensor(tensor.name()),
                    "checkpoints.lora.same-name",
                    name);
        }
        specs.add(new TensorSpec(name, tensor.dtype(), shape));
    }

    private String name(AdaptedModule module, AdapterPart part) {
        if (!dialect.writes(part)) {
            throw refused(module, part.toString());
        }
        return dialect.write(module.name(), part);
    }

    private InvalidCheckpointException refused(AdaptedModule module, String part) {
        return refused(adapter, Place.of(adapter.file()).tensor(module.name()), dialect, part);
    }

    /// The refusal of a part that a dialect has no words for. The adapter can be fused all the same.
    static InvalidCheckpointException refused(AdapterContent adapter, Place place, Dialect dialect, Object part) {
        return new InvalidCheckpointException(
                Problem.of(ProblemCode.UNSUPPORTED_TENSOR, place, "checkpoints.lora.no-words", dialect.id(), part)
                        .with(new Remedy.FuseAdapter(Optional.of(adapter.file()), false)));
    }
}

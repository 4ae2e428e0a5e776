package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ModelComparer;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterFile;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.TruncatedSvd;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.DiffusersDialect;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The extraction of an adapter from the difference between a fine-tuned model and its base: for each linear
/// layer the best approximation of the change by two matrices of a rank.
public final class LoraExtraction {
    private static final String WEIGHT = ".weight";
    /// The differences are beside the heap; this bounds those of all threads together.
    private static final long LARGEST_TOGETHER = 1L << 30;
    private static final double SHARE_OF_HEAP = 0.6;

    private final Checkpoint base;
    private final Checkpoint model;
    private final Options options;
    private final JobControl control;
    private final Warnings warnings = new Warnings();

    /// What is wanted.
    ///
    /// @param rank      the rank; a smaller layer gets its own full rank
    /// @param targets   the modules, by name or by the end of it (`attn1.to_q`); none: all linear layers that
    ///                  changed
    /// @param threads   how many layers at once
    /// @param overwrite whether an adapter that is there may be replaced
    /// @param component the component's folder in the pipeline, which stands before the adapter's names; the
    ///                  transformer where none is said
    public record Options(int rank, List<String> targets, int threads, boolean overwrite, Optional<String> component) {
        /// Copies the list.
        public Options {
            targets = List.copyOf(targets);
        }
    }

    /// What became of a layer.
    ///
    /// @param weight the key of the weight
    /// @param rank   the rank it got
    /// @param change the Frobenius norm of its change
    /// @param kept   the share of the change's squared norm that the adapter has
    public record Layer(String weight, int rank, double change, double kept) {}

    /// What was written.
    ///
    /// @param file    the adapter's file
    /// @param bytes   its size
    /// @param layers  the layers
    /// @param kept    the share of the squared norm of all changes, those of other tensors included, that the
    ///                adapter has
    /// @param outside the share that is in tensors which no adapter can have: biases, norms, convolutions,
    ///                and layers that are not among the targets
    /// @param warnings what is worth saying
    public record Result(
            Path file, long bytes, List<Layer> layers, double kept, double outside, List<Problem> warnings) {
        /// Copies the lists.
        public Result {
            layers = List.copyOf(layers);
            warnings = List.copyOf(warnings);
        }
    }

    private record Pair(StoredTensor base, StoredTensor model, double squares, int rank) {
        String module() {
            return model.name().substring(0, model.name().length() - WEIGHT.length());
        }
    }

    private LoraExtraction(Checkpoint base, Checkpoint model, Options options, JobControl control) {
        this.base = base;
        this.model = model;
        this.options = options;
        this.control = control;
    }

    /// Extracts.
    ///
    /// @param base     what the training started from
    /// @param model    what it ended with
    /// @param output   a folder, or a file that ends in `.safetensors`
    /// @param options  what is wanted
    /// @param control receives the number of bytes that are done
    /// @throws InvalidCheckpointException when the two are not the same model, or nothing changed
    public static Result extract(Checkpoint base, Checkpoint model, Path output, Options options, JobControl control)
            throws IOException {
        return new LoraExtraction(base, model, options, control).extract(output);
    }

    private Result extract(Path output) throws IOException {
        Path target = AdapterFile.target(
                output, WeightFileName.ADAPTER, List.of(base.folder(), model.folder()), options.overwrite());
        Comparison comparison = ModelComparer.compare(model, base, options.threads(), control);
        requireSameModel(comparison);
        List<Pair> pairs = pairs(comparison);
        SequencedMap<String, AdapterMetadata.Strength> strengths = new LinkedHashMap<>();
        List<TensorSpec> specs = new ArrayList<>();
        for (Pair pair : pairs) {
            Shape shape = pair.model().shape();
            strengths.put(pair.module(), new AdapterMetadata.Strength(pair.rank(), pair.rank()));
            specs.add(new TensorSpec(nameOfA(pair), DType.F32, Shape.of(pair.rank(), shape.size(1))));
            specs.add(new TensorSpec(nameOfB(pair), DType.F32, Shape.of(shape.size(0), pair.rank())));
        }
        control.begin(
                Phase.WRITING,
                pairs.stream().mapToLong(pair -> pair.model().byteLength()).sum());
        try (FileStorageReader reader = new FileStorageReader();
                AdapterFile file = AdapterFile.create(target, specs, AdapterMetadata.header(component(), strengths))) {
            List<Layer> layers = ParallelTensors.map(pairs, threads(pairs), pair -> layer(pair, reader, file));
            reader.verifyChecksums();
            SourceFiles.requireUnchanged(base.files());
            SourceFiles.requireUnchanged(model.files());
            file.publish();
            return result(target, file.size(), pairs, layers, comparison.total().differenceSquares());
        }
    }

    private Result result(Path target, long bytes, List<Pair> pairs, List<Layer> layers, double all) {
        double kept = 0;
        double inside = 0;
        for (int i = 0; i < pairs.size(); i++) {
            inside += pairs.get(i).squares();
            kept += pairs.get(i).squares() * layers.get(i).kept();
        }
        return new Result(target, bytes, layers, kept / all, Math.max(0, all - inside) / all, warnings.all());
    }

    private void requireSameModel(Comparison comparison) {
        if (!comparison.reshaped().isEmpty()) {
            String name = comparison.reshaped().firstEntry().getKey();
            List<Shape> shapes = comparison.reshaped().firstEntry().getValue();
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH,
                    Place.of(model.folder()).tensor(name),
                    "checkpoints.lora.extract-sizes",
                    comparison.reshaped().size(),
                    shapes.getFirst(),
                    shapes.getLast());
        }
        List<String> alone = new ArrayList<>(comparison.onlyInBase());
        alone.addAll(comparison.onlyInModel());
        if (comparison.tensors().isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    Place.of(model.folder()),
                    "checkpoints.lora.extract-nothing-common",
                    Message.first(alone));
        }
        if (!alone.isEmpty()) {
            warnings.report(
                    ProblemCode.MISSING_TENSOR,
                    Place.of(model.folder()),
                    "checkpoints.lora.extract-alone",
                    alone.size(),
                    Message.first(alone));
        }
    }

    private List<Pair> pairs(Comparison comparison) {
        Map<String, StoredTensor> bases = byName(base);
        Map<String, StoredTensor> models = byName(model);
        List<Pair> pairs = new ArrayList<>();
        for (TensorChange tensor : comparison.tensors()) {
            double squares = tensor.change().differenceSquares();
            if (Double.isNaN(squares) || Double.isInfinite(squares)) {
                throw new InvalidCheckpointException(
                        ProblemCode.NAN_INF,
                        Place.of(model.folder()).tensor(tensor.name()),
                        "checkpoints.lora.extract-nan",
                        tensor.name());
            }
            StoredTensor from = bases.get(tensor.name());
            StoredTensor to = models.get(tensor.name());
            if (squares > 0 && from != null && to != null && isTarget(to)) {
                long full = Math.min(to.shape().size(0), to.shape().size(1));
                pairs.add(new Pair(from, to, squares, (int) Math.min(full, options.rank())));
            }
        }
        if (pairs.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.ALL_ZERO, Place.of(model.folder()), "checkpoints.lora.extract-no-change");
        }
        return pairs;
    }

    private boolean isTarget(StoredTensor tensor) {
        if (tensor.shape().rank() != 2 || !tensor.name().endsWith(WEIGHT)) {
            return false;
        }
        String module = tensor.name().substring(0, tensor.name().length() - WEIGHT.length());
        return options.targets().isEmpty()
                || options.targets().stream()
                        .anyMatch(target -> module.equals(target) || module.endsWith("." + target));
    }

    private static Map<String, StoredTensor> byName(Checkpoint checkpoint) {
        Map<String, StoredTensor> tensors = new HashMap<>();
        for (StateEntry entry : checkpoint.entries()) {
            tensors.put(entry.name(), entry.tensor());
        }
        return tensors;
    }

    /// As many threads as the memory has room for.
    private int threads(List<Pair> pairs) {
        long heap = 1;
        long beside = 1;
        for (Pair pair : pairs) {
            Shape shape = pair.model().shape();
            heap = Math.max(heap, TruncatedSvd.heapBytes(shape.size(0), shape.size(1), pair.rank()));
            beside = Math.max(beside, shape.numel() * Float.BYTES);
        }
        long available = (long) (Runtime.getRuntime().maxMemory() * SHARE_OF_HEAP);
        if (heap > available) {
            long wanted = (long) (heap / SHARE_OF_HEAP) / (1 << 20) + 1;
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.MEMORY,
                            Place.of(model.folder()),
                            "checkpoints.lora.extract-memory",
                            options.rank(),
                            heap >> 20)
                    .with(new Remedy.JvmOption("-Xmx" + wanted + "m")));
        }
        return Math.clamp(Math.min(available / heap, LARGEST_TOGETHER / beside), 1, options.threads());
    }

    private Layer layer(Pair pair, FileStorageReader reader, AdapterFile file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Shape shape = pair.model().shape();
            FloatMatrix change =
                    FloatMatrix.read(reader, pair.model(), FloatMatrix.allocate(arena, shape.size(0), shape.size(1)));
            change.subtract(reader, pair.base());
            TruncatedSvd svd = TruncatedSvd.of(change, pair.rank());
            file.write(nameOfA(pair), svd.a(), DType.F32);
            file.write(nameOfB(pair), svd.b(), DType.F32);
            double kept = svd.keptSquares();
            control.advance(pair.model().byteLength());
            return new Layer(
                    pair.model().name(), pair.rank(), Math.sqrt(pair.squares()), Math.min(1, kept / pair.squares()));
        }
    }

    private String component() {
        return options.component().orElse(DiffusersDialect.TRANSFORMER);
    }

    private String nameOfA(Pair pair) {
        return Dialects.diffusers(component()).write(pair.module(), AdapterPart.LORA_A);
    }

    private String nameOfB(Pair pair) {
        return Dialects.diffusers(component()).write(pair.module(), AdapterPart.LORA_B);
    }
}

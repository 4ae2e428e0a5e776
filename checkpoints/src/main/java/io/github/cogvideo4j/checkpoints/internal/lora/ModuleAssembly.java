package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.Scaling;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Delta;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Difference;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Hadamard;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Kronecker;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Magnitude;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Replacement;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterSettings;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The tensors of one module on their way to what they do; their sizes are held to each other.
final class ModuleAssembly {
    private final String name;
    private final boolean flattened;
    private final Map<AdapterPart, StoredTensor> parts = new EnumMap<>(AdapterPart.class);
    private final Place place;

    ModuleAssembly(String name, boolean flattened, Place place) {
        this.name = name;
        this.flattened = flattened;
        this.place = place;
    }

    /// Adds a part; two tensors cannot be the same one.
    void add(AdapterPart part, StoredTensor tensor) {
        if (parts.putIfAbsent(part, tensor) != null) {
            throw new InvalidCheckpointException(
                    ProblemCode.DUPLICATE_WEIGHTS, place.tensor(tensor.name()), "checkpoints.lora.twice", name, part);
        }
    }

    boolean has(AdapterPart part) {
        return parts.containsKey(part);
    }

    /// Whether there is a product that alpha and magnitudes can belong to.
    boolean hasProduct() {
        return has(AdapterPart.LORA_A) || has(AdapterPart.HADA_W1_A) || hasKronecker();
    }

    private boolean hasKronecker() {
        return has(AdapterPart.LOKR_W1) || has(AdapterPart.LOKR_W1_A);
    }

    /// The tensors that must have elements.
    List<StoredTensor> factors() {
        return parts.entrySet().stream()
                .filter(entry -> entry.getKey() != AdapterPart.ALPHA)
                .map(Map.Entry::getValue)
                .toList();
    }

    Optional<StoredTensor> alpha() {
        return Optional.ofNullable(parts.get(AdapterPart.ALPHA));
    }

    /// Builds.
    ///
    /// @param settings what the adapter says of itself
    /// @param own      the alpha that stands beside the factors
    AdaptedModule build(AdapterSettings settings, OptionalDouble own) {
        factors().forEach(this::requireNumbers);
        refuseTucker();
        List<LayerChange> weight = new ArrayList<>();
        List<LayerChange> bias = new ArrayList<>();
        OptionalInt rank = OptionalInt.empty();
        if (has(AdapterPart.LORA_A)) {
            LowRank product = lowRank();
            rank = OptionalInt.of(product.rank());
            weight.add(new LayerChange(product, Scaling.PRODUCT));
        }
        if (has(AdapterPart.HADA_W1_A)) {
            Hadamard product = hadamard();
            rank = OptionalInt.of(product.rank());
            weight.add(new LayerChange(product, Scaling.PRODUCT));
        }
        if (hasKronecker()) {
            Kronecker product = new Kronecker(
                    side(AdapterPart.LOKR_W1, AdapterPart.LOKR_W1_A, AdapterPart.LOKR_W1_B),
                    side(AdapterPart.LOKR_W2, AdapterPart.LOKR_W2_A, AdapterPart.LOKR_W2_B));
            rank = kroneckerRank(product, settings);
            weight.add(new LayerChange(product, Scaling.PRODUCT));
        }
        find(AdapterPart.DIFF).ifPresent(diff -> weight.add(new LayerChange(new Difference(diff), Scaling.DIFFERENCE)));
        refuseColumnLengths(weight);
        find(AdapterPart.MAGNITUDE).ifPresent(size -> weight.add(new LayerChange(new Magnitude(size), Scaling.NONE)));
        find(AdapterPart.WEIGHT).ifPresent(whole -> weight.add(new LayerChange(new Replacement(whole), Scaling.NONE)));
        find(AdapterPart.BIAS).ifPresent(whole -> bias.add(new LayerChange(new Replacement(whole), Scaling.NONE)));
        find(AdapterPart.DIFF_B).ifPresent(diff -> bias.add(new LayerChange(new Difference(diff), Scaling.DIFFERENCE)));
        find(AdapterPart.LORA_B_BIAS)
                .ifPresent(diff -> bias.add(new LayerChange(new Difference(diff), Scaling.PRODUCT)));
        boolean stabilized = settings.rankStabilized() && has(AdapterPart.LORA_A);
        return new AdaptedModule(
                name, flattened, weight, bias, rank, own.isPresent() ? own : settings.alphaOf(name), stabilized);
    }

    /// Where neither matrix is a product there is no rank to see: PEFT divides alpha by the one that its
    /// configuration names, LyCORIS by none.
    private OptionalInt kroneckerRank(Kronecker product, AdapterSettings settings) {
        for (Kronecker.Side side : List.of(product.second(), product.first())) {
            if (side instanceof Kronecker.Product thin) {
                return OptionalInt.of(thin.rank());
            }
        }
        OptionalDouble said = settings.rankOf(name);
        return said.isPresent() ? OptionalInt.of((int) said.getAsDouble()) : OptionalInt.empty();
    }

    private LowRank lowRank() {
        StoredTensor a = get(AdapterPart.LORA_A);
        StoredTensor b = get(AdapterPart.LORA_B);
        if (!LowRank.isPair(a, b)) {
            throw mismatch(a, b, "checkpoints.lora.rank-mismatch");
        }
        LowRank pair = new LowRank(a, b);
        if (pair.rank() > Math.min(pair.in(), pair.out())) {
            throw mismatch(a, b, "checkpoints.lora.rank-too-large");
        }
        return pair;
    }

    private Hadamard hadamard() {
        StoredTensor a1 = get(AdapterPart.HADA_W1_A);
        StoredTensor b1 = get(AdapterPart.HADA_W1_B);
        StoredTensor a2 = get(AdapterPart.HADA_W2_A);
        StoredTensor b2 = get(AdapterPart.HADA_W2_B);
        if (!Hadamard.isQuartet(a1, b1, a2, b2)) {
            throw mismatch(b1, a1, "checkpoints.lora.rank-mismatch");
        }
        return new Hadamard(a1, b1, a2, b2);
    }

    private Kronecker.Side side(AdapterPart whole, AdapterPart left, AdapterPart right) {
        if (has(whole)) {
            StoredTensor tensor = get(whole);
            if (tensor.shape().rank() < 2) {
                throw mismatch(tensor, tensor, "checkpoints.lora.rank-mismatch");
            }
            return new Kronecker.Whole(tensor);
        }
        StoredTensor a = get(left);
        StoredTensor b = get(right);
        if (!LowRank.isPair(b, a)) {
            throw mismatch(b, a, "checkpoints.lora.rank-mismatch");
        }
        return new Kronecker.Product(a, b);
    }

    private InvalidCheckpointException mismatch(StoredTensor a, StoredTensor b, String key) {
        return new InvalidCheckpointException(
                ProblemCode.SHAPE_MISMATCH, place.tensor(a.name()), key, a.shape(), b.shape());
    }

    private void requireNumbers(StoredTensor tensor) {
        if (!FloatMatrix.canHold(tensor.dtype())) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    place.tensor(tensor.name()),
                    "checkpoints.lora.dtype",
                    tensor.dtype());
        }
    }

    private void refuseTucker() {
        for (AdapterPart part :
                List.of(AdapterPart.LORA_MID, AdapterPart.HADA_T1, AdapterPart.HADA_T2, AdapterPart.LOKR_T2)) {
            if (has(part)) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR, place.tensor(get(part).name()), "checkpoints.lora.tucker");
            }
        }
    }

    /// LyCORIS writes a length for each input, `[1, in]`, unless it is told `wd_on_out`. It needs sums over all
    /// rows before the first row is known. PEFT's lengths of a convolution, `[1, out, 1, 1]`, are for each
    /// output.
    private void refuseColumnLengths(List<LayerChange> weight) {
        Optional<StoredTensor> lengths = find(AdapterPart.MAGNITUDE);
        if (lengths.isEmpty() || weight.isEmpty()) {
            return;
        }
        Shape shape = lengths.get().shape();
        long rows = Delta.rows(weight.getFirst().delta().shape());
        boolean first = shape.rank() >= 2 && shape.size(0) == 1 && rows != 1;
        if (first && (shape.rank() == 2 || shape.numel() != rows)) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR,
                    place.tensor(lengths.get().name()),
                    "checkpoints.lora.dora-columns",
                    shape);
        }
    }

    private Optional<StoredTensor> find(AdapterPart part) {
        return Optional.ofNullable(parts.get(part));
    }

    private StoredTensor get(AdapterPart part) {
        StoredTensor tensor = parts.get(part);
        if (tensor == null) {
            String other = factors().isEmpty() ? name : factors().getFirst().name();
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(other),
                    "checkpoints.lora.part-absent",
                    Objects.toString(name),
                    part);
        }
        return tensor;
    }
}

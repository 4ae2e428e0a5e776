package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.Scaling;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
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
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.ejml.data.DMatrixRMaj;

/// The weighted sum of adapters as an adapter: what every layer of it is made of, and its factors.
///
/// The sum of products `w B A` is one product whose factors are theirs side by side, and whose rank is the sum
/// of their ranks. Where that many are wanted nothing is lost; else the best approximation of the wanted rank
/// is taken, by the singular values of the product.
///
/// @param component the component that all of them are for, as diffusers spells it
/// @param layers    the layers, by the model's names
/// @param files     the files that are read, with the identity they had
public record AdapterSum(String component, List<Layer> layers, Map<Path, FileIdentity> files) {
    private static final double SHARE_OF_HEAP = 0.6;
    /// Doubles that are held at once for each element of a layer's factors.
    private static final int COPIES = 6;

    /// Copies the collections.
    public AdapterSum {
        layers = List.copyOf(layers);
        files = new TreeMap<>(files);
    }

    /// An adapter of the sum.
    ///
    /// @param adapter its modules under the model's names
    /// @param weight  what its change is multiplied by
    /// @param alpha   the alpha that it was trained with, where it records none or another
    public record Addend(AdapterContent adapter, double weight, OptionalDouble alpha) {}

    /// One adapter's part in a layer.
    record Term(LowRank pair, double factor) {}

    /// A layer of the sum.
    ///
    /// @param module the layer
    /// @param terms  the parts of the adapters that change it
    /// @param sum    the sum of the ranks that they have
    /// @param rank   the rank that it gets
    public record Layer(String module, List<Term> terms, int sum, int rank) {
        /// Copies the list.
        public Layer {
            terms = List.copyOf(terms);
        }

        /// Whether the factors stand side by side, and nothing is lost.
        public boolean exact() {
            return rank == sum;
        }

        /// How many adapters change it.
        public int adapters() {
            return terms.size();
        }

        /// The shape of the first factor, `[rank, in]`; of a convolution, `[rank, in, height, width]`.
        public Shape shapeOfA() {
            List<Long> sizes =
                    new ArrayList<>(terms.getFirst().pair().a().shape().sizes());
            sizes.set(0, (long) rank);
            return new Shape(sizes);
        }

        /// The shape of the second factor, `[out, rank]`; of a convolution, `[out, rank, 1, 1]`.
        public Shape shapeOfB() {
            List<Long> sizes =
                    new ArrayList<>(terms.getFirst().pair().b().shape().sizes());
            sizes.set(1, (long) rank);
            return new Shape(sizes);
        }

        /// The storages that its terms lie in.
        public List<Storage> storages() {
            return terms.stream()
                    .flatMap(term -> term.pair().tensors().stream())
                    .flatMap(tensor -> tensor.storages().stream())
                    .distinct()
                    .toList();
        }

        private long rows() {
            return terms.getFirst().pair().out();
        }

        private long columns() {
            return terms.getFirst().pair().in();
        }

        private long heapBytes() {
            return COPIES * Double.BYTES * (rows() + columns() + sum) * sum;
        }
    }

    /// The factors of a layer.
    ///
    /// @param a       the first, `[rank, in]`
    /// @param b       the second, `[out, rank]`
    /// @param kept    the squared norm of their product; 0 where it is not known
    /// @param squares the squared norm of the whole change; 0 where it is not known
    public record Factors(DMatrixRMaj a, DMatrixRMaj b, double kept, double squares) {}

    /// Adds adapters up.
    ///
    /// @param component the component that they are for
    /// @param addends   the adapters
    /// @param wanted    the rank of every layer; when absent, the sum of the adapters' ranks
    /// @throws InvalidCheckpointException `unsupported-tensor` for changes that are no product of two matrices,
    ///     `shape-mismatch` when a layer has not one shape in all
    public static AdapterSum of(String component, List<Addend> addends, OptionalInt wanted) {
        SequencedMap<String, List<Term>> terms = new LinkedHashMap<>();
        Map<Path, FileIdentity> files = new TreeMap<>();
        for (Addend addend : addends) {
            files.putAll(addend.adapter().files());
            addend.adapter().modules().values().forEach(module -> add(terms, addend, module));
        }
        List<Layer> layers = new ArrayList<>();
        terms.forEach((module, all) -> layers.add(layer(module, all, wanted)));
        return new AdapterSum(component, layers, files);
    }

    private static void add(SequencedMap<String, List<Term>> layers, Addend addend, AdaptedModule module) {
        double factor = module.factor(1, addend.alpha()) * addend.weight();
        Place place = Place.of(addend.adapter().file()).tensor(module.name());
        List<LayerChange> changes = new ArrayList<>(module.weight());
        changes.addAll(module.bias());
        for (LayerChange change : changes) {
            if (changes.size() > 1
                    || !module.bias().isEmpty()
                    || change.scaling() != Scaling.PRODUCT
                    || !(change.delta() instanceof LowRank)) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        place,
                        "checkpoints.merge.adapter-kind",
                        changes.stream().map(one -> one.delta().kind()).toList());
            }
            LowRank pair = (LowRank) change.delta();
            List<Term> terms = layers.computeIfAbsent(module.name(), _ -> new ArrayList<>());
            if (!terms.isEmpty() && !terms.getFirst().pair().shape().equals(pair.shape())) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        place,
                        "checkpoints.merge.adapter-shape",
                        pair.shape(),
                        terms.getFirst().pair().shape());
            }
            terms.add(new Term(pair, factor));
        }
    }

    private static Layer layer(String module, List<Term> terms, OptionalInt wanted) {
        long sum = terms.stream().mapToLong(term -> term.pair().rank()).sum();
        LowRank first = terms.getFirst().pair();
        long most = Math.min(sum, Math.min(first.out(), first.in()));
        // Side by side the factors are exact, whatever their number; only a rank that is asked for cuts them.
        long rank = wanted.isPresent() ? Math.min(most, wanted.getAsInt()) : most;
        return new Layer(module, terms, Math.toIntExact(sum), (int) rank);
    }

    /// The name of a layer's factor in diffusers' spelling.
    public String name(Layer layer, AdapterPart part) {
        return Dialects.diffusers(component).write(layer.module(), part);
    }

    /// How many layers can be worked on at once in this program's heap.
    ///
    /// @param wanted how many are wanted
    /// @param shown  where the refusal says that it is
    /// @throws InvalidCheckpointException `memory` when there is not enough for one
    public int threads(int wanted, Path shown) {
        long heap =
                Math.max(1, layers.stream().mapToLong(Layer::heapBytes).max().orElse(1));
        long available = (long) (Runtime.getRuntime().maxMemory() * SHARE_OF_HEAP);
        if (heap > available) {
            throw new InvalidCheckpointException(
                    ProblemCode.MEMORY,
                    Place.of(shown),
                    "checkpoints.merge.adapter-memory",
                    heap >> 20,
                    (long) (heap / SHARE_OF_HEAP) / (1 << 20) + 1);
        }
        return Math.clamp(available / heap, 1, wanted);
    }

    /// Computes a layer's factors.
    ///
    /// @param measured whether the norm of a change of which nothing is lost is wanted too
    public Factors factors(Layer layer, TensorData.StorageReader reader, boolean measured) throws IOException {
        DMatrixRMaj a = new DMatrixRMaj(layer.sum(), (int) layer.columns());
        DMatrixRMaj b = new DMatrixRMaj((int) layer.rows(), layer.sum());
        int at = 0;
        for (Term term : layer.terms()) {
            int rank = term.pair().rank();
            copy(FloatMatrix.read(reader, term.pair().a(), rank, layer.columns()), a, at, 0, 1);
            copy(FloatMatrix.read(reader, term.pair().b(), layer.rows(), rank), b, 0, at, term.factor());
            at += rank;
        }
        if (!layer.exact()) {
            TruncatedSvd svd = TruncatedSvd.ofProduct(b, a, layer.rank());
            return new Factors(svd.a(), svd.b(), Math.min(svd.keptSquares(), svd.squares()), svd.squares());
        }
        double squares =
                measured ? TruncatedSvd.ofProduct(b.copy(), a.copy(), 1).squares() : 0;
        return new Factors(a, b, squares, squares);
    }

    private static void copy(FloatMatrix from, DMatrixRMaj to, int row, int column, double factor) {
        for (int i = 0; i < from.rows(); i++) {
            for (int j = 0; j < from.columns(); j++) {
                to.set(row + i, column + j, factor * from.get(i, j));
            }
        }
    }

    /// The sum as a checkpoint whose factors are computed when they are read, in fp32: what a merged adapter is
    /// recorded as, and compared with.
    ///
    /// @param first the first source
    /// @param how   the arithmetic
    public Checkpoint checkpoint(Path first, Manifest.Merge how) {
        List<StateEntry> entries = layers.stream()
                .flatMap(layer -> Stream.of(AdapterPart.LORA_A, AdapterPart.LORA_B)
                        .map(part -> new Factor(this, layer, part).tensor()))
                .map(tensor -> new StateEntry(tensor, Role.PARAMETER))
                .toList();
        return new Checkpoint(
                CheckpointKind.MERGED,
                first,
                first,
                SourceOptions.defaults(),
                entries,
                TrainingState.unknown(),
                files,
                List.of(),
                new Checkpoint.Traits(Map.of(), false, true, false),
                List.of(),
                Optional.of(how));
    }

    /// A factor of a layer, in fp32.
    ///
    /// @param sum   the sum
    /// @param layer the layer
    /// @param part  which of its factors
    private record Factor(AdapterSum sum, Layer layer, AdapterPart part) implements TensorData.Computed {
        StoredTensor tensor() {
            return new StoredTensor(
                    sum.name(layer, part),
                    DType.F32,
                    part == AdapterPart.LORA_A ? layer.shapeOfA() : layer.shapeOfB(),
                    this);
        }

        @Override
        public String description() {
            return "sum of %d adapters, rank %d of %d".formatted(layer.adapters(), layer.rank(), layer.sum());
        }

        @Override
        public List<Storage> inputs() {
            return layer.storages();
        }

        @Override
        public void compute(StorageReader reader, Sink sink) throws IOException {
            Factors factors = sum.factors(layer, reader, false);
            DMatrixRMaj matrix = part == AdapterPart.LORA_A ? factors.a() : factors.b();
            ByteBuffer row = ByteBuffer.allocate(matrix.numCols * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < matrix.numRows; i++) {
                AdapterFile.round(matrix, i, row.clear());
                sink.accept(row.flip());
            }
        }
    }
}

package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.Scaling;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterFile;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWarnings;
import io.github.cogvideo4j.checkpoints.internal.lora.TruncatedSvd;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
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
import org.ejml.data.DMatrixRMaj;

/// A planned merge of LoRA adapters into one that changes every layer by the weighted sum of their changes.
///
/// The sum of products `w B A` is one product whose factors are theirs side by side, and whose rank is the sum
/// of their ranks. Where that many are wanted nothing is lost; else the best approximation of the wanted rank
/// is taken, by the singular values of the product.
public final class LoraMerge implements JobPlan<LoraMerge.Result> {
    private static final double SHARE_OF_HEAP = 0.6;
    /// Doubles that are held at once for each element of a layer's factors.
    private static final int COPIES = 5;

    private final Path target;
    private final String component;
    private final List<MergedLayer> planned;
    private final Map<Path, FileIdentity> files;
    private final Options options;

    /// An adapter that is merged.
    ///
    /// @param path   its file; a folder that holds one; or the state of a training that does
    /// @param weight what its change is multiplied by
    /// @param alpha  the alpha that it was trained with, where it records none or another
    public record WeightedAdapter(Path path, double weight, OptionalDouble alpha) {}

    /// What is wanted.
    ///
    /// @param rank      the rank of every layer; when absent, the sum of the adapters' ranks. A layer whose sum
    ///                  is smaller, or that has fewer rows or columns, gets no more than that
    /// @param base      the model that they are for, whose names the result gets; without it CogVideoX's own
    /// @param dtype     the type of the factors: F32, BF16 or F16
    /// @param threads   how many layers at once
    /// @param overwrite whether an adapter that is there may be replaced
    public record Options(
            OptionalInt rank, Optional<LoraTarget.Model> base, DType dtype, int threads, boolean overwrite) {}

    /// What becomes of a layer.
    ///
    /// @param module the layer
    /// @param sum    the sum of the ranks that the adapters have for it
    /// @param rank   the rank that it gets
    /// @param kept   the share of the change's squared norm that the merged adapter has
    public record Layer(String module, int sum, int rank, double kept) {}

    /// What was written.
    ///
    /// @param file   the adapter's file
    /// @param bytes  its size
    /// @param layers the layers
    /// @param kept   the share of the squared norm of all changes that the merged adapter has
    public record Result(Path file, long bytes, List<Layer> layers, double kept) {
        /// Copies the list.
        public Result {
            layers = List.copyOf(layers);
        }
    }

    /// A layer before it is merged.
    private record MergedLayer(String module, List<Term> terms, int sum, int rank) {
        long rows() {
            return terms.getFirst().pair().out();
        }

        long columns() {
            return terms.getFirst().pair().in();
        }

        boolean exact() {
            return rank == sum;
        }

        long heapBytes() {
            return COPIES * Double.BYTES * (rows() + columns() + sum) * sum;
        }

        Shape shapeOfA() {
            List<Long> sizes =
                    new ArrayList<>(terms.getFirst().pair().a().shape().sizes());
            sizes.set(0, (long) rank);
            return new Shape(sizes);
        }

        Shape shapeOfB() {
            List<Long> sizes =
                    new ArrayList<>(terms.getFirst().pair().b().shape().sizes());
            sizes.set(1, (long) rank);
            return new Shape(sizes);
        }
    }

    /// One adapter's part in a layer.
    private record Term(LowRank pair, double factor) {}

    private record Done(double kept, double squares) {}

    private LoraMerge(
            Path target, String component, List<MergedLayer> planned, Map<Path, FileIdentity> files, Options options) {
        this.target = target;
        this.component = component;
        this.planned = planned;
        this.files = files;
        this.options = options;
    }

    /// Plans. Of the adapters only headers are read.
    ///
    /// @param adapters the adapters, at least one
    /// @param output   a folder, or a file that ends in `.safetensors`
    /// @param options  what is wanted
    /// @param control  receives warnings
    /// @throws InvalidCheckpointException `unsupported-tensor` for changes that are no product of two matrices,
    ///     `shape-mismatch` when the adapters are not for the same layers, `wrong-component` when they are for
    ///     different components of a model, and whatever [LoraAdapter#open(Path)] finds
    public static LoraMerge plan(List<WeightedAdapter> adapters, Path output, Options options, JobControl control)
            throws IOException {
        Path target = AdapterFile.target(
                output,
                WeightFileName.ADAPTER,
                adapters.stream().map(WeightedAdapter::path).toList(),
                options.overwrite());
        Warnings warnings = new Warnings();
        Map<Path, FileIdentity> files = new TreeMap<>();
        SequencedMap<String, List<Term>> layers = new LinkedHashMap<>();
        Optional<AdapterContent> first = Optional.empty();
        for (WeightedAdapter adapter : adapters) {
            control.check();
            AdapterSource source = AdapterSource.open(adapter.path(), SourceOptions.defaults());
            source.content().warnings().forEach(warnings::report);
            AdapterContent content = LoraTarget.named(source, options.base(), warnings);
            AdapterWarnings.tellAlpha(content, adapter.alpha(), warnings);
            requireSameComponent(first.orElse(content), content);
            if (options.base().isEmpty()) {
                requireCommonLayer(layers, content);
            }
            first = first.or(() -> Optional.of(content));
            files.putAll(content.files());
            content.modules()
                    .values()
                    .forEach(module ->
                            add(layers, content, module, module.factor(1, adapter.alpha()) * adapter.weight()));
        }
        tellAbsent(layers, adapters, warnings);
        List<MergedLayer> planned = new ArrayList<>();
        layers.forEach((module, terms) -> planned.add(layer(module, terms, options.rank())));
        warnings.all().forEach(control::notice);
        return new LoraMerge(target, first.map(AdapterContent::component).orElse(""), planned, files, options);
    }

    private static void requireSameComponent(AdapterContent first, AdapterContent other) {
        if (!first.component().equals(other.component())) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    Place.of(other.file()),
                    "checkpoints.merge.adapter-component",
                    other.component(),
                    first.component(),
                    first.file());
        }
    }

    /// Without a model to hold them to, adapters that have no layer in common may be for different ones.
    private static void requireCommonLayer(Map<String, List<Term>> layers, AdapterContent other) {
        boolean common = other.modules().keySet().stream().anyMatch(layers::containsKey);
        if (!layers.isEmpty() && !common) {
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.EXTRA_TENSOR,
                            Place.of(other.file()),
                            "checkpoints.merge.adapter-disjoint",
                            Message.first(List.copyOf(other.modules().keySet())),
                            Message.first(List.copyOf(layers.keySet())))
                    .with(Remedy.change(Remedy.Field.BASE)));
        }
    }

    private static void add(
            SequencedMap<String, List<Term>> layers, AdapterContent adapter, AdaptedModule module, double factor) {
        List<LayerChange> changes = new ArrayList<>(module.weight());
        changes.addAll(module.bias());
        for (LayerChange change : changes) {
            if (changes.size() > 1
                    || !module.bias().isEmpty()
                    || change.scaling() != Scaling.PRODUCT
                    || !(change.delta() instanceof LowRank)) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        Place.of(adapter.file()).tensor(module.name()),
                        "checkpoints.merge.adapter-kind",
                        changes.stream().map(one -> one.delta().kind()).toList());
            }
            LowRank pair = (LowRank) change.delta();
            List<Term> terms = layers.computeIfAbsent(module.name(), _ -> new ArrayList<>());
            if (!terms.isEmpty() && !terms.getFirst().pair().shape().equals(pair.shape())) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        Place.of(adapter.file()).tensor(module.name()),
                        "checkpoints.merge.adapter-shape",
                        pair.shape(),
                        terms.getFirst().pair().shape());
            }
            terms.add(new Term(pair, factor));
        }
    }

    /// An adapter that leaves a layer alone has a change of zero there.
    private static void tellAbsent(Map<String, List<Term>> layers, List<WeightedAdapter> adapters, Warnings warnings) {
        List<String> partly = layers.entrySet().stream()
                .filter(layer -> layer.getValue().size() < adapters.size())
                .map(Map.Entry::getKey)
                .toList();
        if (!partly.isEmpty()) {
            warnings.report(
                    ProblemCode.ASSUMED,
                    Place.of(adapters.getFirst().path()),
                    "checkpoints.merge.adapter-absent",
                    partly.size(),
                    Message.first(partly));
        }
    }

    private static MergedLayer layer(String module, List<Term> terms, OptionalInt wanted) {
        long sum = terms.stream().mapToLong(term -> term.pair().rank()).sum();
        LowRank first = terms.getFirst().pair();
        long most = Math.min(sum, Math.min(first.out(), first.in()));
        // Side by side the factors are exact, whatever their number; only a rank that is asked for cuts them.
        long rank = wanted.isPresent() ? Math.min(most, wanted.getAsInt()) : most;
        return new MergedLayer(module, terms, Math.toIntExact(sum), (int) rank);
    }

    /// The layers that will be written, and the ranks that they get; what is kept is not known yet where a rank
    /// is cut.
    public List<Layer> layers() {
        return planned.stream()
                .map(layer -> new Layer(layer.module(), layer.sum(), layer.rank(), layer.exact() ? 1 : Double.NaN))
                .toList();
    }

    /// The file that will be written.
    public Path file() {
        return target;
    }

    @Override
    public Result run(JobControl control) throws IOException {
        SequencedMap<String, AdapterMetadata.Strength> strengths = new LinkedHashMap<>();
        List<TensorSpec> specs = new ArrayList<>();
        for (MergedLayer layer : planned) {
            strengths.put(layer.module(), new AdapterMetadata.Strength(layer.rank(), layer.rank()));
            specs.add(new TensorSpec(name(layer, AdapterPart.LORA_A), options.dtype(), layer.shapeOfA()));
            specs.add(new TensorSpec(name(layer, AdapterPart.LORA_B), options.dtype(), layer.shapeOfB()));
        }
        control.begin(
                Phase.WRITING,
                specs.stream()
                        .mapToLong(spec -> StoredTensor.byteLength(spec.dtype(), spec.shape()))
                        .sum());
        try (FileStorageReader reader = new FileStorageReader();
                AdapterFile file = AdapterFile.create(target, specs, AdapterMetadata.header(component, strengths))) {
            List<Done> done = ParallelTensors.map(planned, threads(), layer -> write(layer, reader, file, control));
            reader.verifyChecksums();
            SourceFiles.requireUnchanged(files);
            file.publish();
            return result(file.size(), done);
        }
    }

    private Result result(long bytes, List<Done> done) {
        List<Layer> layers = new ArrayList<>();
        double kept = 0;
        double all = 0;
        for (int i = 0; i < done.size(); i++) {
            MergedLayer layer = planned.get(i);
            double share =
                    done.get(i).squares() > 0 ? done.get(i).kept() / done.get(i).squares() : 1;
            layers.add(new Layer(layer.module(), layer.sum(), layer.rank(), share));
            kept += done.get(i).kept();
            all += done.get(i).squares();
        }
        return new Result(target, bytes, layers, all > 0 ? kept / all : 1);
    }

    /// As many threads as the memory has room for.
    private int threads() {
        long heap = Math.max(
                1, planned.stream().mapToLong(MergedLayer::heapBytes).max().orElse(1));
        long available = (long) (Runtime.getRuntime().maxMemory() * SHARE_OF_HEAP);
        if (heap > available) {
            throw new InvalidCheckpointException(
                    ProblemCode.MEMORY,
                    Place.of(target),
                    "checkpoints.merge.adapter-memory",
                    heap >> 20,
                    (long) (heap / SHARE_OF_HEAP) / (1 << 20) + 1);
        }
        return Math.clamp(available / heap, 1, options.threads());
    }

    private Done write(MergedLayer layer, FileStorageReader reader, AdapterFile file, JobControl control)
            throws IOException {
        DMatrixRMaj a = new DMatrixRMaj(layer.sum(), (int) layer.columns());
        DMatrixRMaj b = new DMatrixRMaj((int) layer.rows(), layer.sum());
        int at = 0;
        for (Term term : layer.terms()) {
            int rank = term.pair().rank();
            copy(FloatMatrix.read(reader, term.pair().a(), rank, layer.columns()), a, at, 0, 1);
            copy(FloatMatrix.read(reader, term.pair().b(), layer.rows(), rank), b, 0, at, term.factor());
            at += rank;
        }
        Done done;
        if (layer.exact()) {
            file.write(name(layer, AdapterPart.LORA_A), a, options.dtype());
            file.write(name(layer, AdapterPart.LORA_B), b, options.dtype());
            // How large it is counts only beside layers of which something is lost.
            double squares = planned.stream().allMatch(MergedLayer::exact)
                    ? 0
                    : TruncatedSvd.ofProduct(b, a, 1).squares();
            done = new Done(squares, squares);
        } else {
            TruncatedSvd svd = TruncatedSvd.ofProduct(b, a, layer.rank());
            file.write(name(layer, AdapterPart.LORA_A), svd.a(), options.dtype());
            file.write(name(layer, AdapterPart.LORA_B), svd.b(), options.dtype());
            done = new Done(Math.min(svd.keptSquares(), svd.squares()), svd.squares());
        }
        control.advance(StoredTensor.byteLength(options.dtype(), layer.shapeOfA())
                + StoredTensor.byteLength(options.dtype(), layer.shapeOfB()));
        return done;
    }

    private static void copy(FloatMatrix from, DMatrixRMaj to, int row, int column, double factor) {
        for (int i = 0; i < from.rows(); i++) {
            for (int j = 0; j < from.columns(); j++) {
                to.set(row + i, column + j, factor * from.get(i, j));
            }
        }
    }

    private String name(MergedLayer layer, AdapterPart part) {
        return Dialects.diffusers(component).write(layer.module(), part);
    }
}

package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.Version;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterFile;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSum;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSum.Addend;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWarnings;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.SourceRecord;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;

/// A planned merge of LoRA adapters into one that changes every layer by the weighted sum of their changes.
///
/// The result has a manifest beside it, by which it can be proven later ([AdapterManifest]).
public final class LoraMerge implements JobPlan<LoraMerge.Result> {
    private final Path target;
    private final AdapterSum sum;
    private final Checkpoint source;
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
    /// @param ema       the decay that the weights follow from, for the record
    public record Options(
            OptionalInt rank,
            Optional<LoraTarget.Model> base,
            DType dtype,
            int threads,
            boolean overwrite,
            OptionalDouble ema) {}

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

    /// A layer that was written.
    private record Done(double kept, double squares, List<Manifest.TensorEntry> factors) {}

    private LoraMerge(Path target, AdapterSum sum, Checkpoint source, Options options) {
        this.target = target;
        this.sum = sum;
        this.source = source;
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
        List<Addend> addends = new ArrayList<>();
        for (WeightedAdapter adapter : adapters) {
            control.check();
            AdapterSource source = AdapterSource.openWhole(adapter.path(), SourceOptions.defaults());
            source.content().warnings().forEach(warnings::report);
            AdapterContent content = LoraTarget.named(source, options.base(), warnings);
            AdapterWarnings.tellAlpha(content, adapter.alpha(), warnings);
            addends.add(new Addend(content, adapter.weight(), adapter.alpha()));
            requireSameComponent(addends.getFirst().adapter(), content);
            if (options.base().isEmpty()) {
                requireCommonLayer(addends);
            }
        }
        AdapterSum sum = AdapterSum.of(addends.getFirst().adapter().component(), addends, options.rank());
        tellAbsent(sum, adapters, warnings);
        warnings.all().forEach(control::notice);
        return new LoraMerge(
                target, sum, sum.checkpoint(adapters.getFirst().path(), recorded(adapters, options)), options);
    }

    private static Manifest.Merge recorded(List<WeightedAdapter> adapters, Options options) {
        return new Manifest.Merge(
                MergeMethod.AVERAGE,
                OptionalDouble.empty(),
                options.ema(),
                adapters.stream()
                        .map(adapter -> new MergedSource(
                                adapter.path().toString(), adapter.weight(), OptionalLong.empty(), adapter.alpha()))
                        .toList(),
                Optional.empty(),
                options.rank());
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
    private static void requireCommonLayer(List<Addend> addends) {
        AdapterContent last = addends.getLast().adapter();
        Set<String> before = new LinkedHashSet<>();
        addends.subList(0, addends.size() - 1)
                .forEach(addend -> before.addAll(addend.adapter().modules().keySet()));
        if (!before.isEmpty() && Collections.disjoint(before, last.modules().keySet())) {
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.EXTRA_TENSOR,
                            Place.of(last.file()),
                            "checkpoints.merge.adapter-disjoint",
                            Message.first(List.copyOf(last.modules().keySet())),
                            Message.first(before))
                    .with(Remedy.change(Remedy.Field.BASE)));
        }
    }

    /// An adapter that leaves a layer alone has a change of zero there.
    private static void tellAbsent(AdapterSum sum, List<WeightedAdapter> adapters, Warnings warnings) {
        List<String> partly = sum.layers().stream()
                .filter(layer -> layer.adapters() < adapters.size())
                .map(AdapterSum.Layer::module)
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

    /// The layers that will be written, and the ranks that they get; what is kept is not known yet where a rank
    /// is cut.
    public List<Layer> layers() {
        return sum.layers().stream()
                .map(layer -> new Layer(layer.module(), layer.sum(), layer.rank(), layer.exact() ? 1 : Double.NaN))
                .toList();
    }

    /// What is merged, each with its weight.
    public List<MergedSource> sources() {
        return source.merge().map(Manifest.Merge::sources).orElse(List.of());
    }

    /// The file that will be written.
    public Path file() {
        return target;
    }

    @Override
    public Result run(JobControl control) throws IOException {
        SequencedMap<String, AdapterMetadata.Strength> strengths = new LinkedHashMap<>();
        List<TensorSpec> specs = new ArrayList<>();
        for (AdapterSum.Layer layer : sum.layers()) {
            strengths.put(layer.module(), new AdapterMetadata.Strength(layer.rank(), layer.rank()));
            specs.add(new TensorSpec(sum.name(layer, AdapterPart.LORA_A), options.dtype(), layer.shapeOfA()));
            specs.add(new TensorSpec(sum.name(layer, AdapterPart.LORA_B), options.dtype(), layer.shapeOfB()));
        }
        control.begin(
                Phase.WRITING,
                specs.stream()
                        .mapToLong(spec -> StoredTensor.byteLength(spec.dtype(), spec.shape()))
                        .sum());
        try (FileStorageReader reader = new FileStorageReader();
                AdapterFile file =
                        AdapterFile.create(target, specs, AdapterMetadata.header(sum.component(), strengths))) {
            int threads = sum.threads(options.threads(), target);
            List<Done> done = ParallelTensors.map(sum.layers(), threads, layer -> write(layer, reader, file, control));
            reader.verifyChecksums();
            SourceFiles.requireUnchanged(sum.files());
            file.publish();
            file.publishBeside(
                    String.valueOf(AdapterManifest.beside(target).getFileName()),
                    ManifestJson.format(manifest(file.entry(), specs, done)));
            return result(file.size(), done);
        }
    }

    private Manifest manifest(Manifest.FileEntry file, List<TensorSpec> specs, List<Done> done) {
        Map<String, Manifest.TensorEntry> tensors = new LinkedHashMap<>();
        Iterator<Manifest.TensorEntry> factors =
                done.stream().flatMap(layer -> layer.factors().stream()).iterator();
        specs.forEach(spec -> tensors.put(spec.name(), factors.next()));
        return new Manifest(
                "cogvideo4j " + Version.current(),
                SourceRecord.of(source, sum.files()),
                new Manifest.Options(
                        TargetDType.of(options.dtype()).orElseThrow().id(),
                        file.size(),
                        "safetensors",
                        false,
                        false,
                        Optional.empty()),
                List.of(file),
                tensors,
                List.of());
    }

    private Result result(long bytes, List<Done> done) {
        List<Layer> layers = new ArrayList<>();
        double kept = 0;
        double all = 0;
        for (int i = 0; i < done.size(); i++) {
            AdapterSum.Layer layer = sum.layers().get(i);
            double share =
                    done.get(i).squares() > 0 ? done.get(i).kept() / done.get(i).squares() : 1;
            layers.add(new Layer(layer.module(), layer.sum(), layer.rank(), share));
            kept += done.get(i).kept();
            all += done.get(i).squares();
        }
        return new Result(target, bytes, layers, all > 0 ? kept / all : 1);
    }

    private Done write(AdapterSum.Layer layer, FileStorageReader reader, AdapterFile file, JobControl control)
            throws IOException {
        // How large a layer is of which nothing is lost counts only beside layers of which something is.
        boolean measured = !sum.layers().stream().allMatch(AdapterSum.Layer::exact);
        AdapterSum.Factors factors = sum.factors(layer, reader, measured);
        List<Manifest.TensorEntry> written = List.of(
                file.write(sum.name(layer, AdapterPart.LORA_A), factors.a(), options.dtype()),
                file.write(sum.name(layer, AdapterPart.LORA_B), factors.b(), options.dtype()));
        control.advance(StoredTensor.byteLength(options.dtype(), layer.shapeOfA())
                + StoredTensor.byteLength(options.dtype(), layer.shapeOfB()));
        return new Done(factors.kept(), factors.squares(), written);
    }
}

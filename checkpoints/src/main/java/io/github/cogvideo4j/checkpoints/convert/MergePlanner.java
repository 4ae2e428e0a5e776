package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Plan;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterLocation;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.merge.CheckpointMerge;
import io.github.cogvideo4j.checkpoints.internal.merge.MergeSources;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.lora.LoraMerge;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.Merge;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The planner of a merge: what the sources are, whether they go together, and what becomes of them.
final class MergePlanner {
    /// How many tensors are read at once, those of all sources together.
    private static final int MOST_STREAMS = 64;

    private static final double ROUNDING = 1e-9;

    private final MergeRequest request;
    private final Arithmetic arithmetic;
    private final ConversionOptions options;
    private final JobControl control;

    MergePlanner(MergeRequest request, JobControl control) {
        this.request = request;
        this.arithmetic = request.arithmetic();
        this.options = request.options();
        this.control = control;
    }

    /// Plans the merge of whatever the sources are.
    Plan plan() throws IOException {
        MergeSources found = MergeSources.of(request.sources());
        List<Path> adapters = new ArrayList<>();
        for (Path path : found.paths()) {
            control.check();
            if (isAdapter(path)) {
                adapters.add(path);
            }
        }
        if (adapters.isEmpty()) {
            return models(found);
        }
        for (Path path : found.paths()) {
            if (!adapters.contains(path) && !(found.run() && isUnfinished(path))) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(path),
                        "checkpoints.merge.mixed",
                        adapters.getFirst(),
                        path);
            }
        }
        return adapters(adapters);
    }

    /// A file of an adapter that cannot be used says why.
    private static boolean isAdapter(Path path) throws IOException {
        try {
            AdapterSource.openWhole(path, SourceOptions.defaults());
            return true;
        } catch (InvalidCheckpointException e) {
            if (isAdapterFile(path)) {
                throw e;
            }
            return false;
        } catch (FormatException e) {
            if (isAdapterFile(path)) {
                throw e;
            }
            return false;
        }
    }

    private static boolean isAdapterFile(Path path) throws IOException {
        try {
            Optional<AdapterLocation> found = AdapterLocation.find(path);
            return found.isPresent() && AdapterLocation.isAdapter(found.get().file());
        } catch (InvalidCheckpointException severalFiles) {
            return false;
        }
    }

    /// Whether a checkpoint of a run was not finished; if so, it is said.
    private boolean isUnfinished(Path path) throws IOException {
        try {
            Checkpoints.open(path, request.source());
            return false;
        } catch (InvalidCheckpointException e) {
            control.notice(e.problem());
            return RunListing.isIncomplete(e.problem());
        }
    }

    private Plan models(MergeSources found) throws IOException {
        if (arithmetic.rank().isPresent() || !arithmetic.alphas().isEmpty()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.of(found.paths().getFirst()),
                    "checkpoints.merge.not-of-models",
                    arithmetic.rank().isPresent() ? "rank" : "alpha");
        }
        List<Checkpoint> opened = found.open(request.sources().getFirst(), request.source(), control);
        for (Checkpoint checkpoint : opened) {
            AdapterRefusal.refuseAdapters(checkpoint);
        }
        List<Double> weights = arithmetic.weights(opened.size());
        requireNumbers(opened.size(), weights);
        Optional<BaseModel> model = request.base().isPresent()
                ? Optional.of(BaseModel.read(ModelFolder.locate(request.base().get(), Map.copyOf(System.getenv()))))
                : Optional.empty();
        for (Checkpoint checkpoint : opened) {
            OutputPlace.check(checkpoint, model, request.output(), options.overwrite());
        }
        Warnings told = new Warnings();
        List<PlacedComponent> placed = placed(opened, model, told);
        told.all().forEach(control::notice);
        Component component = placed.getFirst().component();
        boolean needsBase = needsBase(opened.size());
        Optional<Checkpoint> changed = needsBase && model.isPresent()
                ? Optional.of(Checkpoints.open(weightsOf(model.get(), component), SourceOptions.defaults()))
                : Optional.empty();
        tellSum(weights, opened.getFirst().folder());
        ConversionOptions chosen =
                options.withComponent(component).withThreads(threads(opened.size() + (needsBase ? 1 : 0)));
        Checkpoint merged = CheckpointMerge.merge(
                placed.stream().map(PlacedComponent::checkpoint).toList(),
                changed,
                new Merge(
                        arithmetic.method(),
                        arithmetic.usedDensity(),
                        arithmetic.ema(),
                        described(opened, weights),
                        changed.map(checkpoint -> checkpoint.folder().toString()),
                        OptionalInt.empty()),
                options.dtype().equals(Optional.of(TargetDType.SOURCE)));
        ConversionPlan plan = ConversionPlanner.plan(merged, request.output(), model, chosen);
        // What was said of the sources is not said again of their merge.
        plan.warnings().stream()
                .filter(problem -> !told.all().contains(problem))
                .forEach(control::notice);
        return new Plan.Models(plan);
    }

    /// Each source as the component of the model that it is, under the component's names.
    private List<PlacedComponent> placed(List<Checkpoint> opened, Optional<BaseModel> model, Warnings warnings)
            throws IOException {
        Optional<BaseTables> tables = model.map(BaseTables::new);
        List<PlacedComponent> all = new ArrayList<>();
        for (Checkpoint checkpoint : opened) {
            control.check();
            checkpoint.warnings().forEach(warnings::report);
            List<PlacedComponent> placed =
                    ComponentPlacement.of(checkpoint, tables, options.component(), options.unchecked(), warnings);
            Component first = all.isEmpty()
                    ? placed.getFirst().component()
                    : all.getFirst().component();
            if (placed.size() > 1 || !placed.getFirst().component().equals(first)) {
                throw new InvalidCheckpointException(
                        ProblemCode.WRONG_COMPONENT,
                        Place.of(checkpoint.folder()),
                        placed.size() > 1 ? "checkpoints.merge.several-components" : "checkpoints.merge.component",
                        placed.stream().map(one -> one.component().folder()).toList(),
                        first.folder());
            }
            all.add(placed.getFirst());
        }
        return all;
    }

    private static Path weightsOf(BaseModel model, Component component) {
        Path inModel = model.folderOf(component);
        return Files.isDirectory(inModel) ? inModel : model.folder();
    }

    private boolean needsBase(int count) {
        return switch (arithmetic.method()) {
            case AVERAGE -> false;
            case LINEAR, TIES, TASK -> true;
            case SLERP -> count == 1;
        };
    }

    /// Holds the number of sources to what the method can do with them.
    private void requireNumbers(int count, List<Double> weights) {
        MergeMethod method = arithmetic.method();
        int most = switch (method) {
            case LINEAR -> 1;
            case SLERP -> 2;
            case AVERAGE, TIES, TASK -> Integer.MAX_VALUE;
        };
        int least = method == MergeMethod.AVERAGE ? 2 : 1;
        if (count < least || count > most) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.of(request.sources().getFirst()),
                    count < least ? "checkpoints.merge.too-few" : "checkpoints.merge.more-than",
                    method,
                    count,
                    most);
        }
        RequestText.requireBeside(
                needsBase(count), "method " + method, request.base().isPresent(), "base");
        double sum = sum(weights);
        if (method == MergeMethod.SLERP && count == 2 && Math.abs(sum - 1) > ROUNDING) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), "checkpoints.merge.slerp-sum", sum);
        }
    }

    private static double sum(List<Double> weights) {
        return weights.stream().mapToDouble(weight -> weight).sum();
    }

    /// An average whose weights do not sum to one makes all weights of the model larger or smaller.
    private void tellSum(List<Double> weights, Path first) {
        double sum = sum(weights);
        if (arithmetic.method() == MergeMethod.AVERAGE && Math.abs(sum - 1) > ROUNDING) {
            control.notice(Problem.of(ProblemCode.ASSUMED, Place.of(first), "checkpoints.merge.sum", sum));
        }
    }

    /// Every source of every tensor in work has a buffer, and a thread where it has to be gathered.
    private int threads(int models) {
        return Math.clamp(MOST_STREAMS / models, 1, options.threads());
    }

    private static List<MergedSource> described(List<Checkpoint> opened, List<Double> weights) {
        List<MergedSource> all = new ArrayList<>();
        for (int i = 0; i < opened.size(); i++) {
            all.add(new MergedSource(
                    opened.get(i).folder().toString(),
                    weights.get(i),
                    opened.get(i).training().step(),
                    OptionalDouble.empty()));
        }
        return all;
    }

    private Plan adapters(List<Path> paths) throws IOException {
        if (arithmetic.method() != MergeMethod.AVERAGE) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.of(paths.getFirst()),
                    "checkpoints.merge.adapter-method",
                    arithmetic.method());
        }
        if (!options.files().equals(ConversionOptions.FileOptions.defaults())) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.of(paths.getFirst()), "checkpoints.merge.adapter-files");
        }
        List<Double> weights = arithmetic.weights(paths.size());
        requireNumbers(paths.size(), weights);
        List<LoraMerge.WeightedAdapter> adapters = new ArrayList<>();
        for (int i = 0; i < paths.size(); i++) {
            adapters.add(
                    new LoraMerge.WeightedAdapter(paths.get(i), weights.get(i), arithmetic.alpha(i, paths.size())));
        }
        Optional<LoraTarget.Model> model = request.base().isPresent()
                ? Optional.of(new LoraTarget.Model(
                        ModelFolder.locate(request.base().get(), Map.copyOf(System.getenv())),
                        options.component().map(Component::folder)))
                : Optional.empty();
        DType dtype = switch (options.dtype().orElse(TargetDType.FP32)) {
            case BF16 -> DType.BF16;
            case FP16 -> DType.F16;
            case FP32, SOURCE -> DType.F32;
        };
        LoraMerge merge = LoraMerge.plan(
                adapters,
                request.output(),
                new LoraMerge.Options(
                        arithmetic.rank(), model, dtype, options.threads(), options.overwrite(), arithmetic.ema()),
                control);
        return new Plan.AdapterPlan(merge);
    }
}

package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterNames;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterProof;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterReader;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWriter;
import io.github.cogvideo4j.checkpoints.internal.lora.ModelNames;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.placement.BaseTables;
import io.github.cogvideo4j.checkpoints.internal.placement.ComponentPlacement;
import io.github.cogvideo4j.checkpoints.internal.staging.Staging;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// An adapter, as diffusers loads it. Where the state of the training holds the model's own weights beside it,
/// these are not kept: they are the base's, which is proven too.
///
/// @param request    what is asked for
/// @param checkpoint the checkpoint's folder
/// @param state      what is in it besides files that trainers leave of an adapter
/// @param source     the adapter
/// @param target     the model that it is for, where one is named
record KeptAdapter(
        PruneRequest request,
        Path checkpoint,
        Optional<Checkpoint> state,
        AdapterSource source,
        Optional<LoraTarget> target)
        implements KeptWeights {
    private static final String BASE_LAYER = ".base_layer.";

    static KeptAdapter open(PruneRequest request, Path checkpoint, Optional<Checkpoint> state) throws IOException {
        AdapterSource source = AdapterSource.openMasters(checkpoint, SourceOptions.defaults());
        Optional<LoraTarget> target = Optional.empty();
        if (request.base().isPresent()) {
            Path model = ModelFolder.locate(request.base().get(), Map.copyOf(System.getenv()));
            target = Optional.of(
                    LoraTarget.choose(model, List.of(LoraAdapter.openMasters(checkpoint)), Optional.empty()));
        }
        return new KeptAdapter(request, checkpoint, state, source, target);
    }

    /// Whether a state has an adapter in it.
    static boolean holdsFactors(Checkpoint state) {
        return state.entries().stream().anyMatch(entry -> AdapterSource.isFactor(entry.tensor()));
    }

    @Override
    public Optional<Problem> lack() {
        return source.model().isEmpty() || target.isPresent()
                ? Optional.empty()
                : Optional.of(Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint), "checkpoints.prune.needs-base")
                        .with(Remedy.change(Remedy.Field.BASE)));
    }

    @Override
    public Optional<Problem> obstacle(Path weights) {
        AdapterContent named = named();
        if (request.dtype() != TargetDType.SOURCE) {
            return Optional.of(
                    Problem.of(ProblemCode.ASSUMED, Place.of(checkpoint), "checkpoints.prune.adapter-dtype"));
        }
        boolean more = named.warnings().stream()
                .anyMatch(problem -> OTHER_WEIGHTS.contains(problem.message().key()));
        return more || !named.skipped().isEmpty() ? Optional.of(KeptWeights.otherWeights(checkpoint)) : lack();
    }

    private AdapterContent named() {
        AdapterContent named =
                AdapterNames.resolve(source, target.map(model -> ModelNames.of(model.weights())), new Warnings());
        return target.flatMap(LoraTarget::component).map(named::forComponent).orElse(named);
    }

    @Override
    public void write(Path weights, JobControl control) throws IOException {
        try (Staging staging = Staging.create(weights, false)) {
            AdapterContent named = named();
            new AdapterWriter(named, Dialects.diffusers(named.component()), OptionalDouble.empty())
                    .write(
                            staging.folder().resolve(WeightFileName.ADAPTER),
                            AdapterMetadata.header(named, OptionalDouble.empty()),
                            Map.of());
            requireEqual(staging.folder(), control);
            staging.publish();
        }
    }

    @Override
    public void requireEqual(Path weights, JobControl control) throws IOException {
        AdapterContent written = AdapterReader.read(weights.resolve(WeightFileName.ADAPTER));
        try {
            AdapterProof.requireUnderOtherNames(source.content(), written);
        } catch (InvalidCheckpointException e) {
            throw e.problem().code() == ProblemCode.DIFFERENT || e.problem().code() == ProblemCode.EXTRA_TENSOR
                    ? KeptWeights.different(weights, checkpoint, 1)
                    : e;
        }
        requireBase(control);
    }

    /// Compares the model's own weights in the state with the base's, rounded as the training did.
    private void requireBase(JobControl control) throws IOException {
        if (source.model().isEmpty() || state.isEmpty()) {
            return;
        }
        if (target.isEmpty()) {
            throw new InvalidCheckpointException(lack().orElseThrow());
        }
        Checkpoint base = target.get().weights();
        Checkpoint frozen = state.get()
                .withEntries(state.get().entries().stream()
                        .filter(entry -> !Dialects.isTextEncoder(entry.name())
                                && (entry.name().contains(BASE_LAYER)
                                        || Dialects.read(entry.name()).isEmpty()))
                        .map(entry -> entry.withName(entry.name().replace(BASE_LAYER, ".")))
                        .toList());
        TableMatch match =
                BaseTables.table(base, base.folder(), Optional.empty()).match(frozen.shapes());
        List<TensorDifference> differences =
                SourceComparison.compare(ComponentPlacement.renamed(frozen, match), base, request.threads(), control)
                        .stream()
                        // A training may leave out what it does not train.
                        .filter(difference -> !(difference instanceof TensorDifference.Missing))
                        .toList();
        if (!differences.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.DIFFERENT,
                    Place.of(checkpoint).tensor(differences.getFirst().name()),
                    "checkpoints.prune.other-base",
                    base.folder(),
                    differences.size());
        }
    }
}

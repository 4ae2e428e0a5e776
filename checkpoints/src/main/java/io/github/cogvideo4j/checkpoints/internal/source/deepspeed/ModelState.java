package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;

/// One file of model state: what the parameters are called and how large they are, the buffers, the frozen
/// parameters, the ties.
///
/// @param file            the file
/// @param root            the map it holds
/// @param module          the module's own state dict: real tensors, but in stage 3 empty placeholders for the
///                        parameters
/// @param bufferNames     which entries of the module are buffers
/// @param parameterShapes names and shapes for each parameter group, in the order of the flat groups; empty
///                        without ZeRO
/// @param frozenShapes    names and shapes of the parameters that were not trained
/// @param frozenFragments their values, or this rank's share of each in stage 3
/// @param shared          other names of parameters: alias to owner
/// @param globalSteps     optimizer steps, skipped ones included
/// @param skippedSteps    steps skipped for overflow
/// @param worldSize       the number of data-parallel ranks
/// @param version         DeepSpeed's version
record ModelState(
        Path file,
        Fields root,
        SequencedMap<String, PickleValue> module,
        List<String> bufferNames,
        List<SequencedMap<String, Shape>> parameterShapes,
        SequencedMap<String, Shape> frozenShapes,
        Map<String, PickleValue> frozenFragments,
        SequencedMap<String, String> shared,
        OptionalLong globalSteps,
        OptionalLong skippedSteps,
        OptionalLong worldSize,
        Optional<String> version) {

    static ModelState read(Path file, Warnings warnings) throws IOException {
        Fields root = Fields.root(file, TorchFile.open(file, warnings).root());
        List<SequencedMap<String, Shape>> parameterShapes = new ArrayList<>();
        for (PickleValue group : root.optionalList("param_shapes").orElse(List.of())) {
            parameterShapes.add(root.shapes("param_shapes", group));
        }
        return new ModelState(
                file,
                root,
                root.dict("module").dict().textEntries(),
                root.optionalList("buffer_names").orElse(List.of()).stream()
                        .flatMap(name -> name.asText().stream())
                        .toList(),
                parameterShapes,
                root.get("frozen_param_shapes")
                        .map(value -> root.shapes("frozen_param_shapes", value))
                        .orElseGet(LinkedHashMap::new),
                root.optionalDict("frozen_param_fragments")
                        .map(fields -> (Map<String, PickleValue>) fields.dict().textEntries())
                        .orElseGet(Map::of),
                shared(root),
                steps(root),
                root.integer("skipped_steps"),
                root.integer("dp_world_size"),
                root.text("ds_version"));
    }

    /// SAT counts in a field of its own, and where it saves without the engine, in no other.
    private static OptionalLong steps(Fields root) {
        OptionalLong steps = root.integer("global_steps");
        return steps.isPresent() ? steps : root.integer("iteration");
    }

    /// A map in current files, a list of pairs in older ones.
    private static SequencedMap<String, String> shared(Fields root) {
        SequencedMap<String, String> shared = new LinkedHashMap<>();
        root.get("shared_params").ifPresent(value -> {
            value.asDict()
                    .ifPresent(dict -> dict.textEntries()
                            .forEach((alias, owner) -> owner.asText().ifPresent(name -> shared.put(alias, name))));
            value.asElements()
                    .ifPresent(pairs -> pairs.forEach(pair -> pair.asElements()
                            .filter(names -> names.size() == 2)
                            .ifPresent(names -> names.getFirst()
                                    .asText()
                                    .ifPresent(alias ->
                                            names.getLast().asText().ifPresent(owner -> shared.put(alias, owner))))));
        });
        return shared;
    }

    /// The ZeRO stage that the training was configured for; 0 when it ran without ZeRO.
    long configuredStage() {
        return root.optionalDict("ds_config")
                .flatMap(config -> config.optionalDict("zero_optimization"))
                .map(zero -> zero.integer("stage").orElse(0))
                .orElse(0L);
    }

    /// Ranks that hold a secondary copy of the partitions (ZeRO++), 1 without.
    long secondaryPartitions() {
        return root.optionalDict("ds_config")
                .flatMap(config -> config.optionalDict("zero_optimization"))
                .map(zero -> zero.integer("zero_hpz_partition_size").orElse(1))
                .orElse(1L);
    }
}

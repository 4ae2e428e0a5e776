package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.NamingSchemes;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/// The planner of the state dict of a DeepSpeed tag folder.
public final class DeepSpeedCheckpoint {
    private final StateFiles files;
    private final SourceOptions options;
    private final SourceFiles opened = new SourceFiles();
    private final Warnings warnings = new Warnings();

    private DeepSpeedCheckpoint(StateFiles files, SourceOptions options) {
        this.files = files;
        this.options = options;
    }

    /// Reads the pickles of a tag folder and plans its state dict: buffers, then frozen parameters, then
    /// trained ones in the order of their groups, then ties; the order in which `zero_to_fp32` emits them.
    ///
    /// @param tagFolder the folder with the `*_states.pt` files
    /// @param options   how to choose
    /// @throws InvalidCheckpointException when files are missing or do not belong together
    public static Checkpoint plan(Path tagFolder, SourceOptions options) throws IOException {
        return new DeepSpeedCheckpoint(StateFiles.scan(tagFolder), options).plan();
    }

    private Checkpoint plan() throws IOException {
        SortedMap<Integer, ModelState> models = readModels();
        ModelState main = mainModel(models);
        if (main.secondaryPartitions() > 1) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_PARALLELISM,
                    Place.of(main.file()),
                    "checkpoints.deepspeed.secondary-partitions",
                    main.secondaryPartitions());
        }
        if (UniversalParameters.in(files.folder()) && !options.fromModule()) {
            return fromUniversal(models, main);
        }
        // A trainer with names of its own keeps no optimizer state of the checkpoints that it means to be used.
        boolean moduleIsAll = main.configuredStage() == 0
                || NamingSchemes.recognise(main.module().keySet()).isPresent();
        if (options.fromModule() || (files.optimizer().isEmpty() && moduleIsAll)) {
            return fromModule(models, main);
        }
        if (files.optimizer().isEmpty()) {
            throw withoutOptimizer(main.configuredStage());
        }
        return fromPartitions(models, main);
    }

    private InvalidCheckpointException withoutOptimizer(long stage) {
        boolean parted = stage == 3;
        Problem problem = Problem.of(
                ProblemCode.NO_OPTIM_STATES,
                Place.of(files.folder()),
                parted ? "checkpoints.deepspeed.no-optimizer-stage-3" : "checkpoints.deepspeed.no-optimizer",
                stage);
        return new InvalidCheckpointException(parted ? problem : problem.with(Remedy.change(Remedy.Field.FROM_MODULE)));
    }

    private SortedMap<Integer, ModelState> readModels() throws IOException {
        SortedMap<Integer, ModelState> models = new TreeMap<>();
        for (Map.Entry<Integer, Path> file : files.model().entrySet()) {
            models.put(file.getKey(), ModelState.read(opened.note(file.getValue()), warnings));
        }
        return models;
    }

    /// Rank 0's file names the ties and, below stage 3, is the only one.
    private ModelState mainModel(SortedMap<Integer, ModelState> models) {
        ModelState main = models.get(0);
        if (main == null) {
            throw missingModelStates(
                    models.isEmpty() ? "mp_rank_00_model_states.pt" : "zero_pp_rank_0_mp_rank_00_model_states.pt");
        }
        return main;
    }

    private InvalidCheckpointException missingModelStates(String name) {
        return new InvalidCheckpointException(
                ProblemCode.MISSING_MODEL_STATES,
                Place.of(files.folder()),
                "checkpoints.deepspeed.missing-model-states",
                name);
    }

    private Checkpoint fromPartitions(SortedMap<Integer, ModelState> models, ModelState main) throws IOException {
        List<OptimizerState> states = readOptimizers();
        Consistency.requireAllRanks(states);
        boolean stage3 = states.getFirst().stage().orElse(1) == 3;
        if (stage3) {
            for (int rank = 0; rank < states.size(); rank++) {
                requireModel(models, rank);
            }
        }
        Consistency.requireOneStep(states);
        Consistency.checkModelStates(models, states, warnings);
        if (states.getFirst().stage().isEmpty()) {
            warnings.report(
                    ProblemCode.ASSUMED, Place.of(states.getFirst().file()), "checkpoints.deepspeed.bf16-optimizer");
        }

        List<StateEntry> trained = stage3
                ? FlatParameters.interleaved(states, main.parameterShapes())
                : FlatParameters.contiguous(states, main.parameterShapes());
        SequencedMap<String, StateEntry> entries = merge(models, main, stage3, trained);
        int stage = states.getFirst().stage().orElse(1);
        return checkpoint(CheckpointKind.DEEPSPEED_ZERO, entries, main, OptionalInt.of(stage), states.size());
    }

    private Checkpoint fromUniversal(SortedMap<Integer, ModelState> models, ModelState main) throws IOException {
        Consistency.checkModelStates(models, List.of(), warnings);
        int worldSize = (int) main.worldSize().orElse(models.size());
        boolean stage3 = main.configuredStage() == 3;
        for (int rank = 0; stage3 && rank < worldSize; rank++) {
            requireModel(models, rank);
        }
        List<StateEntry> trained =
                UniversalParameters.read(files.folder(), main.parameterShapes(), worldSize, opened, warnings);
        return checkpoint(
                CheckpointKind.DEEPSPEED_UNIVERSAL,
                merge(models, main, stage3, trained),
                main,
                OptionalInt.of((int) main.configuredStage()),
                worldSize);
    }

    /// The whole state dict, in the order in which `zero_to_fp32` emits it.
    private SequencedMap<String, StateEntry> merge(
            SortedMap<Integer, ModelState> models, ModelState main, boolean stage3, List<StateEntry> trained) {
        SequencedMap<String, StateEntry> entries = new LinkedHashMap<>();
        buffers(main).forEach(entry -> entries.put(entry.name(), entry));
        if (!options.excludeFrozen()) {
            frozen(models, main, stage3).forEach(entry -> entries.put(entry.name(), entry));
        }
        trained.forEach(entry -> entries.put(entry.name(), entry));
        aliases(main, entries);
        return entries;
    }

    private void requireModel(SortedMap<Integer, ModelState> models, int rank) {
        if (!models.containsKey(rank)) {
            throw missingModelStates("zero_pp_rank_" + rank + "_mp_rank_00_model_states.pt");
        }
    }

    private List<OptimizerState> readOptimizers() throws IOException {
        List<OptimizerState> states = new ArrayList<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (Map.Entry<Integer, Path> file : files.optimizer().entrySet()) {
                states.add(OptimizerState.read(opened.note(file.getValue()), file.getKey(), reader, warnings));
            }
            // The steps were read. Damage to them is damage, not another step.
            reader.verifyChecksums();
        }
        return states;
    }

    private static List<StateEntry> buffers(ModelState main) {
        List<StateEntry> buffers = new ArrayList<>();
        for (String name : main.bufferNames()) {
            PickleValue value = main.module().get(name);
            // Non-persistent buffers are named but not stored.
            if (value != null) {
                buffers.add(new StateEntry(main.root().tensor(name, value), Role.BUFFER));
            }
        }
        return buffers;
    }

    private static List<StateEntry> frozen(SortedMap<Integer, ModelState> models, ModelState main, boolean stage3) {
        List<StateEntry> frozen = new ArrayList<>();
        main.frozenShapes().forEach((name, shape) -> {
            List<StoredTensor> fragments = new ArrayList<>();
            for (ModelState model : stage3 ? List.copyOf(models.values()) : List.of(main)) {
                PickleValue value = model.frozenFragments().get(name);
                if (value == null) {
                    throw new InvalidCheckpointException(
                            ProblemCode.MISSING_TENSOR,
                            Place.of(model.file()).tensor(name),
                            "checkpoints.deepspeed.frozen-absent",
                            name);
                }
                fragments.add(model.root().tensor(name, value));
            }
            frozen.add(FrozenFragments.join(main.file(), name, shape, fragments));
        });
        return frozen;
    }

    private void aliases(ModelState main, SequencedMap<String, StateEntry> entries) {
        main.shared().forEach((alias, owner) -> {
            StateEntry entry = entries.get(owner);
            if (entry != null) {
                entries.put(alias, new StateEntry(entry.tensor().withName(alias), Role.ALIAS));
            } else if (!options.excludeFrozen()) {
                throw new InvalidCheckpointException(
                        ProblemCode.MISSING_TENSOR,
                        Place.of(main.file()).tensor(alias),
                        "checkpoints.deepspeed.owner-absent",
                        alias,
                        owner);
            }
        });
    }

    /// The state dict as the module holds it, in the training dtype.
    private Checkpoint fromModule(SortedMap<Integer, ModelState> models, ModelState main) {
        Consistency.checkModelStates(models, List.of(), warnings);
        SequencedMap<String, StateEntry> entries = new LinkedHashMap<>();
        main.module().forEach((name, value) -> {
            StoredTensor tensor = main.root().tensor(name, value);
            Role role = main.bufferNames().contains(name) ? Role.BUFFER : Role.PARAMETER;
            boolean placeholder = tensor.shape().numel() == 0 && role == Role.PARAMETER;
            if (placeholder && main.configuredStage() == 3) {
                throw new InvalidCheckpointException(
                        ProblemCode.NO_OPTIM_STATES,
                        Place.of(main.file()).tensor(name),
                        "checkpoints.deepspeed.no-optimizer-stage-3",
                        3);
            }
            entries.put(name, new StateEntry(tensor, role));
        });
        if (options.fromModule()) {
            warnings.report(ProblemCode.ASSUMED, Place.of(main.file()), "checkpoints.deepspeed.from-module");
        }
        return checkpoint(
                CheckpointKind.DEEPSPEED_MODULE, entries, main, OptionalInt.of((int) main.configuredStage()), (int)
                        main.worldSize().orElse(1));
    }

    private Checkpoint checkpoint(
            CheckpointKind kind,
            SequencedMap<String, StateEntry> entries,
            ModelState main,
            OptionalInt stage,
            int worldSize) {
        SortedMap<String, String> versions = new TreeMap<>();
        main.version().ifPresent(version -> versions.put("deepspeed", version));
        OptionalLong step = main.globalSteps();
        TrainingState training = new TrainingState(
                step,
                stage,
                OptionalInt.of(worldSize),
                java.util.Optional.of(String.valueOf(files.folder().getFileName())),
                versions);
        return new Checkpoint(
                kind,
                files.folder(),
                options,
                List.copyOf(entries.values()),
                training,
                opened.identities(),
                warnings.all());
    }
}

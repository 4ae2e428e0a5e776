package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.OtherFormat;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Opens one weight file of any container as a list of tensors.
public final class WeightFileReader {
    /// Keys under which trainers put a state dict beside other things: Lightning, DeepSpeed and SAT,
    /// hand-written loops.
    private static final List<String> WRAPPERS = List.of("state_dict", "module", "model", "model_state_dict", "ema");

    private static final String LIGHTNING_VERSION = "pytorch-lightning_version";
    private static final int DEEPEST = 4;

    private WeightFileReader() {}

    /// A weight file that has been opened.
    ///
    /// @param tensors  its tensors
    /// @param training what it says of the training
    record Opened(List<StoredTensor> tensors, TrainingState training) {}

    /// The tensors of a file. The name's ending decides what is expected; a file that is something else is an
    /// error that says what it is.
    ///
    /// @param file       the file
    /// @param strictness what becomes of oddities
    /// @param remarks    takes what is odd but stops nothing
    public static List<StoredTensor> read(Path file, Strictness strictness, Problems remarks) throws IOException {
        return open(file, strictness, remarks).tensors();
    }

    /// The same, with what the file says of the training.
    static Opened open(Path file, Strictness strictness, Problems remarks) throws IOException {
        OtherFormat.refuse(file);
        boolean named =
                String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".safetensors");
        if (named || (!isTorchName(file) && ContainerKind.of(file) == ContainerKind.SAFETENSORS)) {
            return new Opened(SafetensorsFile.open(file, strictness, remarks).tensors(), TrainingState.unknown());
        }
        PickleValue root = TorchFile.open(file, remarks).root();
        return new Opened(stateDict(file, root, remarks), training(root));
    }

    /// Lightning writes its version and the step beside the state dict.
    private static TrainingState training(PickleValue root) {
        Optional<PickleValue.Dict> dict = root.asDict();
        Optional<String> version =
                dict.flatMap(map -> map.get(LIGHTNING_VERSION)).flatMap(PickleValue::asText);
        if (version.isEmpty()) {
            return TrainingState.unknown();
        }
        return new TrainingState(
                dict.flatMap(map -> map.get("global_step"))
                        .map(PickleValue::asLong)
                        .orElse(OptionalLong.empty()),
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                new TreeMap<>(Map.of(LIGHTNING_VERSION, version.get())),
                Optional.of("Lightning"));
    }

    private static boolean isTorchName(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return List.of(".bin", ".pt", ".pth", ".ckpt").stream().anyMatch(name::endsWith);
    }

    private static List<StoredTensor> stateDict(Path file, PickleValue root, Problems remarks) {
        PickleValue.Dict dict = root.asDict().orElseThrow(() -> notAStateDict(file, root));
        boolean deepSpeed = dict.get("param_shapes").isPresent()
                || dict.get("optimizer_state_dict").isPresent();
        if (deepSpeed && !isModel(dict)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.deepspeed-file");
        }
        // What torch's optimizers save, and accelerate under the name optimizer.bin.
        if (dict.get("state").isPresent() && dict.get("param_groups").isPresent()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.optimizer-file");
        }
        return StateDict.tensors(file, unwrap(file, dict, remarks));
    }

    /// Whether the `module` beside an optimizer's state is what is meant to be used, in the dtype that it was
    /// trained in. Trainers with names of their own save it so.
    private static boolean isModel(PickleValue.Dict root) {
        return root.get("module")
                .flatMap(PickleValue::asDict)
                .filter(module ->
                        NamingSchemes.recognise(module.textEntries().keySet()).isPresent())
                .isPresent();
    }

    /// Follows wrappers down to the map that holds tensors.
    private static PickleValue.Dict unwrap(Path file, PickleValue.Dict root, Problems remarks) {
        PickleValue.Dict dict = root;
        List<String> path = new ArrayList<>();
        while (!holdsTensors(dict) && !dict.entries().isEmpty() && path.size() < DEEPEST) {
            PickleValue.Dict current = dict;
            List<String> wrappers = WRAPPERS.stream()
                    .filter(key -> current.get(key)
                            .flatMap(PickleValue::asDict)
                            .filter(WeightFileReader::leadsToTensors)
                            .isPresent())
                    .toList();
            if (wrappers.isEmpty()) {
                throw notAStateDict(file, root);
            }
            if (wrappers.size() > 1) {
                throw new InvalidCheckpointException(
                        ProblemCode.AMBIGUOUS_WEIGHTS,
                        Place.of(file),
                        "checkpoints.plain.several-wrappers",
                        String.join(", ", wrappers));
            }
            path.add(wrappers.getFirst());
            dict = dict.get(wrappers.getFirst()).flatMap(PickleValue::asDict).orElseThrow();
        }
        if (!path.isEmpty()) {
            remarks.report(ProblemCode.CHOICE, Place.of(file), "checkpoints.plain.wrapped", String.join(".", path));
        }
        return dict;
    }

    private static boolean leadsToTensors(PickleValue.Dict dict) {
        return holdsTensors(dict)
                || WRAPPERS.stream()
                        .anyMatch(key ->
                                dict.get(key).flatMap(PickleValue::asDict).isPresent());
    }

    private static boolean holdsTensors(PickleValue.Dict dict) {
        return dict.textEntries().values().stream().anyMatch(StateDict::isTensor);
    }

    private static InvalidCheckpointException notAStateDict(Path file, PickleValue root) {
        return new InvalidCheckpointException(
                ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.not-a-state-dict", root);
    }
}

package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.StateParts;
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
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/// A reader of one weight file of any container as a list of tensors.
public final class WeightFileReader {
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
    /// @param warnings    takes what is odd but stops nothing
    public static List<StoredTensor> read(Path file, Strictness strictness, Warnings warnings) throws IOException {
        return open(file, strictness, warnings).tensors();
    }

    /// The same, with what the file says of the training.
    static Opened open(Path file, Strictness strictness, Warnings warnings) throws IOException {
        OtherFormat.refuse(file);
        boolean named =
                String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".safetensors");
        if (named || (!isTorchName(file) && ContainerKind.of(file) == ContainerKind.SAFETENSORS)) {
            return new Opened(SafetensorsFile.open(file, strictness, warnings).tensors(), TrainingState.unknown());
        }
        PickleValue root = TorchFile.open(file, warnings).root();
        return new Opened(stateDict(file, root, warnings), training(root));
    }

    /// What a file of `torch.save` says of its training: Lightning writes its version and the step beside the state
    /// dict.
    public static TrainingState training(PickleValue root) {
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

    private static List<StoredTensor> stateDict(Path file, PickleValue root, Warnings warnings) {
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
        return tensors(file, dict, warnings);
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

    /// The tensors of the maps inside. Where one map alone leads to them, its key is left out of their names;
    /// several are told apart by what they are under, for whoever knows the model's names to judge.
    private static List<StoredTensor> tensors(Path file, PickleValue.Dict root, Warnings warnings) {
        PickleValue.Dict dict = root;
        List<String> path = new ArrayList<>();
        for (Map<String, PickleValue.Dict> inside = inside(dict, DEEPEST);
                inside.size() == 1 && !holdsTensors(dict);
                inside = inside(dict, DEEPEST - path.size())) {
            path.addAll(inside.keySet());
            dict = inside.values().iterator().next();
        }
        if (!path.isEmpty()) {
            warnings.report(ProblemCode.CHOICE, Place.of(file), "checkpoints.plain.wrapped", String.join(".", path));
        }
        List<StoredTensor> tensors = new ArrayList<>();
        collect(file, dict, "", DEEPEST - path.size(), tensors);
        if (tensors.isEmpty() && !root.entries().isEmpty()) {
            throw notAStateDict(file, root);
        }
        return tensors;
    }

    private static void collect(
            Path file, PickleValue.Dict dict, String prefix, int depth, List<StoredTensor> tensors) {
        StateDict.tensors(file, dict).forEach(tensor -> tensors.add(tensor.withName(prefix + tensor.name())));
        inside(dict, depth).forEach((key, map) -> collect(file, map, prefix + key + ".", depth - 1, tensors));
    }

    /// The maps inside that lead to tensors, without the optimizer's and their like.
    private static Map<String, PickleValue.Dict> inside(PickleValue.Dict dict, int depth) {
        Map<String, PickleValue.Dict> inside = new LinkedHashMap<>();
        dict.textEntries().forEach((key, value) -> {
            if (!StateParts.isTraining(key)) {
                value.asDict().filter(map -> leadsToTensors(map, depth)).ifPresent(map -> inside.put(key, map));
            }
        });
        return inside;
    }

    private static boolean leadsToTensors(PickleValue.Dict dict, int depth) {
        return depth > 0 && (holdsTensors(dict) || !inside(dict, depth - 1).isEmpty());
    }

    private static boolean holdsTensors(PickleValue.Dict dict) {
        return dict.textEntries().values().stream().anyMatch(StateDict::isTensor);
    }

    private static InvalidCheckpointException notAStateDict(Path file, PickleValue root) {
        return new InvalidCheckpointException(
                ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.not-a-state-dict", root);
    }
}

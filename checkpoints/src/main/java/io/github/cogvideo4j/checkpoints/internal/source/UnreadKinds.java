package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Kinds of checkpoint that are recognised, so that the error can say what they are, but not read.
final class UnreadKinds {
    private static final Pattern ADAPTED = Pattern.compile("[._]lora[._]|\\.hada_w1|\\.lokr_w1");
    private static final int MOST = 8;

    private UnreadKinds() {}

    /// Refuses a folder of results of such a kind.
    static void refuseResult(Path folder) {
        refuse(folder, "model_index.json", "checkpoints.location.pipeline");
        refuseAdapter(folder, WeightFileName.ADAPTER);
    }

    /// Refuses files with the name of their folder before their own, as a browser saves them one by one: here, or
    /// in a component's folder of a whole model.
    static void refuseBrowserNames(Path folder) throws IOException {
        List<Path> places = new ArrayList<>(List.of(folder));
        if (Files.exists(folder.resolve("model_index.json"))) {
            TrainerFolders.COMPONENTS.stream()
                    .map(folder::resolve)
                    .filter(Files::isDirectory)
                    .forEach(places::add);
        }
        List<String> found = new ArrayList<>();
        for (Path place : places) {
            String prefix = place.toAbsolutePath().normalize().getFileName() + "_";
            for (String name : names(place, "*")) {
                if (name.startsWith(prefix) && isComponents(name.substring(prefix.length()))) {
                    found.add(name);
                }
            }
        }
        if (!found.isEmpty()) {
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.NOT_A_CHECKPOINT,
                            Place.of(folder),
                            "checkpoints.doctor.browser-names",
                            found.size(),
                            found)
                    .with(new Remedy.RepairFolder(folder, false, Optional.empty())));
        }
    }

    private static boolean isComponents(String name) {
        return name.equals("config.json")
                || WeightFileName.parse(name)
                        .filter(file -> WeightSet.STEMS.contains(file.stem()))
                        .isPresent();
    }

    /// Refuses files of a distributed checkpoint whose table, which is written last, is not there.
    static void refuseUnfinished(Path folder) throws IOException {
        List<String> files = names(folder, "*.distcp");
        if (!files.isEmpty() && !Files.exists(folder.resolve(".metadata"))) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.distributed.unfinished", files);
        }
    }

    /// Refuses a folder in which adapters lie under other names than diffusers'.
    static void refuseAdapters(Path folder) throws IOException {
        if (Files.exists(folder.resolve(WeightFileName.PEFT_ADAPTER))
                && !Files.exists(folder.resolve("adapter_config.json"))) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.location.cogkit-qlora");
        }
        refuseAdapter(folder, WeightFileName.PEFT_ADAPTER);
        for (String file : names(folder, "*.safetensors")) {
            if (isAdapter(folder.resolve(file))) {
                throw adapter(folder.resolve(file));
            }
        }
    }

    private static void refuseAdapter(Path folder, String file) {
        if (Files.exists(folder.resolve(file))) {
            throw adapter(folder);
        }
    }

    private static InvalidCheckpointException adapter(Path place) {
        return new InvalidCheckpointException(
                Problem.of(ProblemCode.NOT_A_CHECKPOINT, Place.of(place), "checkpoints.location.lora")
                        .with(new Remedy.FuseAdapter(Optional.of(place), false)));
    }

    private static boolean isAdapter(Path file) throws IOException {
        try {
            return SafetensorsFile.open(file, Strictness.LENIENT, new Warnings()).tensors().stream()
                    .anyMatch(tensor -> ADAPTED.matcher(tensor.name()).find());
        } catch (FormatException _) {
            return false;
        }
    }

    private static List<String> names(Path folder, String pattern) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    names.add(String.valueOf(file.getFileName()));
                }
            }
        }
        names.sort(Comparator.naturalOrder());
        return names.size() > MOST ? names.subList(0, MOST) : names;
    }

    private static void refuse(Path folder, String mark, String key) {
        if (Files.exists(folder.resolve(mark))) {
            throw new InvalidCheckpointException(ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), key);
        }
    }
}

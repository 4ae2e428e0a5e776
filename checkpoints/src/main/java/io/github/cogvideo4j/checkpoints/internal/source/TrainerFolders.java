package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.PipelineLayers;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The layouts that today's trainers give their runs: which folders are numbered checkpoints, and where the
/// weights are inside one.
public final class TrainerFolders {
    /// accelerate and the diffusers scripts, CogKit and VideoX-Fun; finetrainers; verl; torchtitan and NeMo.
    static final List<Pattern> NUMBERED = List.of(
            Pattern.compile("checkpoint-(\\d{1,15})"),
            Pattern.compile("finetrainers_step_(\\d{1,15})"),
            Pattern.compile("global_step_(\\d{1,15})"),
            Pattern.compile("(?:epoch_\\d{1,9}_)?step[-_](\\d{1,15})"));

    static final Pattern OUTPUT = Pattern.compile("(?:epoch|step)(\\d{1,15})");
    static final Pattern LIGHTNING = Pattern.compile(".*step=(\\d{1,15})\\.ckpt");
    private static final Pattern STEP =
            Pattern.compile("(?:checkpoint-|finetrainers_step_|(?:epoch_\\d{1,9}_)?step[-_]|global_step_?)(\\d{1,15})");

    /// The components that a trainer saves in folders of their own, the one that is converted first.
    static final List<String> COMPONENTS = List.of("transformer", "transformer_2", "unet");

    /// What a trainer calls the folder of averaged weights.
    static final String AVERAGE = "_ema";

    private TrainerFolders() {}

    /// The numbered checkpoints of a run, the newest first; of several kinds, those of the first that there
    /// are.
    static List<Path> numbered(Path run) throws IOException {
        for (Pattern kind : NUMBERED) {
            List<Path> found = numbered(run, kind);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    private static List<Path> numbered(Path run, Pattern name) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(run)) {
            for (Path child : children) {
                if (number(child, name).isPresent() && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                    found.add(child);
                }
            }
        }
        found.sort(Comparator.comparingLong((Path child) -> number(child, name).orElse(0))
                .thenComparing(child -> child)
                .reversed());
        return found;
    }

    private static OptionalLong number(Path folder, Pattern pattern) {
        Matcher name = pattern.matcher(String.valueOf(folder.getFileName()));
        return name.matches() ? OptionalLong.of(Long.parseLong(name.group(1))) : OptionalLong.empty();
    }

    /// Whether a folder is a checkpoint rather than a model: by its name or by what trainers save beside
    /// weights to go on from there.
    public static boolean isCheckpoint(Path folder) {
        if (Files.exists(folder.resolve("model_index.json"))) {
            return false;
        }
        return number(folder.toAbsolutePath().normalize(), STEP).isPresent()
                || Files.exists(folder.resolve("sampler_pos_start.pkl"))
                || Files.exists(folder.resolve("optimizer.bin"))
                || Files.exists(folder.resolve("random_states_0.pkl"));
    }

    /// The step in the name of a checkpoint's folder, or of one of the two folders above it.
    static OptionalLong step(Path folder) {
        Path current = folder.toAbsolutePath().normalize();
        for (int up = 0; up < 3 && current != null; up++) {
            OptionalLong step = number(current, STEP);
            if (step.isPresent()) {
                return step;
            }
            current = current.getParent();
        }
        return OptionalLong.empty();
    }

    /// The folder of a component's weights inside a checkpoint, as `save_pretrained` made it.
    ///
    /// @param average whether the averaged weights are wanted
    static Optional<Path> component(Path checkpoint, boolean average) {
        return COMPONENTS.stream()
                .map(name -> checkpoint.resolve(average ? name + AVERAGE : name))
                .filter(Files::isDirectory)
                .findFirst();
    }

    /// The folders into which diffusion-pipe puts what can be used (`epochN`, `stepN`), the newest first.
    static List<Path> outputs(Path run) throws IOException {
        List<Path> found = numbered(run, OUTPUT);
        if (found.isEmpty()) {
            return found;
        }
        List<Path> outputs = new ArrayList<>();
        for (Path folder : found) {
            if (hasSettings(folder)
                    && (isAdapter(folder) || !WeightSet.candidates(folder).isEmpty())) {
                outputs.add(folder);
            }
        }
        // Epochs and steps count differently; those of epochs come first.
        outputs.sort(Comparator.comparing(
                folder -> !String.valueOf(folder.getFileName()).startsWith("epoch")));
        return outputs;
    }

    /// Whether a folder holds an adapter as peft saves it.
    static boolean isAdapter(Path folder) {
        return Files.isRegularFile(folder.resolve(WeightFileName.PEFT_ADAPTER));
    }

    static boolean hasSettings(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.toml")) {
            return files.iterator().hasNext();
        }
    }

    /// Lightning's checkpoints in a folder, the newest first: by the step in the name, `epoch=0-step=2.ckpt`;
    /// those whose names tell no step (`last.ckpt`) come first.
    static List<Path> lightning(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.ckpt")) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    found.add(file);
                }
            }
        }
        found.sort(Comparator.comparingLong(TrainerFolders::lightningStep)
                .thenComparing(file -> file)
                .reversed());
        return found;
    }

    private static long lightningStep(Path file) {
        Matcher step = LIGHTNING.matcher(String.valueOf(file.getFileName()));
        return step.matches() ? Long.parseLong(step.group(1)) : Long.MAX_VALUE;
    }

    /// finetrainers' newest copy of the trained model, `model_weights/00000N/transformer`.
    public static Optional<Path> savedModel(Path run) throws IOException {
        Path models = run.resolve("model_weights");
        if (!Files.isDirectory(models)) {
            return Optional.empty();
        }
        return numbered(models, Pattern.compile("(\\d{1,15})")).stream()
                .flatMap(step -> component(step, false).stream())
                .findFirst();
    }

    /// Whether a folder is a state of DeepSpeed's pipeline engine.
    static boolean isPipeline(Path folder) throws IOException {
        return Files.isDirectory(folder) && PipelineLayers.isStateFolder(folder);
    }
}

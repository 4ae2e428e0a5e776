package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The checkpoints of a training run, recognised by the numbered names that trainers give them.
public final class RunListing {
    /// What makes a checkpoint incomplete, so that another one of the same training is taken instead. Anything
    /// else (damage, code in a pickle) is not skipped over.
    private static final Set<ProblemCode> INCOMPLETE = EnumSet.of(
            ProblemCode.NOT_A_CHECKPOINT,
            ProblemCode.LATEST_ABSENT,
            ProblemCode.TAG_NOT_FOUND,
            ProblemCode.MISSING_RANK,
            ProblemCode.MISSING_MODEL_STATES,
            ProblemCode.NO_OPTIM_STATES,
            ProblemCode.MISSING_SHARD,
            ProblemCode.TRUNCATED);

    /// DeepSpeed's own folders, where its checkpoints are not inside another trainer's.
    private static final Pattern TAG = Pattern.compile("global_step(\\d{1,15})");
    /// SAT's, which are called by the step alone.
    private static final Pattern BARE_TAG = Pattern.compile("(\\d{1,15})");
    /// VideoX-Fun's adapters, each of which may have a second copy in other names.
    private static final Pattern FILE =
            Pattern.compile("checkpoint-(\\d{1,15})(?:-compatible_with_comfyui)?\\.safetensors");

    private RunListing() {}

    /// A checkpoint of a run.
    ///
    /// @param path   its folder, or its file
    /// @param kind   its name without the number: steps and epochs of one run are counted apart
    /// @param number the step, or the epoch
    public record RunCheckpoint(Path path, String kind, long number) {
        /// Its name in the run.
        public String name() {
            return String.valueOf(path.getFileName());
        }
    }

    /// Whether a problem says that a checkpoint has not been finished, rather than that it is damaged.
    public static boolean isIncomplete(Problem problem) {
        return INCOMPLETE.contains(problem.code());
    }

    /// All checkpoints directly in a run, by kind and number. Links are not followed.
    public static List<RunCheckpoint> of(Path run) throws IOException {
        List<RunCheckpoint> found = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(run)) {
            for (Path child : children) {
                boolean folder = Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS);
                boolean file = Files.isRegularFile(child, LinkOption.NOFOLLOW_LINKS);
                if (folder || file) {
                    checkpoint(child, folder).ifPresent(found::add);
                }
            }
        }
        found.sort(Comparator.comparing(RunCheckpoint::kind)
                .thenComparingLong(RunCheckpoint::number)
                .thenComparing(RunCheckpoint::path));
        return found;
    }

    private static Optional<RunCheckpoint> checkpoint(Path child, boolean folder) throws IOException {
        List<Pattern> names = new ArrayList<>();
        if (folder) {
            names.addAll(TrainerFolders.NUMBERED);
            names.add(TAG);
            if (TrainerFolders.hasSettings(child)) {
                names.add(TrainerFolders.OUTPUT);
            }
            if (StateFiles.isTagFolder(child)) {
                names.add(BARE_TAG);
            }
        } else {
            names.add(FILE);
            names.add(TrainerFolders.LIGHTNING);
        }
        for (Pattern name : names) {
            Matcher matcher = name.matcher(String.valueOf(child.getFileName()));
            if (matcher.matches()) {
                String text = matcher.group();
                // Lightning's names count epochs too, in which its checkpoints are not apart.
                String before = name.equals(TrainerFolders.LIGHTNING) ? "step=" : text.substring(0, matcher.start(1));
                String kind = before + "N" + text.substring(matcher.end(1));
                return Optional.of(new RunCheckpoint(child, kind, Long.parseLong(matcher.group(1))));
            }
        }
        return Optional.empty();
    }

    /// The checkpoints that a run's folder stands for where all of them are meant, the oldest first: those of
    /// the kind that would be converted. Empty where the path is no run but a checkpoint, a model, or a file.
    public static List<Path> inOrder(Path path) throws IOException {
        if (!Files.isDirectory(path) || TrainerFolders.isCheckpoint(path)) {
            return List.of();
        }
        List<Path> numbered = TrainerFolders.numbered(path);
        if (!numbered.isEmpty()) {
            return numbered.reversed();
        }
        List<Path> outputs = TrainerFolders.outputs(path);
        if (!outputs.isEmpty()) {
            String kind = isEpoch(outputs.getFirst()) ? "epoch" : "step";
            return outputs.reversed().stream()
                    .filter(output -> String.valueOf(output.getFileName()).startsWith(kind))
                    .toList();
        }
        List<RunCheckpoint> others = of(path);
        return others.stream()
                .filter(one -> one.kind().equals(others.getFirst().kind()))
                .map(RunCheckpoint::path)
                .toList();
    }

    private static boolean isEpoch(Path output) {
        return String.valueOf(output.getFileName()).startsWith("epoch");
    }
}

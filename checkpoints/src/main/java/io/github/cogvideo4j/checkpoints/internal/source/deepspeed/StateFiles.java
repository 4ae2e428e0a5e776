package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.FolderListing;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The files of a tag folder, by rank.
///
/// @param folder    the tag folder
/// @param optimizer the optimizer state of each data-parallel rank
/// @param model     the model state: of each rank in stage 3, of rank 0 alone in the other stages
public record StateFiles(Path folder, SortedMap<Integer, Path> optimizer, SortedMap<Integer, Path> model) {
    private static final Pattern OPTIMIZER =
            Pattern.compile("(?:bf16_|fp16_)?zero_pp_rank_(\\d{1,6})_mp_rank_(\\d{1,6})_optim_states\\.pt");
    private static final Pattern RANK_MODEL =
            Pattern.compile("(?:bf16_|fp16_)?zero_pp_rank_(\\d{1,6})_mp_rank_(\\d{1,6})_model_states\\.pt");
    private static final Pattern MODEL = Pattern.compile("mp_rank_(\\d{1,6})_model_states\\.pt");
    private static final Pattern PIPELINE = Pattern.compile("layer_\\d+-model_\\d+-model_states\\.pt");
    private static final Pattern EXPERT = Pattern.compile(".*expert_\\d+_.*_(?:model|optim)_states\\.pt");

    /// Copies the maps.
    public StateFiles {
        optimizer = Collections.unmodifiableSortedMap(new TreeMap<>(optimizer));
        model = Collections.unmodifiableSortedMap(new TreeMap<>(model));
    }

    /// Whether a folder holds files with DeepSpeed's names.
    public static boolean isTagFolder(Path folder) throws IOException {
        return FolderListing.has(folder, "*_states.pt", file -> {
            String name = nameOf(file);
            return OPTIMIZER.matcher(name).matches()
                    || RANK_MODEL.matcher(name).matches()
                    || MODEL.matcher(name).matches();
        });
    }

    /// Lists the files of a tag folder.
    ///
    /// @throws InvalidCheckpointException with `unsupported-parallelism` for tensor or pipeline parallel state
    /// and experts
    public static StateFiles scan(Path folder) throws IOException {
        SortedMap<Integer, Path> optimizer = new TreeMap<>();
        SortedMap<Integer, Path> model = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                String name = nameOf(file);
                refuse(EXPERT.matcher(name).matches(), file, "checkpoints.deepspeed.experts");
                refuse(PIPELINE.matcher(name).matches(), file, "checkpoints.deepspeed.pipeline-parallel");
                if (!takeRank(OPTIMIZER.matcher(name), file, optimizer)
                        && !takeRank(RANK_MODEL.matcher(name), file, model)) {
                    takeModel(MODEL.matcher(name), file, model);
                }
            }
        }
        return new StateFiles(folder, optimizer, model);
    }

    private static boolean takeRank(Matcher name, Path file, SortedMap<Integer, Path> ranks) {
        if (!name.matches()) {
            return false;
        }
        refuse(Integer.parseInt(name.group(2)) != 0, file, "checkpoints.deepspeed.tensor-parallel");
        Path other = ranks.put(Integer.parseInt(name.group(1)), file);
        if (other != null) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    Place.of(file),
                    "checkpoints.deepspeed.two-files-of-a-rank",
                    name.group(1),
                    nameOf(other));
        }
        return true;
    }

    private static void takeModel(Matcher name, Path file, SortedMap<Integer, Path> model) {
        if (name.matches()) {
            refuse(Integer.parseInt(name.group(1)) != 0, file, "checkpoints.deepspeed.tensor-parallel");
            // Stage 3 names its files by rank; both kinds in a folder are two runs.
            Path other = model.putIfAbsent(0, file);
            if (other != null) {
                throw new InvalidCheckpointException(
                        ProblemCode.MIXED_CHECKPOINTS,
                        Place.of(file),
                        "checkpoints.deepspeed.two-files-of-a-rank",
                        0,
                        nameOf(other));
            }
        }
    }

    private static void refuse(boolean condition, Path file, String key) {
        if (condition) {
            throw new InvalidCheckpointException(ProblemCode.UNSUPPORTED_PARALLELISM, Place.of(file), key);
        }
    }

    private static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }
}

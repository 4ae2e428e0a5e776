package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.source.RunListing;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The sources of a merge. A run that stands alone means all its checkpoints, in the order of their steps.
///
/// @param paths the sources
/// @param run   whether they are the checkpoints of one run
public record MergeSources(List<Path> paths, boolean run) {
    /// Each source is read into a buffer of its own; this bounds their memory.
    public static final int MOST = 128;

    /// Copies the list.
    public MergeSources {
        paths = List.copyOf(paths);
    }

    /// The sources that arguments mean.
    ///
    /// @throws InvalidRequestException `request` when a source is given twice, or there are too many
    /// @throws NoSuchFileException when one is not there
    public static MergeSources of(List<Path> given) throws IOException {
        for (Path path : given) {
            if (!Files.exists(path)) {
                throw new NoSuchFileException(path.toString());
            }
        }
        List<Path> ofRun = given.size() == 1 ? RunListing.inOrder(given.getFirst()) : List.of();
        MergeSources sources = ofRun.isEmpty() ? new MergeSources(given, false) : new MergeSources(ofRun, true);
        if (sources.paths().size() > MOST) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "checkpoints.merge.too-many",
                    sources.paths().size(),
                    MOST);
        }
        Map<Path, Path> real = new HashMap<>();
        for (Path path : sources.paths()) {
            requireFirst(real, path.toRealPath(), path);
        }
        return sources;
    }

    private static void requireFirst(Map<Path, Path> taken, Path real, Path path) {
        Path other = taken.putIfAbsent(real, path);
        if (other != null) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.of(path), "checkpoints.merge.twice", path, other);
        }
    }

    /// Opens the sources as models. Checkpoints of a run that were not finished are left out.
    ///
    /// @param asked   the path that was asked for, where it is one for all
    /// @param options how to choose in each
    /// @param control receives what was left out
    /// @throws InvalidRequestException `request` when two sources lead to the same checkpoint
    public List<Checkpoint> open(Path asked, SourceOptions options, JobControl control) throws IOException {
        List<Checkpoint> opened = new ArrayList<>();
        Map<Path, Path> real = new HashMap<>();
        for (Path path : paths) {
            control.check();
            try {
                Checkpoint checkpoint = Checkpoints.open(path, options);
                requireFirst(real, checkpoint.folder().toRealPath(), path);
                opened.add(run ? checkpoint.in(asked) : checkpoint);
            } catch (InvalidCheckpointException e) {
                leaveOut(e.problem(), e, control);
            } catch (MalformedFileException e) {
                leaveOut(e.problem(), e, control);
            }
        }
        return opened;
    }

    private void leaveOut(Problem problem, RuntimeException failure, JobControl control) {
        if (!run || !RunListing.isIncomplete(problem)) {
            throw failure;
        }
        control.notice(problem);
    }
}

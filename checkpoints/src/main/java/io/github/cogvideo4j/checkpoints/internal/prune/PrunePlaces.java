package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// The three folders of a pruning, as they were typed; where the run is a link, that of the folder itself.
///
/// @param run     the run
/// @param weights where converted weights go
/// @param trash   where checkpoints go: beside the run, on its file system, so that a rename moves them
record PrunePlaces(Path run, Path weights, Path trash) {
    /// Finds them.
    ///
    /// @throws NoSuchFileException when the run is not there
    /// @throws OutputException `output-refused` when the weights or the trash would lie inside the run, or the
    ///     trash is a link or on another file system
    static PrunePlaces of(Path given, Optional<Path> weights) throws IOException {
        if (!Files.exists(given)) {
            throw new NoSuchFileException(given.toString());
        }
        Path real = given.toRealPath();
        if (real.getParent() == null || !Files.isDirectory(real)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(given), "checkpoints.prune.no-run");
        }
        // Where links or dots lead elsewhere, what is beside the name is not what is beside the run.
        Path typed = given.normalize();
        boolean plain = !typed.toString().isEmpty() && absolute(typed).equals(real);
        Path run = plain ? typed : real;
        String name = String.valueOf(run.getFileName());
        PrunePlaces places = new PrunePlaces(
                run, weights.orElse(run.resolveSibling(name + "-weights")), run.resolveSibling(name + "-trash"));
        places.check();
        return places;
    }

    private static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }

    private void check() throws IOException {
        Path converted = absolute(weights);
        if (converted.startsWith(absolute(run))
                || absolute(run).startsWith(converted)
                || converted.startsWith(absolute(trash))) {
            throw refused(weights, "checkpoints.output.inside", run);
        }
        if (Files.exists(trash, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(trash, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(trash, "checkpoints.prune.trash-taken");
        }
        Path at = Files.exists(trash) ? trash : absolute(run).resolveSibling("");
        if (!Files.getFileStore(at).equals(Files.getFileStore(run))) {
            throw refused(trash, "checkpoints.prune.file-system", run);
        }
    }

    /// The folder of a checkpoint's converted weights.
    Path weightsOf(String checkpoint) {
        return weights.resolve(checkpoint);
    }

    /// A checkpoint's place in the trash.
    Path trashOf(String checkpoint) {
        return trash.resolve(checkpoint);
    }

    /// What a checkpoint in the trash is called while it is deleted.
    Path deletingOf(String checkpoint) {
        return trash.resolve(".deleting-" + checkpoint);
    }

    static OutputException refused(Path place, String key, Object... arguments) {
        return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(place), key, arguments);
    }
}

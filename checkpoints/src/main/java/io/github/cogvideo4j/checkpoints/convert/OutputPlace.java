package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.internal.staging.Staging;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The requested place of a result: whether it may be written there, and whether there is room.
final class OutputPlace {
    private OutputPlace() {}

    /// Refuses an output that is a link, holds something else, lies inside the source (the checkpoint,
    /// or the run that it was chosen in) or the base, or would swallow them.
    static void check(Checkpoint checkpoint, Optional<BaseModel> base, Path output, boolean overwrite)
            throws IOException {
        Staging.checkTarget(output, overwrite);
        Path real = realPath(output.toAbsolutePath().normalize());
        requireApart(real, checkpoint.folder(), output);
        requireApart(real, checkpoint.asked(), output);
        for (Path file : checkpoint.files().keySet()) {
            if (file.toRealPath().startsWith(real)) {
                throw new OutputException(
                        ProblemCode.OUTPUT_REFUSED, Place.of(output), "checkpoints.output.inside", file);
            }
        }
        if (base.isPresent()) {
            requireApart(real, base.get().folder(), output);
        }
    }

    /// Refuses to start what the disk cannot hold.
    static void requireRoom(Path output, long bytes) throws IOException {
        Path folder = nearestExisting(output.toAbsolutePath().normalize());
        FileStore store = Files.getFileStore(folder);
        long usable = store.getUsableSpace();
        if (bytes > usable) {
            throw new OutputException(
                    ProblemCode.NO_SPACE, Place.of(output), "checkpoints.output.disk-space", bytes, usable);
        }
    }

    /// The bytes of the base's weights that will be copied because they lie on another file system, where a
    /// hard link cannot reach.
    static long copiesInsteadOfLinks(ConversionPlan plan) throws IOException {
        if (plan.options().link() != LinkMode.AUTO || plan.base().isEmpty()) {
            return 0;
        }
        FileStore target = Files.getFileStore(
                nearestExisting(plan.output().toAbsolutePath().normalize()));
        long bytes = 0;
        for (BaseModel.BaseFile file : plan.base().get().files()) {
            if (file.weights() && !Files.getFileStore(file.file()).equals(target)) {
                bytes += file.size();
            }
        }
        return bytes;
    }

    /// Links are followed for the comparison; what is told is what the user typed.
    private static void requireApart(Path target, Path input, Path output) throws IOException {
        Path real = input.toRealPath();
        if (target.startsWith(real) || real.startsWith(target)) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(output), "checkpoints.output.inside", input);
        }
    }

    /// The path with links resolved as far as it exists.
    private static Path realPath(Path target) throws IOException {
        Path existing = nearestExisting(target);
        return existing.toRealPath().resolve(existing.relativize(target)).normalize();
    }

    private static Path nearestExisting(Path path) {
        Path existing = path;
        while (!Files.exists(existing)) {
            Path parent = existing.getParent();
            if (parent == null) {
                return existing;
            }
            existing = parent;
        }
        return existing;
    }
}

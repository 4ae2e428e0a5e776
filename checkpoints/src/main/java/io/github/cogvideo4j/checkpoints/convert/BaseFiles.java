package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The base model's files that go into the result: small ones as copies, weights as links or copies, each with its
/// hash for the manifest.
final class BaseFiles {
    private static final int BUFFER_BYTES = 1 << 20;
    /// A hub cache names a large file's blob by its SHA-256.
    private static final Pattern BLOB = Pattern.compile("[0-9a-f]{64}");

    private final Path target;
    private final Path result;
    private final LinkMode mode;
    private final JobControl control;

    /// @param target  the folder that is filled
    /// @param result  what it will be called, for errors
    /// @param mode    how weights come into it
    /// @param control receives the progress
    BaseFiles(Path target, Path result, LinkMode mode, JobControl control) {
        this.target = target;
        this.result = result;
        this.mode = mode;
        this.control = control;
    }

    /// Brings in every file of the base.
    List<Manifest.FileEntry> bring(BaseModel base) throws IOException {
        control.begin(
                Phase.BASE_FILES,
                base.files().stream().mapToLong(BaseModel.BaseFile::size).sum());
        List<Manifest.FileEntry> entries = new ArrayList<>();
        for (BaseModel.BaseFile file : base.files()) {
            Path destination = target.resolve(file.path());
            Path parent = destination.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            entries.add(file.weights() ? weights(file, destination) : copy(file, destination));
        }
        return entries;
    }

    private Manifest.FileEntry weights(BaseModel.BaseFile file, Path destination) throws IOException {
        Path real = file.file().toRealPath();
        return switch (mode) {
            case COPY -> copy(file, destination);
            case SYMLINK -> {
                Files.createSymbolicLink(destination, real);
                yield linked(file, real, Manifest.Origin.SYMBOLIC_LINK);
            }
            case HARD -> {
                try {
                    Files.createLink(destination, real);
                } catch (FileSystemException | UnsupportedOperationException e) {
                    throw new OutputException(Problem.of(
                                    ProblemCode.OUTPUT_REFUSED,
                                    Place.of(file.file()),
                                    "checkpoints.output.hard-link",
                                    String.valueOf(e.getMessage()))
                            .with(Remedy.change(Remedy.Field.LINK, "auto")));
                }
                yield linked(file, real, Manifest.Origin.HARD_LINK);
            }
            case AUTO -> {
                try {
                    Files.createLink(destination, real);
                } catch (FileSystemException | UnsupportedOperationException _) {
                    // Another file system, or one without links.
                    OutputPlace.requireRoom(destination, file.size());
                    yield copy(file, destination);
                }
                yield linked(file, real, Manifest.Origin.HARD_LINK);
            }
        };
    }

    private Manifest.FileEntry linked(BaseModel.BaseFile file, Path real, Manifest.Origin origin) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(real, BasicFileAttributes.class);
        String name = String.valueOf(real.getFileName());
        String hash;
        if (BLOB.matcher(name).matches()) {
            control.advance(file.size());
            hash = name;
        } else {
            hash = Digests.sha256(real, attributes.size(), control::advance);
        }
        Instant modified = attributes.lastModifiedTime().toInstant();
        return new Manifest.FileEntry(file.path(), origin, attributes.size(), Optional.of(modified), Optional.of(hash));
    }

    /// Copies and hashes in one pass. The copy is a new file with the user's own permissions, whatever the
    /// original's.
    private Manifest.FileEntry copy(BaseModel.BaseFile file, Path destination) throws IOException {
        MessageDigest digest = Digests.sha256();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        long size = 0;
        try (FileChannel from = FileChannel.open(file.file(), StandardOpenOption.READ);
                FileChannel to =
                        FileChannel.open(destination, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                digest.update(buffer.duplicate());
                control.advance(buffer.remaining());
                int bytes = buffer.remaining();
                long position = size;
                NamedFailure.naming(result.resolve(file.path()), () -> {
                    WeightFile.writeFully(to, buffer, position);
                    return to;
                });
                size += bytes;
            }
        }
        return new Manifest.FileEntry(
                file.path(),
                Manifest.Origin.COPIED,
                size,
                Optional.empty(),
                Optional.of(HexFormat.of().formatHex(digest.digest())));
    }
}

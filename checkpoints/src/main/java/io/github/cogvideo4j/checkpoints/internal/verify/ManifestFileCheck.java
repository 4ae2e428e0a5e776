package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/// The check of one file against its line in the manifest. The contents of weight files are proven by their
/// tensors.
public final class ManifestFileCheck {
    private ManifestFileCheck() {}

    public static List<Problem> check(Path folder, Manifest.FileEntry entry, boolean deep) throws IOException {
        Path file = folder.resolve(entry.path());
        boolean link = entry.origin() == Manifest.Origin.SYMBOLIC_LINK;
        LinkOption[] follow = link ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
        if (!Files.isRegularFile(file, follow)) {
            return List.of(problem(file, ProblemCode.MISSING_FILE, "checkpoints.verify.file-missing", entry.path()));
        }
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class, follow);
        if (attributes.size() != entry.size()) {
            return List.of(problem(
                    file, ProblemCode.DIFFERENT, "checkpoints.verify.file-size", attributes.size(), entry.size()));
        }
        return switch (entry.origin()) {
            case WRITTEN, COPIED -> hash(file, entry, attributes.size());
            case WEIGHTS -> entry.sha256().isPresent() ? hash(file, entry, headerLength(file)) : List.of();
            case HARD_LINK, SYMBOLIC_LINK -> {
                boolean touched = entry.modified()
                        .filter(time ->
                                !time.equals(attributes.lastModifiedTime().toInstant()))
                        .isPresent();
                // The hash distinguishes a file that was changed from one that was only touched.
                yield deep || touched ? hash(file, entry, attributes.size()) : List.of();
            }
        };
    }

    private static List<Problem> hash(Path file, Manifest.FileEntry entry, long length) throws IOException {
        String found = Digests.sha256(file, length, _ -> {});
        return entry.sha256().filter(expected -> !expected.equals(found)).isPresent()
                ? List.of(problem(file, ProblemCode.DIFFERENT, "checkpoints.verify.file-hash", entry.path()))
                : List.of();
    }

    /// The header of a safetensors file with its length before it.
    private static long headerLength(Path file) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file)) {
            channel.read(length, 0);
        }
        return Math.clamp(length.getLong(0), 0, Math.max(0, Files.size(file) - Long.BYTES)) + Long.BYTES;
    }

    private static Problem problem(Path file, ProblemCode code, String key, Object... arguments) {
        return Problem.of(code, Place.of(file), key, arguments);
    }
}

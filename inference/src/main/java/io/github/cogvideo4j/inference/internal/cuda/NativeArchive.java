package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// An archive that was fetched: its checksum, and the libraries in it.
///
/// @param artifact what it has to be
/// @param file     the file
record NativeArchive(Artifact artifact, Path file) {
    private static final int BUFFER = 1 << 20;
    private static final int MOST_ENTRIES = 10_000;
    /// What an archive without a hash may be larger than was expected.
    private static final int SLACK = 4;

    private static final int SHA1 = 40;
    private static final int SHA256 = 64;
    private static final int SHA512 = 128;

    /// Compares the file with the known hash, or with the repository's checksum where none is known.
    ///
    /// @throws MissingCapabilityException `bad-crc` when it differs, or there is nothing to compare it with
    void check(Fetched fetched, JobControl control) throws IOException {
        String expected = artifact.sha256()
                .or(fetched::checksum)
                .map(text -> text.strip().toLowerCase(Locale.ROOT))
                .orElse("");
        MessageDigest digest = digest(expected);
        long size = Files.size(file);
        if (size > SLACK * artifact.bytes()) {
            throw refused("inference.cuda.archive-size", artifact.fileName(), size);
        }
        control.begin(SetupPhase.SETUP_CHECK, size);
        try (InputStream in = Files.newInputStream(file)) {
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                control.advance(read);
            }
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(expected)) {
            throw refused(
                    "inference.cuda.archive-checksum", artifact.fileName(), digest.getAlgorithm(), found, expected);
        }
    }

    private MessageDigest digest(String expected) {
        String algorithm = expected.chars().allMatch(HexFormat::isHexDigit)
                ? switch (expected.length()) {
                    case SHA1 -> "SHA-1";
                    case SHA256 -> "SHA-256";
                    case SHA512 -> "SHA-512";
                    default -> "";
                }
                : "";
        if (algorithm.isEmpty()) {
            throw refused("inference.cuda.archive-unknown", artifact.fileName());
        }
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has them
        }
    }

    /// Writes its libraries into a folder, side by side. The folders in it are only names: of them one is
    /// taken, and nothing else.
    ///
    /// @throws MissingCapabilityException `zip-structure` when it is not such an archive
    void unpack(Path folder, JobControl control) throws IOException {
        long limit = SLACK * artifact.unpackedBytes();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            if (zip.size() > MOST_ENTRIES) {
                throw refused("inference.cuda.archive-entries", artifact.fileName(), zip.size());
            }
            Set<String> seen = new HashSet<>();
            long left = limit;
            control.begin(SetupPhase.SETUP_UNPACK, artifact.unpackedBytes());
            for (ZipEntry entry : Collections.list(zip.entries())) {
                Optional<String> name = library(entry);
                if (name.isPresent()) {
                    if (!seen.add(name.get())) {
                        throw refused("inference.cuda.archive-twice", artifact.fileName(), name.get());
                    }
                    Path target = folder.resolve(name.get());
                    left -= copy(zip, entry, target, left, control);
                }
            }
            if (seen.isEmpty()) {
                throw refused("inference.cuda.archive-empty", artifact.fileName());
            }
        } catch (ZipException e) {
            throw refused("inference.cuda.archive-zip", artifact.fileName(), String.valueOf(e.getMessage()));
        }
    }

    /// The name of a library, where an entry is one: it lies right in the folder of its system.
    private Optional<String> library(ZipEntry entry) {
        String name = entry.getName();
        if (name.contains("..") || name.startsWith("/") || name.contains("\\")) {
            throw refused("inference.cuda.archive-name", artifact.fileName(), name);
        }
        int slash = name.lastIndexOf('/');
        boolean here = slash > 0
                && name.startsWith(artifact.group().replace('.', '/') + "/")
                && name.substring(0, slash).endsWith("/" + artifact.classifier());
        return Optional.of(name.substring(slash + 1))
                .filter(plain -> here && plain.contains(".so"))
                .filter(plain -> PlainFileName.of(plain).isPresent());
    }

    private long copy(ZipFile zip, ZipEntry entry, Path target, long limit, JobControl control) throws IOException {
        long written = 0;
        try (InputStream in = zip.getInputStream(entry);
                OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                written += read;
                if (written > limit) {
                    throw refused("inference.cuda.archive-bomb", artifact.fileName(), SLACK * artifact.unpackedBytes());
                }
                try {
                    out.write(buffer, 0, read);
                } catch (IOException e) {
                    throw NamedFailure.of(target, e);
                }
                control.advance(read);
            }
        }
        return written;
    }

    private MissingCapabilityException refused(String key, Object... arguments) {
        ProblemCode code =
                key.endsWith("checksum") || key.endsWith("unknown") ? ProblemCode.BAD_CRC : ProblemCode.ZIP_STRUCTURE;
        return new MissingCapabilityException(code, Place.of(file), key, arguments);
    }
}

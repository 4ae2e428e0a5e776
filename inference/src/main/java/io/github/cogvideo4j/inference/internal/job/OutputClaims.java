package io.github.cogvideo4j.inference.internal.job;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Exclusive claims on the names of videos that will be written later: of two runs for one name, the second is refused
/// when it starts and not when it ends.
///
/// A claim is a lock that the operating system holds on a hidden file beside the video. It ends with the process,
/// however that ends, so a file that stayed behind claims nothing. Two claims are possible where a file system has no
/// locks, or when a claim is given up in the very moment in which another is made; publishing without replacing is
/// exclusive by itself, so even then no video is lost.
public final class OutputClaims implements AutoCloseable {
    /// The claims of this process. The lock is no use among its own threads: closing any channel of a file gives up
    /// the process's locks on it.
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

    private record Claim(Path target, Path file, FileChannel channel) {}

    private final List<Claim> claims = new ArrayList<>();
    private final List<Path> newFolders = new ArrayList<>();
    private final Thread cleaner = Thread.ofPlatform().unstarted(this::release);

    private OutputClaims() {
        // An interrupt ends the virtual machine without unwinding the stack.
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /// Claims the names of all of a request's videos.
    ///
    /// @throws OutputException `output-refused` when another run has one of them
    public static OutputClaims of(GenerationRequest request) throws IOException {
        OutputClaims claims = new OutputClaims();
        try {
            for (int number = 1; number <= request.videos(); number++) {
                GenerationOutputs files = request.outputs().of(number, request.videos());
                claims.add(files.video());
            }
            return claims;
        } catch (RuntimeException | IOException e) {
            claims.close();
            throw e;
        }
    }

    private void add(Path video) throws IOException {
        Path parent = video.toAbsolutePath().normalize().getParent();
        if (parent == null) {
            throw refused(video);
        }
        for (Path folder = parent; folder != null && !Files.exists(folder); folder = folder.getParent()) {
            newFolders.add(folder);
        }
        Files.createDirectories(parent);
        Path target = parent.toRealPath().resolve(video.getFileName());
        if (!OURS.add(target)) {
            throw refused(video);
        }
        Path file = target.resolveSibling("." + target.getFileName() + ".cogvideo4j-lock");
        boolean claimed = false;
        try {
            FileChannel channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
            if (isLocked(channel)) {
                claims.add(new Claim(target, file, channel));
                claimed = true;
            } else {
                channel.close();
                throw refused(video);
            }
        } finally {
            if (!claimed) {
                OURS.remove(target);
            }
        }
    }

    private static boolean isLocked(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException _) {
            return true; // a file system without locks
        }
    }

    private static OutputException refused(Path video) {
        return new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(video), "inference.output.claimed");
    }

    /// Gives the names up.
    @Override
    public void close() {
        release();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException _) {
            // The virtual machine is going down, and the hook is running.
        }
    }

    private synchronized void release() {
        for (Claim claim : claims) {
            // Deleted while it is locked: afterwards it may be another run's.
            deleteQuietly(claim.file());
            try {
                claim.channel().close();
            } catch (IOException _) {
                // The lock ends with the process at the latest.
            }
            OURS.remove(claim.target());
        }
        claims.clear();
        // A folder that was made for nothing; one that holds a result stays.
        newFolders.stream()
                .sorted(Comparator.comparingInt(Path::getNameCount).reversed())
                .forEach(OutputClaims::deleteQuietly);
        newFolders.clear();
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException _) {
            // It claims nothing without its lock.
        }
    }
}

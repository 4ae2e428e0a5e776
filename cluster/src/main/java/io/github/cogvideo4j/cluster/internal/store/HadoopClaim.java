package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileStatus;
import tools.jackson.databind.node.ObjectNode;

/// A claim in a file system that has no locks: a file that says whose it is, written again while its process lives. A
/// claim of a process of this machine that is gone ends at once, another's when it has not been renewed for two
/// minutes by the clock of the file system.
///
/// Two processes that take a dead one's claim in the same moment are told apart by what the file says afterwards. Were
/// even that to fail, results would still be right: nothing in a store is replaced by another attempt.
final class HadoopClaim implements BatchStore.Claim {
    private static final int RENEWED_SECONDS = 20;
    private static final long DEAD_MILLISECONDS = 120_000;
    private static final int LARGEST = 4096;

    private final HadoopStore store;
    private final String name;
    private final byte[] ours;
    private final ScheduledExecutorService renewing;

    private HadoopClaim(HadoopStore store, String name, byte[] ours) {
        this.store = store;
        this.name = name;
        this.ours = ours;
        this.renewing = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().factory());
        var _ = renewing.scheduleWithFixedDelay(this::renew, RENEWED_SECONDS, RENEWED_SECONDS, TimeUnit.SECONDS);
    }

    static HadoopClaim of(HadoopStore store, String name) throws IOException {
        ObjectNode owner = JsonFile.newObject();
        owner.put("host", LocalStore.host());
        owner.put("pid", ProcessHandle.current().pid());
        owner.put("started", started(ProcessHandle.current()));
        owner.put("claim", UUID.randomUUID().toString());
        byte[] ours = (owner + "\n").getBytes(StandardCharsets.UTF_8);
        if (!store.putNew(name, ours)) {
            if (!isDead(store, name)) {
                throw claimed(store, name);
            }
            store.delete(name);
            if (!store.putNew(name, ours)) {
                throw claimed(store, name);
            }
        }
        Optional<ObjectNode> holder = owner(store, name);
        if (holder.filter(one -> one.path("claim").equals(owner.path("claim"))).isEmpty()) {
            throw claimed(store, name);
        }
        return new HadoopClaim(store, name, ours);
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("");
    }

    private static OutputException claimed(HadoopStore store, String name) throws IOException {
        Optional<ObjectNode> owner = owner(store, name);
        Place place = Place.of(Path.of(store.display()));
        return owner.isEmpty()
                ? new OutputException(ProblemCode.OUTPUT_REFUSED, place, "cluster.folder.claimed-by-some")
                : new OutputException(
                        ProblemCode.OUTPUT_REFUSED,
                        place,
                        "cluster.folder.claimed",
                        owner.get().path("pid").asLong(0),
                        owner.get().path("host").asString(""));
    }

    private static Optional<ObjectNode> owner(HadoopStore store, String name) throws IOException {
        try (InputStream stream = store.open(name)) {
            String text = new String(stream.readNBytes(LARGEST), StandardCharsets.UTF_8);
            return Optional.of(JsonFile.parseObject(text, Place.nowhere(), ProblemCode.OUTPUT_REFUSED));
        } catch (FileNotFoundException | MalformedFileException _) {
            return Optional.empty(); // its owner is about to write it, or gave it up
        }
    }

    private static boolean isDead(HadoopStore store, String name) throws IOException {
        Optional<ObjectNode> owner = owner(store, name);
        if (owner.isPresent() && owner.get().path("host").asString("").equals(LocalStore.host())) {
            Optional<ProcessHandle> process =
                    ProcessHandle.of(owner.get().path("pid").asLong(0));
            return process.isEmpty()
                    || !started(process.get())
                            .equals(owner.get().path("started").asString(""));
        }
        Optional<FileStatus> status = store.status(store.path(name));
        if (status.isEmpty()) {
            return true;
        }
        // The time of the file system, which is not this machine's.
        String probe = ".clock-" + UUID.randomUUID();
        store.put(probe, new byte[] {'\n'});
        long now = store.status(store.path(probe))
                .map(FileStatus::getModificationTime)
                .orElse(0L);
        store.delete(probe);
        return now - status.get().getModificationTime() > DEAD_MILLISECONDS;
    }

    private void renew() {
        try {
            store.overwrite(name, ours);
        } catch (IOException _) {
            // The next time it may succeed, and there are six of them.
        }
    }

    @Override
    public void close() throws IOException {
        renewing.shutdown();
        try {
            if (!renewing.awaitTermination(RENEWED_SECONDS, TimeUnit.SECONDS)) {
                renewing.shutdownNow();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        store.delete(name);
    }
}

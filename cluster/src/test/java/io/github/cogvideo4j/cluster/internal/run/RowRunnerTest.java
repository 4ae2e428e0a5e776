package io.github.cogvideo4j.cluster.internal.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.internal.run.BatchWork.RowName;
import io.github.cogvideo4j.cluster.internal.run.RowRunner.Chances;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Single rows on a store without renames: as in an object store, a file appears whole when it is put, and nothing can
/// be moved.
class RowRunnerTest {
    private static final String KEY = "ab".repeat(32);

    /// Nobody will try again.
    private static final Chances ENDED = new Chances(false, false);

    @TempDir
    private Path folder;

    private final ObjectStore store = new ObjectStore();
    private final ManifestLog log = new ManifestLog(store, Optional.empty());

    private static BatchWork work() {
        return new BatchWork(
                KEY, List.of(new RowName(1, "one"), new RowName(2, "two")), "{\"seed\":7}", 0, "cat", 1, 1);
    }

    private RowRunner runner(RowTask task, boolean checked) throws IOException {
        return new RowRunner(store, log, task, "videos", Optional.of(folder), checked);
    }

    private List<ManifestRow> manifest() throws IOException {
        List<ManifestRow> rows = new ArrayList<>();
        log.collect();
        log.each(rows::add);
        return rows;
    }

    @Test
    void twoAttemptsLeaveOneVideoAndTheManifestSaysItsHash() throws IOException {
        try (RowRunner first = runner(new Texts("first", KEY), true);
                RowRunner second = runner(new Texts("second", KEY), true)) {
            ManifestRow one = first.run(work(), ENDED, JobControl.none());
            ManifestRow other = second.run(work().tried(2), ENDED, JobControl.none());
            assertThat(other.sha256()).isEqualTo(one.sha256());
            assertThat(other.file()).isEqualTo(one.file());
        }
        assertThat(store.list("videos")).containsExactly("cat-" + KEY.substring(0, 20) + ".mp4");
        assertThat(manifest()).extracting(ManifestRow::id).contains("one", "two");
        log.tidy();
        assertThat(manifest()).hasSize(2).allMatch(row -> row.completed() && row.attempt() == 2);
        assertThat(folder).isEmptyDirectory();
    }

    /// A process whose weights are not those that the batch was planned with makes nothing.
    @Test
    void otherWeightsAreRefusedAndAreNeverTheRowsFailure() throws IOException {
        try (RowRunner runner = runner(new Texts("x", "cd".repeat(32)), true)) {
            assertThatExceptionOfType(MissingCapabilityException.class)
                    .isThrownBy(() -> runner.run(work(), ENDED, JobControl.none()));
            assertThat(manifest()).isEmpty();
            assertThat(store.list("videos")).isEmpty();
        }
        assertThat(store.list("videos")).isEmpty();
    }

    /// A lack of memory is another process's chance, and then the row's failure.
    @Test
    void aLackOfMemoryIsTriedElsewhereOnce() throws IOException {
        RowTask hungry = new Texts("x", KEY) {
            @Override
            public Made make(ObjectNode fields, Path scratch, JobControl control) {
                throw new IllegalStateException("CUDA out of memory. Tried to allocate 2 GiB\nat c10");
            }
        };
        try (RowRunner runner = runner(hungry, false)) {
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> runner.run(work(), new Chances(true, true), JobControl.none()));
            ManifestRow row = runner.run(work(), ENDED, JobControl.none());
            assertThat(row.errorCode()).hasValue(ProblemCode.MEMORY.id());
            assertThat(row.message())
                    .hasValueSatisfying(text -> assertThat(text).doesNotContain("c10"));
        }
    }

    /// A full disk, a broken device: not the row's fault, and no row of the manifest.
    @Test
    void whatIsWrongWithTheMachineIsThrown() throws IOException {
        store.full = true;
        try (RowRunner runner = runner(new Texts("x", KEY), false)) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> runner.run(work(), ENDED, JobControl.none()));
        }
        store.full = false;
        assertThat(manifest()).isEmpty();
    }

    /// A process that goes down deletes what its row still needs: that is no failure of the row.
    @Test
    void aRowIsNotGivenUpByAProcessThatGoesDown() throws IOException {
        AtomicReference<Runnable> goingDown = new AtomicReference<>(() -> {});
        RowTask late = new Texts("x", KEY) {
            @Override
            public Made make(ObjectNode fields, Path scratch, JobControl control) throws IOException {
                goingDown.get().run();
                throw new NoSuchFileException(scratch.toString());
            }
        };
        try (RowRunner runner = runner(late, false)) {
            goingDown.set(runner::clean);
            assertThatExceptionOfType(CancelledException.class)
                    .isThrownBy(() -> runner.run(work(), ENDED, JobControl.none()));
        }
        assertThat(manifest()).isEmpty();
        assertThat(store.list("manifest")).isEmpty();
    }

    /// Writes a text for a video.
    private static class Texts implements RowTask {
        private final String text;
        private final String key;

        Texts(String text, String key) {
            this.text = text;
            this.key = key;
        }

        @Override
        public Prepared prepare(ObjectNode fields) {
            return new Prepared(key, "", "cat", 1, 1, "cpu", Optional.empty());
        }

        @Override
        public Made make(ObjectNode fields, Path scratch, JobControl control) throws IOException {
            Path file = Files.writeString(scratch.resolve("video.mp4"), text);
            return new Made(List.of(new Produced(file, ".mp4")), OptionalLong.of(7), "cpu", Optional.empty());
        }

        @Override
        public int loads() {
            return 0;
        }

        @Override
        public void close() {}
    }

    private static final class ObjectStore implements BatchStore {
        private final Map<String, byte[]> objects = new ConcurrentSkipListMap<>();
        private boolean full;

        @Override
        public String display() {
            return "objects";
        }

        @Override
        public boolean exists(String name) {
            return objects.containsKey(name);
        }

        @Override
        public List<String> list(String name) {
            return objects.keySet().stream()
                    .filter(key -> key.startsWith(name + "/"))
                    .map(key -> key.substring(name.length() + 1))
                    .toList();
        }

        @Override
        public InputStream open(String name) throws IOException {
            byte[] bytes = objects.get(name);
            if (bytes == null) {
                throw new FileNotFoundException(name);
            }
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public boolean publish(Path local, String name) throws IOException {
            if (full) {
                throw new IOException("No space left on device");
            }
            return objects.putIfAbsent(name, Files.readAllBytes(local)) == null;
        }

        @Override
        public void put(String name, byte[] bytes) {
            objects.put(name, bytes);
        }

        @Override
        public boolean putNew(String name, byte[] bytes) {
            return objects.putIfAbsent(name, bytes) == null;
        }

        @Override
        public void append(String name, byte[] lines) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(objects.getOrDefault(name, "".getBytes(StandardCharsets.UTF_8)));
            all.writeBytes(lines);
            objects.put(name, all.toByteArray());
        }

        @Override
        public void settle(String name) {}

        @Override
        public Optional<Path> folder() {
            return Optional.empty();
        }

        @Override
        public void replace(String name, Body body) throws IOException {
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            body.write(stream);
            objects.put(name, stream.toByteArray());
        }

        @Override
        public void delete(String name) {
            objects.remove(name);
        }

        @Override
        public void retire(String name) {
            objects.remove(name);
        }

        @Override
        public Claim claim(String name) {
            return () -> {};
        }
    }
}

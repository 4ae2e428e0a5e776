package io.github.cogvideo4j.cluster.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchFolder;
import io.github.cogvideo4j.cluster.BatchReport;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.cluster.OneThread;
import io.github.cogvideo4j.cluster.PlannedBatch;
import io.github.cogvideo4j.cluster.internal.store.BatchStore.Claim;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A folder in an object store, and in a file system whose rename is not one step and replaces what has the name.
/// `scripts/hadoop-test.sh` has a real HDFS and a real S3 server.
class HadoopStoreTest {
    private static final Map<String, String> SETTINGS = Map.of(
            "spark.hadoop.fs.objects.impl",
            ObjectFiles.class.getName(),
            "spark.hadoop.fs.copying.impl",
            CopyingFiles.class.getName(),
            "spark.hadoop.fs.absent.impl",
            "org.example.AbsentFileSystem",
            "spark.driver.host",
            "127.0.0.1");

    @TempDir
    private Path folder;

    @BeforeEach
    void clear() {
        ObjectFiles.clear();
        CopyingFiles.dies = false;
    }

    /// A rename that copies and then deletes, and may die in between.
    public static final class CopyingFiles extends RawLocalFileSystem {
        private static boolean dies;

        @Override
        public java.net.URI getUri() {
            return java.net.URI.create("copying:///");
        }

        @Override
        public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) throws IOException {
            Path source = pathToFile(from).toPath();
            try (FileOutputStream stream = new FileOutputStream(pathToFile(to))) {
                Files.copy(source, stream);
            }
            Files.delete(source);
            if (dies) {
                throw new IllegalStateException("the process ended");
            }
            return true;
        }
    }

    private String place(String scheme) {
        return scheme + "://" + (scheme.equals("objects") ? "bucket" : "") + folder + "/out";
    }

    private BatchStore store(String scheme) throws IOException {
        return Places.store(place(scheme), SETTINGS);
    }

    private static String text(BatchStore store, String name) throws IOException {
        try (InputStream stream = store.open(name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects", "copying"})
    void ofTwoAttemptsTheFirstStaysAndNothingElseDoes(String scheme) throws IOException {
        try (BatchStore store = store(scheme)) {
            Path first = Files.writeString(folder.resolve("first"), "first");
            Path second = Files.writeString(folder.resolve("second"), "second");
            assertThat(store.publish(first, "videos/a.mp4")).isTrue();
            assertThat(store.publish(second, "videos/a.mp4")).isFalse();
            assertThat(text(store, "videos/a.mp4")).isEqualTo("first");
            assertThat(store.list("videos")).containsExactly("a.mp4");
            assertThat(store.list("videos/a.mp4")).isEmpty();
            assertThat(store.list("none")).isEmpty();
        }
    }

    /// An attempt that fails while it writes leaves nothing: closing its stream would publish the half.
    @ParameterizedTest
    @ValueSource(strings = {"objects", "copying"})
    void halfAFileIsNone(String scheme) throws IOException {
        try (BatchStore store = store(scheme)) {
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> store.replace("index.html", stream -> {
                        stream.write('x');
                        throw new IOException("the disk is gone");
                    }))
                    .withMessage("the disk is gone");
            assertThat(store.exists("index.html")).isFalse();
            assertThat(store.list("")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects", "copying"})
    void whatIsAddedIsReadBehindTheRestAndBecomesOneFile(String scheme) throws IOException {
        try (BatchStore store = store(scheme)) {
            for (int i = 0; i < 12; i++) {
                store.append("manifest.jsonl", bytes(i + "\n"));
            }
            String all = "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n";
            assertThat(text(store, "manifest.jsonl")).isEqualTo(all);
            store.settle("manifest.jsonl");
            assertThat(text(store, "manifest.jsonl")).isEqualTo(all);
            assertThat(store.list("").stream().filter(name -> !name.equals(".added")))
                    .containsExactly("manifest.jsonl");
            assertThat(store.list(".added/manifest.jsonl")).isEmpty();
        }
    }

    /// A manifest is replaced in two steps; a process that dies between them leaves it findable.
    @Test
    void aManifestIsNeverGone() throws IOException {
        try (BatchStore store = store("copying")) {
            store.put("manifest.jsonl", bytes("old\n"));
            CopyingFiles.dies = true;
            assertThatExceptionOfType(IllegalStateException.class)
                    .isThrownBy(() -> store.put("manifest.jsonl", bytes("new\n")));
            CopyingFiles.dies = false;
            assertThat(Files.exists(folder.resolve("out/manifest.jsonl"))).isFalse();
            assertThat(store.exists("manifest.jsonl")).isTrue();
            assertThat(text(store, "manifest.jsonl")).isEqualTo("old\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"objects", "copying"})
    void aClaimIsOneProcesssAndADeadOnesEndsAtOnce(String scheme) throws IOException {
        try (BatchStore store = store(scheme);
                BatchStore other = store(scheme)) {
            try (Claim _ = store.claim(".lock")) {
                assertThatExceptionOfType(OutputException.class)
                        .isThrownBy(() -> other.claim(".lock"))
                        .withMessageContaining(
                                Long.toString(ProcessHandle.current().pid()));
            }
            store.put(".lock", bytes("{\"host\": \"" + LocalStore.host() + "\", \"pid\": 999999999}\n"));
            try (Claim _ = other.claim(".lock")) {
                assertThat(text(store, ".lock")).contains("\"claim\"");
            }
            store.put(".lock", bytes("{\"host\": \"another-machine\", \"pid\": 1}\n"));
            assertThatExceptionOfType(OutputException.class)
                    .isThrownBy(() -> other.claim(".lock"))
                    .withMessageContaining("another-machine");
        }
    }

    /// Rows, resume, page, proof, garbage: all of a batch.
    @ParameterizedTest
    @ValueSource(strings = {"objects", "copying"})
    void aBatchFillsIt(String scheme) throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path rows = Files.write(folder.resolve("rows.txt"), List.of(folder + "/none", model.toString()));
        BatchRequest plain = BatchRequest.of(TaskKind.VERIFY, rows.toString(), place(scheme), JsonFile.newObject());
        BatchRequest request =
                OneThread.of(plain, Optional.empty(), Optional.of(new Cluster("local", SETTINGS, false)));
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            assertThat(plan.run(JobControl.none()).failed()).isEqualTo(2);
        }
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            assertThat(plan.left()).isZero();
            BatchReport again = plan.run(JobControl.none());
            assertThat(again.failed()).isEqualTo(2);
        }
        try (BatchFolder opened = BatchFolder.open(place(scheme), SETTINGS)) {
            assertThat(opened.verify(JobControl.none())).isEmpty();
            assertThat(opened.collectGarbage()).isEmpty();
            assertThat(opened.writePage(Locale.ENGLISH)).isEqualTo("index.html");
            assertThat(opened.exportVbench()).isZero();
        }
        try (BatchStore store = store(scheme)) {
            assertThat(text(store, "manifest.jsonl").lines()).hasSize(2);
        }
    }

    @Test
    void whatIsNoFolderIsRefusedByName() {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> Places.store("nothing://host/out", Map.of()))
                .withMessageContaining("nothing");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> Places.store("https://host/out", Map.of()))
                .withMessageContaining("https");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> Places.store("objects://a b/out", SETTINGS))
                .withMessageContaining("a b");
        assertThatExceptionOfType(MissingCapabilityException.class)
                .isThrownBy(() -> Places.store("absent://host/out", SETTINGS))
                .withMessageContaining("absent");
        assertThat(Places.isRemote("file:///tmp/x")).isFalse();
        assertThat(Places.isRemote("C://x")).isFalse();
        assertThat(Places.isRemote("rows.jsonl")).isFalse();
    }
}

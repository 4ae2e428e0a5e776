package io.github.cogvideo4j.cluster.internal.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.cluster.internal.row.BatchRow;
import io.github.cogvideo4j.cluster.internal.row.RowFields;
import io.github.cogvideo4j.cluster.internal.row.RowFile;
import io.github.cogvideo4j.cluster.internal.row.RowSink;
import io.github.cogvideo4j.cluster.internal.store.LocalStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Files that pyarrow 25.0.1 wrote, and the manifest as it is read back.
class ParquetTest {
    @TempDir
    private Path folder;

    private static final class Rows implements RowSink {
        private final List<BatchRow> rows = new ArrayList<>();
        private final List<String> bad = new ArrayList<>();

        @Override
        public void row(BatchRow row) {
            rows.add(row);
        }

        @Override
        public void bad(long line, Problem problem) {
            bad.add(line + " " + problem.message().text());
        }
    }

    private Path file(String name) throws IOException {
        Path copy = folder.resolve(name);
        try (InputStream stream = Objects.requireNonNull(ParquetTest.class.getResourceAsStream(name))) {
            Files.copy(stream, copy);
        }
        return copy;
    }

    private static Rows read(Path file) throws IOException {
        Rows rows = new Rows();
        new RowFile(file.toString(), Map.of(), new RowFields("prompt", true)).read(rows);
        return rows;
    }

    /// Text, whole numbers, fractions, lists, and a request of OpenAI's batch API in a structure.
    @Test
    void columnsAreFields() throws IOException {
        Rows rows = read(file("rows.parquet"));
        assertThat(rows.bad).isEmpty();
        assertThat(rows.rows).extracting(BatchRow::id).containsExactly("one", "two", "3", "four");
        assertThat(rows.rows)
                .extracting(row -> row.fields().toString())
                .containsExactly(
                        "{\"seed\":1,\"guidance_scale\":6.1,\"prompts\":[{\"text\":\"a cat\"}]}",
                        "{\"seeds\":[4,5],\"prompts\":[{\"text\":\"a dog — 狗\"}]}",
                        "{\"num_frames\":5,\"tiling\":true,\"prompts\":[{\"text\":\"a hen\"}]}",
                        "{\"guidance_scale\":2.0,\"prompts\":[{\"text\":\"a cow\"}]}");
    }

    @Test
    void aColumnOfAnotherTypeIsNamed() throws IOException {
        Path file = file("timestamp.parquet");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> read(file))
                .withMessageContaining("\"seed\"")
                .withMessageContaining("TIMESTAMP");
        Rows rows = read(file("binary.parquet"));
        assertThat(rows.bad).containsExactly("1 the column \"prompt\" is not UTF-8");
        assertThat(rows.rows).hasSize(1);
    }

    /// A cut file, a changed byte anywhere: rows, or one refusal.
    @Test
    void whatIsNotSoundIsRefusedOnce() throws IOException {
        byte[] sound = Files.readAllBytes(file("rows.parquet"));
        Path file = folder.resolve("broken.parquet");
        for (int i = 0; i < sound.length; i += 7) {
            byte[] changed = sound.clone();
            changed[i] ^= (byte) 0xFF;
            Files.write(file, changed);
            readOrRefuse(file);
            Files.write(file, java.util.Arrays.copyOf(sound, i));
            readOrRefuse(file);
        }
        byte[] longFooter = sound.clone();
        ByteBuffer.wrap(longFooter).order(ByteOrder.LITTLE_ENDIAN).putInt(sound.length - 8, Integer.MAX_VALUE);
        Files.write(file, longFooter);
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> read(file))
                .withMessageContaining("footer 2147483647");
    }

    private static void readOrRefuse(Path file) throws IOException {
        try {
            Rows rows = read(file);
            assertThat(rows.rows.size() + rows.bad.size()).isLessThanOrEqualTo(100);
        } catch (InvalidRequestException e) {
            assertThat(e.problem().message().text()).doesNotContain("\n");
        }
    }

    @Test
    void theManifestIsReadBack() throws IOException {
        LocalStore store = new LocalStore(folder);
        ManifestLog log = new ManifestLog(store, Optional.empty());
        ObjectNode settings = JsonFile.newObject().put("steps", 3);
        ManifestRow made = new ManifestRow(
                "ab".repeat(32),
                "one",
                1,
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.of("videos/a.mp4"),
                7,
                Optional.of("cd".repeat(32)),
                OptionalLong.of(-5),
                settings,
                1.5,
                "cpu",
                "here",
                2);
        log.add(List.of(made.spoiled("image", "is no picture"), made, made.named("two", 9)));
        ParquetManifest.write(store, log);
        List<String> read = new ArrayList<>();
        new ParquetRows(folder.resolve(ParquetManifest.NAME).toString(), Map.of())
                .read(1 << 20, new ParquetRows.Reader() {
                    @Override
                    public void row(long number, ObjectNode row) {
                        read.add(row.toString());
                    }

                    @Override
                    public void bad(long number, Problem problem) {
                        read.add(problem.toString());
                    }
                });
        assertThat(read).hasSize(2);
        assertThat(read.getFirst())
                .isEqualTo("{\"key\":\"" + made.key() + "\",\"id\":\"one\",\"row\":1,\"status\":\"completed\","
                        + "\"file\":\"videos/a.mp4\",\"bytes\":7,\"sha256\":\"" + "cd".repeat(32)
                        + "\",\"seed\":-5,\"settings\":\"{\\\"steps\\\":3}\",\"seconds\":1.5,\"device\":\"cpu\","
                        + "\"host\":\"here\",\"attempt\":2}");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("manifest.jsonl", "manifest.parquet");
    }
}

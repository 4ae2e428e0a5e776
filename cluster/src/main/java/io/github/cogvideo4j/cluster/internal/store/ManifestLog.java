package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The manifest of a batch: `manifest.jsonl`, and while a batch runs a part for each row that has ended and has not
/// been added yet. A shard has a manifest and parts of its own, since shards run on machines that know nothing of each
/// other; a reader reads all manifests. Of several rows of one key and id the last one counts.
public final class ManifestLog {
    /// The manifest that users read.
    public static final String MAIN = "manifest.jsonl";

    private static final String SHARD = "manifest-\\d+-of-\\d+\\.jsonl";
    private static final int ONCE = 4 << 20;

    private final BatchStore store;
    private final String name;
    private final String parts;

    /// @param share the shard, as in `3-of-16`; empty for a batch that is not divided
    public ManifestLog(BatchStore store, Optional<String> share) {
        this.store = store;
        this.name = share.map(shard -> "manifest-" + shard + ".jsonl").orElse(MAIN);
        this.parts = share.map(shard -> "manifest-" + shard).orElse("manifest");
    }

    /// A receiver of rows.
    @FunctionalInterface
    public interface RowReader {
        /// Receives a row.
        void read(ManifestRow row) throws IOException;
    }

    /// The folder of what is not in the manifest yet.
    public String parts() {
        return parts;
    }

    /// Says for good what became of a row under all its names.
    public void commit(List<ManifestRow> rows) throws IOException {
        StringBuilder lines = new StringBuilder();
        rows.forEach(row -> lines.append(row.line()));
        ManifestRow first = rows.getFirst();
        store.put(
                parts + "/" + "%06d".formatted(first.attempt()) + "-" + first.key() + ".jsonl",
                lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /// Adds rows to the manifest at once.
    public void add(List<ManifestRow> rows) throws IOException {
        StringBuilder lines = new StringBuilder();
        rows.forEach(row -> lines.append(row.line()));
        store.append(name, lines.toString().getBytes(StandardCharsets.UTF_8));
    }

    /// Adds the parts to the manifest. Stopped in between, the next one finds again what it had not deleted.
    public void collect() throws IOException {
        List<String> names = store.list(parts).stream()
                .filter(part -> part.endsWith(".jsonl") && !part.startsWith("."))
                .sorted(Comparator.naturalOrder())
                .toList();
        int next = 0;
        while (next < names.size()) {
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            int first = next;
            while (next < names.size() && lines.size() < ONCE) {
                try (var stream = store.open(parts + "/" + names.get(next))) {
                    stream.transferTo(lines);
                }
                next++;
            }
            store.append(name, lines.toByteArray());
            for (String part : names.subList(first, next)) {
                store.delete(parts + "/" + part);
            }
        }
    }

    /// Reads the rows of all manifests.
    ///
    /// @throws MalformedFileException `manifest` for a line that is no such row; a last one without its end is left
    /// out
    public void each(RowReader reader) throws IOException {
        if (store.exists(MAIN)) {
            read(MAIN, reader);
        }
        for (String shard : shards(store)) {
            read(shard, reader);
        }
    }

    /// The manifests of shards.
    public static List<String> shards(BatchStore store) throws IOException {
        return store.list("").stream().filter(file -> file.matches(SHARD)).toList();
    }

    private void read(String file, RowReader reader) throws IOException {
        lines(file, (number, line) -> {
            try {
                reader.read(ManifestRow.read(line, Place.of(Path.of(file))));
            } catch (MalformedFileException e) {
                throw new MalformedFileException(
                        ProblemCode.MANIFEST,
                        Place.of(Path.of(store.display(), file)),
                        "cluster.row.bad",
                        number + 1,
                        e.problem().message());
            }
        });
    }

    @FunctionalInterface
    private interface LineReader {
        void read(int number, String line) throws IOException;
    }

    private void lines(String file, LineReader reader) throws IOException {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(store.open(file), StandardCharsets.UTF_8))) {
            int number = 0;
            String line = lines.readLine();
            while (line != null) {
                String next = lines.readLine();
                if (next == null && !line.endsWith("}")) {
                    return; // cut off: what it said is in a part
                }
                if (!line.isBlank()) {
                    reader.read(number, line);
                }
                number++;
                line = next;
            }
        }
    }

    /// Leaves one row for each key and id in the manifest.
    public void tidy() throws IOException {
        if (!store.exists(name)) {
            return;
        }
        KeySet last = new KeySet();
        int[] count = new int[1];
        lines(name, (number, line) -> {
            last.put(identity(line), number);
            count[0]++;
        });
        if (last.size() == count[0]) {
            return;
        }
        store.replace(
                name,
                stream -> lines(name, (number, line) -> {
                    if (last.get(identity(line)) == number) {
                        stream.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                    }
                }));
    }

    private String identity(String line) {
        ManifestRow row = ManifestRow.read(line, Place.of(Path.of(name)));
        return identity(row.key(), row.id());
    }

    /// What one row is known by.
    public static String identity(String key, String id) {
        return key + "\n" + id;
    }

    /// Adds the manifests of all shards to the one that users read.
    public void merge() throws IOException {
        List<String> shards = shards(store);
        for (String shard : shards) {
            try (var stream = store.open(shard)) {
                byte[] bytes = stream.readAllBytes();
                int end = bytes.length;
                while (end > 0 && bytes[end - 1] != '\n') {
                    end--;
                }
                store.append(MAIN, Arrays.copyOf(bytes, end));
            }
        }
        tidy();
        for (String shard : shards) {
            store.delete(shard);
        }
    }
}

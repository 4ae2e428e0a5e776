package io.github.cogvideo4j.cluster.internal.store;

import io.github.cogvideo4j.cluster.internal.store.Lines.LongLineException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
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
    private static final String PARTS = "manifest(-\\d+-of-\\d+)?";
    private static final String PART = "\\d{6,10}-[0-9a-f]{64}\\.jsonl";
    private static final int ONCE = 4 << 20;

    /// A row may be written with an escape for each of its characters.
    private static final int LONGEST = 8 * Lines.ROW;

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
        List<String> names = parts(parts);
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

    /// Makes one file of the manifest, where it lies in several.
    public void settle() throws IOException {
        store.settle(name);
    }

    private List<String> parts(String folder) throws IOException {
        return store.list(folder).stream()
                .filter(part -> part.matches(PART))
                .sorted(Comparator.naturalOrder())
                .toList();
    }

    /// Reads the rows of all manifests, and those that are in none yet: a process that was killed left them.
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
        for (String folder : store.list("")) {
            if (folder.matches(PARTS)) {
                for (String part : parts(folder)) {
                    readPart(folder + "/" + part, reader);
                }
            }
        }
    }

    /// Reads the rows that count: of several of one key and id the last.
    ///
    /// @throws MalformedFileException as [#each]
    public void eachLast(RowReader reader) throws IOException {
        KeySet last = new KeySet();
        int[] number = new int[1];
        each(row -> last.put(identity(row.key(), row.id()), number[0]++));
        number[0] = 0;
        each(row -> {
            if (last.get(identity(row.key(), row.id())) == number[0]++) {
                reader.read(row);
            }
        });
    }

    private void readPart(String part, RowReader reader) throws IOException {
        try {
            read(part, reader);
        } catch (NoSuchFileException | FileNotFoundException _) {
            // Its process has just added it to the manifest.
        }
    }

    /// The manifests of shards.
    public static List<String> shards(BatchStore store) throws IOException {
        return store.list("").stream().filter(file -> file.matches(SHARD)).toList();
    }

    private void read(String file, RowReader reader) throws IOException {
        lines(file, (number, line) -> reader.read(row(file, number, line)));
    }

    private ManifestRow row(String file, long number, String line) {
        try {
            return ManifestRow.read(line, place(file));
        } catch (MalformedFileException e) {
            throw bad(file, number, e.problem().message());
        }
    }

    private Place place(String file) {
        return Place.of(Path.of(store.display(), file));
    }

    private MalformedFileException bad(String file, long number, Object what) {
        return new MalformedFileException(ProblemCode.MANIFEST, place(file), "cluster.row.bad", number, what);
    }

    @FunctionalInterface
    private interface LineReader {
        void read(long number, String line) throws IOException;
    }

    private void lines(String file, LineReader reader) throws IOException {
        try (Lines lines = new Lines(store.open(file), LONGEST)) {
            for (Optional<String> line = next(lines, file); line.isPresent(); line = next(lines, file)) {
                if (!lines.isEnded()) {
                    return; // cut off: what it said is in a part
                }
                if (!line.get().isBlank()) {
                    reader.read(lines.number(), line.get());
                }
            }
        }
    }

    private Optional<String> next(Lines lines, String file) throws IOException {
        try {
            return lines.next();
        } catch (LongLineException | CharacterCodingException e) {
            throw bad(
                    file,
                    lines.number(),
                    Message.of(e instanceof LongLineException ? "cluster.manifest.long" : "cluster.row.encoding"));
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
            last.put(identity(number, line), Math.toIntExact(number));
            count[0]++;
        });
        if (last.size() == count[0]) {
            return;
        }
        store.replace(
                name,
                stream -> lines(name, (number, line) -> {
                    if (last.get(identity(number, line)) == number) {
                        stream.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                    }
                }));
    }

    private String identity(long number, String line) {
        ManifestRow row = row(name, number, line);
        return identity(row.key(), row.id());
    }

    /// What one row is known by.
    public static String identity(String key, String id) {
        return key + "\n" + id;
    }

    /// Adds the manifests of all shards to the one that users read. Stopped in between, the next one adds a shard
    /// again, and of two rows of one name the last counts.
    public void merge() throws IOException {
        List<String> shards = shards(store);
        for (String shard : shards) {
            List<String> rows = new ArrayList<>();
            int[] length = new int[1];
            lines(shard, (_, line) -> {
                rows.add(line + "\n");
                length[0] += line.length();
                if (length[0] > ONCE) {
                    append(rows);
                    length[0] = 0;
                }
            });
            append(rows);
        }
        tidy();
        settle();
        for (String shard : shards) {
            store.delete(shard);
        }
    }

    private void append(List<String> rows) throws IOException {
        store.append(MAIN, String.join("", rows).getBytes(StandardCharsets.UTF_8));
        rows.clear();
    }
}

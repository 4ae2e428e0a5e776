package io.github.cogvideo4j.cluster.internal.row;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.cluster.internal.parquet.ParquetRows;
import io.github.cogvideo4j.cluster.internal.store.Lines;
import io.github.cogvideo4j.cluster.internal.store.Lines.LongLineException;
import io.github.cogvideo4j.cluster.internal.store.Places;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/// A file of rows: JSON lines (also those of OpenAI's batch API), CSV with a header, or a text with a prompt or a path
/// on each line. The ending of the name says which.
public final class RowFile {
    private static final String SEPARATOR = "@@";

    /// What is in the way of reading a row.
    private static final class BadRowException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient Problem problem;

        BadRowException(Problem problem) {
            super(problem.message().text());
            this.problem = problem;
        }
    }

    private final String name;
    private final Path file;
    private final Map<String, String> settings;
    private final RowFields fields;

    /// @param name     a path, or a URI of a Hadoop file system
    /// @param settings settings of Spark, of which those for Hadoop are used
    /// @param fields   what a row may say
    public RowFile(String name, Map<String, String> settings, RowFields fields) {
        this.name = name;
        this.file = Places.isRemote(name) ? Path.of(name) : Places.path(name);
        this.settings = Map.copyOf(settings);
        this.fields = fields;
    }

    /// Whether a file of this name is Parquet.
    public static boolean isParquet(String name) {
        return name.toLowerCase(Locale.ROOT).endsWith(".parquet");
    }

    /// Reads the rows, those that can be read and what is wrong with the others.
    ///
    /// @throws InvalidRequestException `request` when the file as a whole cannot be used
    public void read(RowSink sink) throws IOException {
        if (Files.isDirectory(file)) {
            throw new InvalidRequestException(ProblemCode.REQUEST, Place.of(file), "cluster.rows.folder");
        }
        if (isParquet(name)) {
            Places.requireSpark(name);
            readParquet(sink);
            return;
        }
        String kind = name.toLowerCase(Locale.ROOT);
        try (Lines lines = new Lines(Places.open(name, settings), Lines.ROW)) {
            if (kind.endsWith(".csv")) {
                readTable(lines, sink);
            } else if (kind.endsWith(".jsonl") || kind.endsWith(".ndjson") || kind.endsWith(".json")) {
                each(lines, sink, this::json);
            } else {
                each(lines, sink, this::text);
            }
        }
    }

    @FunctionalInterface
    private interface Form {
        ObjectNode fields(String line);
    }

    private void each(Lines lines, RowSink sink, Form form) throws IOException {
        for (boolean more = true; more; ) {
            try {
                Optional<String> line = lines.next();
                more = line.isPresent();
                if (more && !line.get().isBlank()) {
                    sink.row(fields.row(lines.number(), form.fields(line.get())));
                }
            } catch (LongLineException | CharacterCodingException e) {
                sink.bad(lines.number(), lineProblem(e));
            } catch (BadRowException e) {
                sink.bad(lines.number(), e.problem);
            } catch (InvalidRequestException | MalformedFileException e) {
                sink.bad(lines.number(), ((CarriesProblem) e).problem());
            }
        }
    }

    private Problem lineProblem(IOException e) {
        return Problem.of(
                ProblemCode.REQUEST,
                Place.of(file),
                e instanceof LongLineException ? "cluster.row.long" : "cluster.row.encoding");
    }

    private void readParquet(RowSink sink) throws IOException {
        new ParquetRows(name, settings).read(Lines.ROW, new ParquetRows.Reader() {
            @Override
            public void row(long number, ObjectNode record) throws IOException {
                try {
                    sink.row(fields.row(number, unframed(record)));
                } catch (BadRowException e) {
                    sink.bad(number, e.problem);
                } catch (InvalidRequestException | MalformedFileException e) {
                    sink.bad(number, ((CarriesProblem) e).problem());
                }
            }

            @Override
            public void bad(long number, Problem problem) {
                sink.bad(number, problem);
            }
        });
    }

    private ObjectNode json(String line) {
        return unframed(JsonFile.parseObject(line, Place.of(file), ProblemCode.REQUEST));
    }

    private ObjectNode unframed(ObjectNode json) {
        return json.get("body") instanceof ObjectNode body ? batchApi(json, body) : json;
    }

    /// A row of OpenAI's batch API. Of its frame only the name is of use.
    private ObjectNode batchApi(ObjectNode frame, ObjectNode body) {
        for (String name : frame.propertyNames()) {
            if (!Set.of("custom_id", "method", "url", "body").contains(name)) {
                throw bad("cluster.row.unknown", name);
            }
        }
        String url = frame.path("url").asString("/v1/videos");
        if (!url.endsWith("/videos")) {
            throw bad("cluster.row.url", url);
        }
        ObjectNode fields = body.deepCopy();
        if (frame.has("custom_id")) {
            fields.set("custom_id", frame.get("custom_id"));
        }
        return fields;
    }

    private ObjectNode text(String line) {
        ObjectNode json = JsonFile.newObject();
        int separator = line.lastIndexOf(SEPARATOR);
        if (separator < 0 || !fields.prompted()) {
            json.put(fields.usual(), line.strip());
        } else {
            json.put(fields.usual(), line.substring(0, separator).strip());
            json.put("input", line.substring(separator + SEPARATOR.length()).strip());
        }
        return json;
    }

    private void readTable(Lines lines, RowSink sink) throws IOException {
        List<String> header = new ArrayList<>();
        for (boolean more = true; more; ) {
            long first = lines.number() + 1;
            try {
                Optional<List<String>> record = record(lines);
                more = record.isPresent();
                if (more && header.isEmpty()) {
                    header.addAll(header(record.get()));
                } else if (more
                        && !(record.get().size() == 1 && record.get().getFirst().isBlank())) {
                    sink.row(fields.row(first, cells(header, record.get())));
                }
            } catch (LongLineException | CharacterCodingException e) {
                sink.bad(lines.number(), lineProblem(e));
            } catch (BadRowException e) {
                if (header.isEmpty()) {
                    throw new InvalidRequestException(e.problem);
                }
                sink.bad(first, e.problem);
            } catch (InvalidRequestException | MalformedFileException e) {
                sink.bad(first, ((CarriesProblem) e).problem());
            }
        }
    }

    private List<String> header(List<String> cells) {
        List<String> names = cells.stream().map(String::strip).toList();
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            if (name.isEmpty() || !seen.add(name)) {
                throw bad("cluster.rows.header", name);
            }
        }
        return names;
    }

    private ObjectNode cells(List<String> header, List<String> cells) {
        if (cells.size() != header.size()) {
            throw bad("cluster.row.cells", cells.size(), header.size());
        }
        ObjectNode json = JsonFile.newObject();
        for (int i = 0; i < cells.size(); i++) {
            // An empty cell leaves the default.
            if (!cells.get(i).isEmpty()) {
                fields.put(json, header.get(i), cells.get(i));
            }
        }
        return json;
    }

    /// A record of CSV as RFC 4180 has it: cells in quotes may hold commas, line ends and doubled quotes.
    private Optional<List<String>> record(Lines lines) throws IOException {
        Optional<String> line = lines.next();
        if (line.isEmpty()) {
            return Optional.empty();
        }
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        String text = line.get();
        int length = text.length();
        for (int i = 0; ; i++) {
            if (i == text.length()) {
                if (!quoted) {
                    cells.add(cell.toString());
                    return Optional.of(cells);
                }
                cell.append('\n');
                text = lines.next().orElseThrow(() -> bad("cluster.row.quote"));
                length += text.length();
                if (length > Lines.ROW) {
                    throw new LongLineException();
                }
                i = -1;
                continue;
            }
            char c = text.charAt(i);
            if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                cell.append('"');
                i++;
            } else if (c == '"' && (quoted || cell.isEmpty())) {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
    }

    private BadRowException bad(String key, Object... arguments) {
        return new BadRowException(Problem.of(ProblemCode.REQUEST, Place.of(file), key, arguments));
    }
}

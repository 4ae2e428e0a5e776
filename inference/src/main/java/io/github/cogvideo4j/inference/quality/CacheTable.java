package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.output.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A table of what step caches save and cost with one model, sampler and number of steps: a row for each setting that
/// was measured, kept as a JSON file.
///
/// @param subject what it was measured with
/// @param rows    the settings, in the order in which they were measured
public record CacheTable(CacheSubject subject, List<Row> rows) {
    private static final int FORMAT = 1;
    private static final long LARGEST = 1L << 20;

    /// One setting, measured over all prompts.
    ///
    /// @param cache   the setting
    /// @param speedUp how many times as fast as the exact run the steps were
    /// @param share   the share of the blocks' work that was computed
    /// @param psnr    of the videos against the exact ones, in decibels; infinity when they are equal
    /// @param ssim    of the videos against the exact ones
    public record Row(CacheChoice cache, double speedUp, double share, double psnr, double ssim) {}

    /// Copies the list.
    public CacheTable {
        rows = List.copyOf(rows);
    }

    /// The fastest setting whose videos are at least this like the exact ones.
    ///
    /// @param psnr in decibels
    public Optional<CacheChoice> fastest(double psnr) {
        return rows.stream()
                .filter(row -> row.psnr >= psnr)
                .max(Comparator.comparingDouble(Row::speedUp))
                .map(Row::cache);
    }

    /// Writes the table where [#read(Path, CacheSubject)] finds it.
    ///
    /// @param folder the folder of all tables
    /// @return the file
    public Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path file = subject.file(folder);
        OutputFile.write(file, true, unfinished -> Files.writeString(unfinished, JsonFile.format(json())));
        return file;
    }

    /// The table of a model, a sampler and a number of steps, if there is one.
    ///
    /// @param folder the folder of all tables
    /// @throws InvalidRequestException when it cannot be understood
    public static Optional<CacheTable> read(Path folder, CacheSubject subject) throws IOException {
        Path file = subject.file(folder);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        ObjectNode root = JsonFile.readObject(file, LARGEST, ProblemCode.CONFIG_INVALID);
        if (root.path("format").asInt(0) != FORMAT || !root.path("rows").isArray()) {
            throw bad(file, "format");
        }
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : root.path("rows")) {
            if (!row.path("cache").isString()) {
                throw bad(file, "rows.cache");
            }
            rows.add(new Row(
                    CacheChoice.of(row.path("cache").stringValue()),
                    number(file, row, "speed_up"),
                    number(file, row, "share"),
                    row.path("psnr").isNull() ? Double.POSITIVE_INFINITY : number(file, row, "psnr"),
                    number(file, row, "ssim")));
        }
        return Optional.of(new CacheTable(subject, rows));
    }

    private static double number(Path file, JsonNode row, String field) {
        if (!row.path(field).isNumber()) {
            throw bad(file, "rows." + field);
        }
        return row.path(field).doubleValue();
    }

    private static InvalidRequestException bad(Path file, String field) {
        return new InvalidRequestException(
                ProblemCode.CONFIG_INVALID, Place.of(file), "inference.quality.table", field);
    }

    /// The table as JSON. JSON has no infinity: the likeness of equal videos is `null`.
    public ObjectNode json() {
        ObjectNode root = JsonFile.newObject();
        root.put("format", FORMAT);
        root.put("model", subject.model());
        root.put("scheduler", subject.scheduler());
        root.put("steps", subject.steps());
        ArrayNode list = root.putArray("rows");
        for (Row row : rows) {
            ObjectNode node = list.addObject();
            node.put("cache", row.cache.toString());
            node.put("speed_up", row.speedUp);
            node.put("share", row.share);
            if (Double.isInfinite(row.psnr)) {
                node.putNull("psnr");
            } else {
                node.put("psnr", row.psnr);
            }
            node.put("ssim", row.ssim);
        }
        return root;
    }
}

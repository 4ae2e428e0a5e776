package io.github.cogvideo4j.cluster.internal.task;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.pipeline.GenerationKeys;
import io.github.cogvideo4j.inference.quality.ScoreReport;
import io.github.cogvideo4j.inference.quality.ScoreRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Rows that are checkpoints to convert, folders to verify, videos to measure. What comes of each is a report in JSON;
/// a converted model lies in a folder beside the reports.
public final class SourceTask implements RowTask {
    private static final double GIGA = 1e9;
    private static final int REPORT = 4_000;
    private static final int DEPTH = 4;
    private static final int KEY = 12;

    private final TaskKind kind;
    private final ObjectNode defaults;
    private final Path results;
    private final GenerationKeys keys = new GenerationKeys();

    /// @param kind     what is done with each
    /// @param defaults the fields where a row does not say them
    /// @param results  where converted models go
    public SourceTask(TaskKind kind, ObjectNode defaults, Path results) {
        this.kind = kind;
        this.defaults = defaults.deepCopy();
        this.results = results;
    }

    /// What a row says, with the defaults.
    private record Asked(Path source, Optional<String> base, Optional<Path> against) {}

    private Asked asked(ObjectNode fields) {
        Set<String> known = kind == TaskKind.CONVERT ? Set.of("source", "base") : Set.of("source", "against");
        for (String name : fields.propertyNames()) {
            if (!known.contains(name)) {
                throw bad("cluster.row.unknown", name);
            }
        }
        String source = text(fields, "source").orElseThrow(() -> bad("cluster.row.no-source"));
        return new Asked(
                Path.of(source),
                kind == TaskKind.CONVERT ? text(fields, "base") : Optional.empty(),
                kind == TaskKind.CONVERT
                        ? Optional.empty()
                        : text(fields, "against").map(Path::of));
    }

    private Optional<String> text(ObjectNode fields, String name) {
        var value = fields.has(name) ? fields.get(name) : defaults.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isString()
                || value.stringValue().isBlank()
                || value.stringValue().indexOf('\0') >= 0) {
            throw bad("inference.request.field", name);
        }
        return Optional.of(value.stringValue());
    }

    private static InvalidRequestException bad(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    @Override
    public Prepared prepare(ObjectNode fields) throws IOException {
        Asked asked = asked(fields);
        boolean there = GenerateTask.isThere(asked.source());
        long size = there ? size(asked.source()) : 0;
        ObjectNode identity = JsonFile.newObject();
        identity.put("task", kind.toString());
        identity.put(
                "source", there ? keys.identity(asked.source()) : asked.source().toString());
        identity.put("size", size);
        identity.put("place", asked.source().toAbsolutePath().normalize().toString());
        asked.base().ifPresent(base -> identity.put("base", base));
        asked.against().ifPresent(path -> identity.put("against", path.toString()));
        Optional<Problem> problem = there
                ? Optional.empty()
                : Optional.of(Problem.of(ProblemCode.MISSING_FILE, Place.of(asked.source()), "cluster.row.no-file"));
        return new Prepared(
                sha256(identity.toString()),
                "",
                name(asked.source()),
                size / GIGA,
                kind == TaskKind.CONVERT ? size : REPORT,
                "cpu",
                problem);
    }

    /// The last two names of a path: a checkpoint's own says little without its run's.
    private static String name(Path source) {
        Path absolute = source.toAbsolutePath().normalize();
        int count = absolute.getNameCount();
        return GenerateTask.name(
                absolute.subpath(Math.max(0, count - 2), Math.max(1, count)).toString());
    }

    private static long size(Path source) throws IOException {
        try (Stream<Path> files = Files.walk(source, DEPTH)) {
            long size = 0;
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
            return size;
        }
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    @Override
    public Made make(ObjectNode fields, Path scratch, JobControl control) throws IOException {
        Asked asked = asked(fields);
        ObjectNode report = JsonFile.newObject();
        report.put("source", asked.source().toString());
        Optional<Problem> found = switch (kind) {
            case CONVERT -> convert(asked, prepare(fields), report, control);
            case VERIFY -> verify(asked, report, control);
            case SCORE -> score(asked, report, control);
            case GENERATE -> throw new IllegalStateException("videos are made by another task");
        };
        Path file = Files.writeString(scratch.resolve("report.json"), JsonFile.format(report));
        return new Made(List.of(new Produced(file, ".json")), OptionalLong.empty(), "cpu", found);
    }

    private Optional<Problem> convert(Asked asked, Prepared prepared, ObjectNode report, JobControl control)
            throws IOException {
        Path output = results.resolve(prepared.name() + "-" + prepared.key().substring(0, KEY));
        ConversionRequest request = ConversionRequest.of(asked.source(), output);
        // What has this name is of the same source, and the attempt that made it told nobody.
        request = request.withOptions(request.options().withOverwrite(true));
        request = asked.base().map(request::withBase).orElse(request);
        try (ConversionPlan plan = request.plan(control)) {
            plan.run(control);
        }
        report.put("model", output.getFileName().toString());
        return Optional.empty();
    }

    private static Optional<Problem> verify(Asked asked, ObjectNode report, JobControl control) throws IOException {
        VerificationRequest request = VerificationRequest.of(asked.source());
        request = asked.against().map(request::withAgainst).orElse(request);
        VerificationReport result;
        try (var plan = request.plan(control)) {
            result = plan.run(control);
        }
        report.put("manifest", result.manifest());
        report.put("files", result.files());
        report.put("tensors", result.tensors());
        ArrayNode problems = report.putArray("problems");
        result.problems()
                .forEach(problem -> problems.addObject()
                        .put("code", problem.code().id())
                        .put("message", problem.message().text()));
        return result.problems().stream().findFirst();
    }

    private static Optional<Problem> score(Asked asked, ObjectNode report, JobControl control) throws IOException {
        ScoreRequest request = ScoreRequest.of(asked.source());
        request = asked.against().map(request::withAgainst).orElse(request);
        ScoreReport result;
        try (var plan = request.plan(control)) {
            result = plan.run(control);
        }
        report.setAll(result.json());
        return result.isSound()
                ? Optional.empty()
                : Optional.of(Problem.of(ProblemCode.VIDEO, Place.of(asked.source()), "cluster.row.unsound"));
    }

    @Override
    public int loads() {
        return 0;
    }

    @Override
    public void close() {
        // Nothing stays open between two rows.
    }
}

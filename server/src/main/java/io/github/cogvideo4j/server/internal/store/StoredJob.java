package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// A job with what only the server sees of its row.
///
/// @param job    the job; a queued one without its place in the queue
/// @param inputs the names of its uploads
/// @param shape  what jobs that take the same time have in common
/// @param passKey the same for jobs that one pass can make; empty for one that is made alone
/// @param workMillis how long it takes, if that was known when it came
public record StoredJob(Job job, List<String> inputs, String shape, String passKey, OptionalLong workMillis) {
    /// Copies the list.
    public StoredJob {
        inputs = List.copyOf(inputs);
    }

    /// As long as the column.
    private static final int LONGEST_SHAPE = 400;

    private static final ObjectMapper MAPPER = JsonMapper.builder().build();

    /// A measure by which jobs of a model compare: the values that a step computes.
    public static double work(Job job) {
        return work(job.request(), job.made());
    }

    /// The same of a job that is planned.
    public static double work(VideoRequest request, Job.Made made) {
        double values = (double) made.width() * made.height() * made.frames();
        return request.settings().isGuided() ? 2 * values : values;
    }

    /// What jobs have in common that take the same time.
    public static String shape(VideoRequest request, Job.Made made) {
        String shape = "%s %s %dx%dx%d %s %s"
                .formatted(
                        request.model(),
                        request.kind(),
                        made.width(),
                        made.height(),
                        made.frames(),
                        request.settings().isGuided() ? "guided" : "plain",
                        request.settings().cache().map(Object::toString).orElse("whole"));
        return shape.substring(0, Math.min(LONGEST_SHAPE, shape.length()));
    }

    static StoredJob of(ResultSet row) throws SQLException {
        Optional<String> code = Sql.text(row, "error_code");
        OptionalInt columns = Sql.optionalInt(row, "sprite_columns");
        Job job = new Job(
                row.getString("id"),
                row.getString("owner"),
                Job.JobState.valueOf(row.getString("state")),
                Job.Operation.valueOf(row.getString("operation")),
                VideoRequest.read(json(row.getString("request"))),
                new Job.Made(
                        row.getInt("width"),
                        row.getInt("height"),
                        row.getInt("frames"),
                        row.getDouble("fps"),
                        row.getInt("step_count"),
                        row.getString("scheduler")),
                new Job.Times(
                        Sql.time(row, "created_at").orElseThrow(),
                        Sql.time(row, "started_at"),
                        Sql.time(row, "completed_at"),
                        Sql.time(row, "expires_at")),
                new Job.JobProgress(
                        row.getInt("percent"),
                        Sql.text(row, "phase"),
                        row.getInt("piece"),
                        row.getInt("pieces"),
                        Sql.optionalInt(row, "preview")),
                row.getInt("attempt"),
                row.getInt("priority"),
                OptionalInt.empty(),
                seconds(Sql.optionalLong(row, "left_ms")),
                code.isPresent()
                        ? Optional.of(new Job.JobError(
                                code.get(), Sql.text(row, "error_message").orElse("")))
                        : Optional.empty(),
                columns.isPresent()
                        ? Optional.of(new Job.Sprites(
                                columns.getAsInt(), row.getInt("sprite_rows"), row.getInt("sprite_frames")))
                        : Optional.empty(),
                row.getLong("change"));
        long work = row.getLong("work_ms");
        return new StoredJob(
                job,
                names(row.getString("inputs")),
                row.getString("shape"),
                row.getString("pass_key"),
                work > 0 ? OptionalLong.of(work) : OptionalLong.empty());
    }

    static List<String> names(String column) {
        return column.isEmpty() ? List.of() : List.of(column.split(" "));
    }

    private static OptionalLong seconds(OptionalLong millis) {
        return millis.isPresent() ? OptionalLong.of(Math.ceilDiv(millis.getAsLong(), 1_000)) : OptionalLong.empty();
    }

    private static ObjectNode json(String text) {
        return MAPPER.readTree(text) instanceof ObjectNode object ? object : JsonFile.newObject();
    }
}

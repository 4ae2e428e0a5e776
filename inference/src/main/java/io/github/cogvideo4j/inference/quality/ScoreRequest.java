package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.quality.ScoreFiles;
import io.github.cogvideo4j.inference.internal.quality.VideoMeasurement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// A request to measure videos, by themselves and against a reference. Nothing is written; the result is a
/// [ScoreReport].
///
/// @param videos  video files, and folders whose video files are meant, in the order of their names
/// @param against what each is compared with: a video, or a folder with a video of the same name for each
public record ScoreRequest(List<Path> videos, Optional<Path> against) implements JobRequest<JobPlan<ScoreReport>> {
    private static final String JOB = "score";
    private static final int VERSION = 1;

    /// Copies the list.
    ///
    /// @throws InvalidRequestException `request` when there is no video
    public ScoreRequest {
        videos = List.copyOf(videos);
        if (videos.isEmpty()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.missing", "videos");
        }
    }

    /// A request to measure videos by themselves.
    public static ScoreRequest of(Path... videos) {
        return new ScoreRequest(List.of(videos), Optional.empty());
    }

    /// The same request, with a reference.
    public ScoreRequest withAgainst(Path reference) {
        return new ScoreRequest(videos, Optional.of(reference));
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Finds the videos of folders, and looks at every file's header.
    ///
    /// @throws InvalidRequestException `video` when a file is no video, a folder has none, a video has no
    /// reference, or one of another size
    @Override
    public JobPlan<ScoreReport> plan(JobControl control) throws IOException {
        List<VideoMeasurement> measurements = ScoreFiles.measurements(videos, against);
        for (VideoMeasurement measurement : measurements) {
            control.check();
            measurement.check();
        }
        return running -> {
            List<VideoScore> scores = new ArrayList<>();
            for (VideoMeasurement measurement : measurements) {
                scores.add(measurement.measure(running));
            }
            return new ScoreReport(scores);
        };
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        RequestText.paths(json, "videos", videos);
        RequestText.text(json, "against", against);
        return json;
    }

    /// Reads what [#toJson()] wrote, of at most 64 paths.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static ScoreRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        ScoreRequest request = new ScoreRequest(RequestText.paths(fields, "videos"), fields.path("against"));
        fields.end();
        return request;
    }
}

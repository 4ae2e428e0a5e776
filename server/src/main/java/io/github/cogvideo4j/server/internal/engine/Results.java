package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.InferenceException;
import io.github.cogvideo4j.server.internal.files.DerivedFiles;
import io.github.cogvideo4j.server.internal.files.JobFiles;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.JobState;
import io.github.cogvideo4j.server.internal.job.JobFile;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.Jobs.Source;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.store.FileRows;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;

/// The files of jobs as their owners get them, or the word why there is none.
final class Results implements AutoCloseable {
    private final JobFiles files;
    private final DerivedFiles derived;
    private final JobMetrics metrics;

    Results(JobFiles files, FileRows rows, JobMetrics metrics) {
        this.files = files;
        this.derived = new DerivedFiles(files, rows::resize);
        this.metrics = metrics;
    }

    /// A file of a job.
    ///
    /// @throws JobRefusedException `NOT_FOUND`, `NOT_READY`, `FAILED`, `EXPIRED`, `DRAINING`
    JobFile file(Job job, FileKind kind) throws IOException {
        String id = job.id();
        try {
            if (kind == FileKind.PREVIEW && job.state() == JobState.IN_PROGRESS) {
                return files.preview(id, job.attempt(), job.progress().preview());
            }
            return switch (job.state()) {
                case QUEUED, IN_PROGRESS ->
                    throw new JobRefusedException(Reason.NOT_READY, Message.of("server.job.not-ready", id));
                case FAILED ->
                    throw new JobRefusedException(
                            Reason.FAILED,
                            Message.of(
                                    "server.job.failed",
                                    id,
                                    job.error().map(Job.JobError::message).orElse("")));
                case EXPIRED, DELETED ->
                    throw new JobRefusedException(Reason.EXPIRED, Message.of("server.job.expired", id));
                case COMPLETED -> kind.isDerived() ? derived(job, kind) : files.file(id, job.attempt(), kind);
            };
        } catch (NoSuchFileException _) {
            throw none(id, kind);
        }
    }

    private JobFile derived(Job job, FileKind kind) throws IOException {
        try {
            return derived.file(job.id(), job.attempt(), kind);
        } catch (CancellationException _) {
            throw new JobRefusedException(
                    Reason.DRAINING, Message.of("server.job.draining"), Optional.of(Duration.ofSeconds(10)));
        } catch (CheckpointException | InferenceException e) {
            metrics.defect(e); // a video of our own is damaged, or FFmpeg lacks an encoder
            throw none(job.id(), kind);
        }
    }

    private static JobRefusedException none(String id, Enum<?> what) {
        return new JobRefusedException(Reason.NOT_FOUND, Message.of("server.job.no-file", id, word(what)));
    }

    /// A constant as sentences have it.
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /// Makes an upload of a file that a job has.
    ///
    /// @return the name of the upload
    String reuse(Job job, Source source) throws IOException {
        String name = UUID.randomUUID().toString().replace("-", "") + ".part";
        Path file = source == Source.RESULT
                ? file(job, FileKind.VIDEO).path()
                : files.uploads()
                        .resolve(Optional.ofNullable(job.request().inputs().get(input(source)))
                                .orElseThrow(() -> none(job.id(), source)));
        try {
            files.reuse(file, name);
        } catch (NoSuchFileException _) {
            throw new JobRefusedException(Reason.EXPIRED, Message.of("server.job.expired", job.id()));
        }
        return name;
    }

    private static VideoRequest.Input input(Source source) {
        return switch (source) {
            case RESULT, INPUT -> VideoRequest.Input.INPUT;
            case LAST_IMAGE -> VideoRequest.Input.LAST_IMAGE;
            case MASK -> VideoRequest.Input.MASK;
        };
    }

    @Override
    public void close() {
        derived.close();
    }
}

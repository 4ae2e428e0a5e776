package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.formats.problem.Message;
import java.time.Duration;
import java.util.Optional;

/// A refusal of something that was asked of the jobs.
public final class JobRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Reason reason;
    private final transient Message told;
    private final Optional<Duration> retryAfter;

    /// A refusal that will repeat.
    public JobRefusedException(Reason reason, Message told) {
        this(reason, told, Optional.empty());
    }

    /// A refusal that ends by itself.
    public JobRefusedException(Reason reason, Message told, Optional<Duration> retryAfter) {
        super(told.text());
        this.reason = reason;
        this.told = told;
        this.retryAfter = retryAfter;
    }

    /// Why.
    public Reason reason() {
        return reason;
    }

    /// A sentence about it.
    public Message told() {
        return told;
    }

    /// After which time it is worth another try.
    public Optional<Duration> retryAfter() {
        return retryAfter;
    }

    /// Reasons, from which a status follows.
    public enum Reason {
        /// There is no such job, or it is another owner's.
        NOT_FOUND,
        /// The file will be there once the job is completed.
        NOT_READY,
        /// The job failed, so it has no such file.
        FAILED,
        /// The file was there and is gone.
        EXPIRED,
        /// The job is over.
        CANNOT_CANCEL,
        /// The job does not wait.
        NOT_QUEUED,
        /// The model cannot compute the request.
        INVALID,
        /// No model of that name is served.
        MODEL_UNKNOWN,
        /// Too many jobs, or too long ones, wait.
        QUEUE_FULL,
        /// The disk is too full for another video.
        STORAGE_FULL,
        /// The server is about to stop.
        DRAINING,
        /// The idempotency key came with another request before.
        KEY_REUSED
    }
}

package io.github.cogvideo4j.server.internal.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// All that can be asked of the jobs. Safe to use from any thread. An owner is the name of a key; another owner's
/// jobs do not exist for it.
///
/// Everything that is refused is a [JobRefusedException].
public interface Jobs {
    /// The folder for uploads, readable by this user only. A file in it has a name of 32 hexadecimal digits and
    /// `.part`; one that no job names is deleted after an hour.
    Path uploads();

    /// Makes an upload of a file that a job has: a link, so that it survives the job.
    ///
    /// @return the name of the upload
    /// @throws JobRefusedException `NOT_FOUND`, `NOT_READY`, `FAILED`, `EXPIRED`
    String reuse(String owner, String id, Source source) throws IOException;

    /// Accepts a job: when this returns, it is on the disk, and the uploads that its request names are its own.
    ///
    /// @throws JobRefusedException `INVALID`, `MODEL_UNKNOWN`, `QUEUE_FULL`, `STORAGE_FULL`, `DRAINING`,
    /// `KEY_REUSED`
    Submitted submit(Submission submission) throws IOException;

    /// One job.
    ///
    /// @throws JobRefusedException `NOT_FOUND`, `EXPIRED` when its files are gone
    Job find(String owner, String id);

    /// Jobs in the order of their creation; those that expired or were deleted are not among them.
    ///
    /// @throws JobRefusedException `NOT_FOUND` when there is no job to list after
    JobPage list(String owner, ListQuery query);

    /// Ends a job that waits or runs; its record stays as `FAILED` with the code `cancelled`. A running one stops
    /// within a step or a piece of decoding.
    ///
    /// @return the job as it is now; a running one may be `IN_PROGRESS` for a moment yet
    /// @throws JobRefusedException `NOT_FOUND`, `CANNOT_CANCEL` when it is over
    Job cancel(String owner, String id);

    /// Ends a job if need be, and deletes it with all its files.
    ///
    /// @throws JobRefusedException `NOT_FOUND`
    void delete(String owner, String id);

    /// Gives a queued job another place. Only the places of the owner's own jobs change hands, so nobody else's job
    /// comes later.
    ///
    /// @param position the place in the queue that is wanted, counted from 1
    /// @throws JobRefusedException `NOT_FOUND`, `NOT_QUEUED`
    Job move(String owner, String id, int position);

    /// The queue of all owners.
    QueueState queue();

    /// Stops or resumes handing out jobs; those that run go on.
    QueueState pause(boolean paused);

    /// The changes of an owner's jobs.
    ///
    /// @param id          only this job
    /// @param lastEventId after this change; none: from now on, beginning with each job that is not over
    /// @throws JobRefusedException `NOT_FOUND` when there is no such job
    JobEvents events(String owner, Optional<String> id, OptionalLong lastEventId);

    /// A file of a job.
    ///
    /// @throws JobRefusedException `NOT_FOUND`, `NOT_READY`, `FAILED`, `EXPIRED`
    JobFile file(String owner, String id, FileKind kind) throws IOException;

    /// What a request would take; nothing is stored.
    ///
    /// @throws JobRefusedException `INVALID`, `MODEL_UNKNOWN`
    Estimate estimate(VideoRequest request) throws IOException;

    /// The models that are served.
    List<ModelCard> models();

    /// The names of the adapters that a request may use.
    List<String> loras();

    /// How the engine is.
    EngineStatus status();

    /// What is asked for.
    ///
    /// @param owner          the name of the key
    /// @param request        what is to be made
    /// @param operation      what the client called it
    /// @param idempotencyKey a second submission with the same one gives the same job
    /// @param priority       higher ones come first; 0 is usual
    record Submission(
            String owner,
            VideoRequest request,
            Job.Operation operation,
            Optional<String> idempotencyKey,
            int priority) {}

    /// A job that was accepted.
    ///
    /// @param job      the job
    /// @param replayed whether it was there already, under the same idempotency key
    record Submitted(Job job, boolean replayed) {}

    /// What is listed.
    ///
    /// @param limit     at most so many; 0 lists none
    /// @param ascending whether the oldest comes first
    /// @param after     the job before the first one
    /// @param text      words that the prompt has to contain
    record ListQuery(int limit, boolean ascending, Optional<String> after, Optional<String> text) {}

    /// A part of a list.
    ///
    /// @param jobs    the jobs
    /// @param hasMore whether more follow
    record JobPage(List<Job> jobs, boolean hasMore) {
        /// Copies the list.
        public JobPage {
            jobs = List.copyOf(jobs);
        }
    }

    /// What an upload is made of.
    enum Source {
        /// The finished video.
        RESULT,
        /// The image or video that a job started from.
        INPUT,
        /// The image that a job's video ends with.
        LAST_IMAGE,
        /// The mask of a job.
        MASK
    }
}

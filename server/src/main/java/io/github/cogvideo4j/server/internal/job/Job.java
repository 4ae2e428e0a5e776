package io.github.cogvideo4j.server.internal.job;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// A video that was asked for, as its row has it.
///
/// @param id          `video_` and 32 hexadecimal digits
/// @param owner       the name of the key that asked for it
/// @param state       where it stands
/// @param operation   what the client asked for
/// @param request     what is to be made, with every default filled in
/// @param made        the sizes of the video, as planned
/// @param times       when it got where
/// @param progress    how far the work is
/// @param attempt     how often it was begun
/// @param priority    higher ones come first
/// @param position    its place in the queue, counted from 1, while it is queued
/// @param secondsLeft until it is done, the jobs before it included, when that can be told
/// @param error       why it failed
/// @param sprites     how its spritesheet is divided, once there is one
/// @param change      the number of the row's last change: higher than that of every earlier change of any row
public record Job(
        String id,
        String owner,
        JobState state,
        Operation operation,
        VideoRequest request,
        Made made,
        Times times,
        JobProgress progress,
        int attempt,
        int priority,
        OptionalInt position,
        OptionalLong secondsLeft,
        Optional<JobError> error,
        Optional<Sprites> sprites,
        long change) {

    /// The sizes of a video that is planned.
    ///
    /// @param width           in pixels
    /// @param height          in pixels
    /// @param frames          how many, of the whole where a video is continued
    /// @param framesPerSecond how fast it plays
    /// @param steps           denoising steps
    /// @param scheduler       the scheduler's class
    public record Made(int width, int height, int frames, double framesPerSecond, int steps, String scheduler) {
        /// How long the video is.
        public double seconds() {
            return frames / framesPerSecond;
        }
    }

    /// When a job got where.
    ///
    /// @param created   when it was accepted
    /// @param started   when the last attempt began
    /// @param completed when it ended, whichever way
    /// @param expires   when its files go
    public record Times(
            Instant created, Optional<Instant> started, Optional<Instant> completed, Optional<Instant> expires) {}

    /// How far a job is. Never goes back within an attempt.
    ///
    /// @param percent 0 to 100; 100 only when the job is completed
    /// @param phase   what is being done: `load`, `encode-prompt`, `encode-input`, `denoise`, `decode`, `save`
    /// @param step    pieces of the phase that are done
    /// @param steps   pieces of the phase, 0 while that is not known
    /// @param preview the step whose preview can be fetched
    public record JobProgress(int percent, Optional<String> phase, int step, int steps, OptionalInt preview) {
        /// Nothing is done.
        public static final JobProgress NONE = new JobProgress(0, Optional.empty(), 0, 0, OptionalInt.empty());
    }

    /// Why a job failed.
    ///
    /// @param code    a problem's code with underscores (`memory`, `nan_inf`), or `cancelled`, `interrupted`,
    ///                `timed_out`, `files_missing`, `internal_error`
    /// @param message a sentence in English
    public record JobError(String code, String message) {}

    /// The division of a spritesheet into equal cells, row by row.
    ///
    /// @param columns cells in a row
    /// @param rows    rows
    /// @param frames  cells that are used
    public record Sprites(int columns, int rows, int frames) {}

    /// What a client asked for.
    public enum Operation {
        /// A new video.
        CREATE,
        /// A new prompt with an earlier video's settings and seed.
        REMIX,
        /// A video that is changed.
        EDIT,
        /// A video that is continued.
        EXTENSION
    }

    /// Where a job stands.
    public enum JobState {
        /// Waits for a worker.
        QUEUED,
        /// A worker has it.
        IN_PROGRESS,
        /// Its files are in place.
        COMPLETED,
        /// It came to nothing; the error says why.
        FAILED,
        /// It was completed, and its files are gone.
        EXPIRED,
        /// A client deleted it; nobody is shown it any more.
        DELETED;

        /// Whether nothing more happens to it by itself but that it expires.
        public boolean isOver() {
            return this != QUEUED && this != IN_PROGRESS;
        }
    }
}

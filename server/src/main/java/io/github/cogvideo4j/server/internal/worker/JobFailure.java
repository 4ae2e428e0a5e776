package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.server.internal.job.Job;
import java.util.Locale;
import java.util.regex.Pattern;

/// Why a job failed, told from what was thrown.
///
/// @param error  what its client is told
/// @param memory whether the memory did not suffice, so that no model that is loaded is trusted any more
/// @param defect whether it is a bug of this program or of what it runs on, which belongs into a log
record JobFailure(Job.JobError error, boolean memory, boolean defect) {
    private static final int LONGEST_CHAIN = 20;
    /// How libtorch says that the processor's or a device's memory is used up.
    private static final Pattern NATIVE_MEMORY =
            Pattern.compile("can't allocate memory|not enough memory|CUDA out of memory|out of memory");

    private static final String MEMORY = "memory";

    /// What was computed is no video: NaN or infinity.
    static final class NotFiniteException extends RuntimeException {
        private static final long serialVersionUID = 1;

        NotFiniteException() {
            super("latents that are not finite");
        }
    }

    static boolean isCancelled(Throwable thrown) {
        return thrown instanceof CancelledException;
    }

    static JobFailure of(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; cause != null && i < LONGEST_CHAIN; i++) {
            switch (cause) {
                case NotFiniteException _ -> {
                    return known("nan_inf", Message.of("server.job.nan"), false);
                }
                case MissingCapabilityException e
                when e.problem().code().id().equals(MEMORY) -> {
                    return known(MEMORY, e.problem().message(), true);
                }
                case CarriesProblem e -> {
                    String code = e.problem().code().id().replace('-', '_');
                    return new JobFailure(
                            new Job.JobError(code, e.problem().message().text(Locale.ENGLISH)),
                            false,
                            e.category() == Category.DEFECT);
                }
                case OutOfMemoryError _ -> {
                    return known(MEMORY, Message.of("server.job.memory"), true);
                }
                default -> {
                    String text = cause.getMessage();
                    if (text != null && NATIVE_MEMORY.matcher(text).find()) {
                        return known(MEMORY, Message.of("server.job.memory"), true);
                    }
                    cause = cause.getCause();
                }
            }
        }
        return new JobFailure(
                new Job.JobError(
                        "internal_error", Message.of("server.job.internal").text(Locale.ENGLISH)),
                false,
                true);
    }

    private static JobFailure known(String code, Message message, boolean memory) {
        return new JobFailure(new Job.JobError(code, message.text(Locale.ENGLISH)), memory, false);
    }
}

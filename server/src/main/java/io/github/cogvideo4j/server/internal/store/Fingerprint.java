package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.security.Sha256;

/// The hashes by which requests are compared.
public final class Fingerprint {
    private Fingerprint() {}

    /// The same for the same wish: a seed that was drawn, and the names of uploads, are other ones each time.
    public static String ofWish(Jobs.Submission submission) {
        return Sha256.hex(
                submission.operation() + " " + submission.request().wish().toJson());
    }

    /// The same for jobs that one pass of the model can make: they differ in prompt, input and seed alone.
    ///
    /// @return empty for a job that is made alone: what a step cache does depends on all that it sees, and
    /// windows and clips have steps of their own
    public static String ofPass(VideoRequest request, Job.Made made) {
        boolean alone = request.settings().cache().isPresent()
                || request.settings().windows().isPresent()
                || request.settings().videosPerPrompt() != 1
                || request.clips().isPresent();
        if (alone) {
            return "";
        }
        return Sha256.hex(made + " " + request.unworded().wish().toJson());
    }
}

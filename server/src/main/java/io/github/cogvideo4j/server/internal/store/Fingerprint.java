package io.github.cogvideo4j.server.internal.store;

import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/// The hashes by which requests are compared.
public final class Fingerprint {
    private Fingerprint() {}

    /// The same for the same wish: a seed that was drawn, and the names of uploads, are other ones each time.
    public static String ofWish(Jobs.Submission submission) {
        return hash(submission.operation() + " " + submission.request().wish().toJson());
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
        VideoRequest nothing = new VideoRequest(
                request.model(),
                request.kind(),
                "",
                Optional.empty(),
                request.settings(),
                request.scheduler(),
                request.loras(),
                0,
                request.inputs(),
                0,
                request.clips(),
                Optional.empty());
        return hash(made + " " + nothing.wish().toJson());
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}

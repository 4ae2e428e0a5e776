package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.text.TextEncoder;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The checks of a request by itself, whatever the model.
final class RequestCheck {
    private static final int MOST_VIDEOS = 1_000;
    /// Predictions are near 1 and fp32 has 24 bits: a difference of the last of them, times this, is as large
    /// as 6% of the latents. Beyond it a video would be made of rounding.
    private static final long LARGEST_GUIDANCE = 1_000_000;
    private static final long ANY = -1;

    private RequestCheck() {}

    /// How many prompts there are, encoded ones included.
    static int prompts(PipelineRequest request) {
        return request.promptEmbeds()
                .map(embeds -> Math.toIntExact(embeds.shape()[0]))
                .orElseGet(() -> request.prompts().size());
    }

    /// Refuses a request with values that mean nothing.
    static void check(PipelineRequest request) {
        int prompts = prompts(request);
        if (prompts == 0
                || (request.promptEmbeds().isEmpty()
                        && request.prompts().stream().anyMatch(String::isBlank))) {
            throw refused(ProblemCode.PROMPT, "inference.pipeline.no-prompt");
        }
        requireCount("negative prompts", request.negativePrompts().size(), prompts, true);
        requireCount("seeds", request.seeds().size(), prompts, false);
        require(
                request.settings().videosPerPrompt() >= 1 && request.settings().videosPerPrompt() <= MOST_VIDEOS,
                "num_videos_per_prompt",
                request.settings().videosPerPrompt(),
                "1 - " + MOST_VIDEOS);
        require(
                request.settings().steps() >= 1,
                "num_inference_steps",
                request.settings().steps(),
                ">= 1");
        require(
                Math.abs(request.settings().guidanceScale()) <= LARGEST_GUIDANCE,
                "guidance_scale",
                request.settings().guidanceScale(),
                ">= -" + LARGEST_GUIDANCE + ", <= " + LARGEST_GUIDANCE);
        require(
                request.settings().strength() > 0 && request.settings().strength() <= 1,
                "strength",
                request.settings().strength(),
                "> 0, <= 1");
        double rate = request.settings().framesPerSecond().orElse(1);
        require(rate > 0 && rate <= 1_000, "fps", rate, "> 0, <= 1000");
        int tokens = request.settings().maxSequenceLength().orElse(1);
        require(
                tokens >= 1 && tokens <= TextEncoder.MOST_TOKENS,
                "max_sequence_length",
                tokens,
                "1 - " + TextEncoder.MOST_TOKENS);
    }

    /// Refuses embeddings that do not fit the model, or not each other: under guidance the positive and the
    /// negative ones are rows of one tensor.
    ///
    /// @param tokens how many tokens a prompt is encoded to
    /// @param width  the width of an encoded token
    static void checkEmbeds(PipelineRequest request, long tokens, long width) {
        Optional<HostTensor> positive = request.promptEmbeds();
        Optional<HostTensor> negative = request.negativePromptEmbeds();
        boolean beside = request.settings().isGuided() && negative.isEmpty();
        positive.ifPresent(embeds -> checkShape("prompt_embeds", embeds, ANY, beside ? tokens : ANY, width));
        long others = request.settings().isGuided()
                ? positive.map(embeds -> embeds.shape()[1]).orElse(tokens)
                : ANY;
        negative.ifPresent(embeds -> checkShape("negative_prompt_embeds", embeds, prompts(request), others, width));
    }

    private static void checkShape(String name, HostTensor given, long... wanted) {
        long[] shape = given.shape();
        boolean fits = shape.length == wanted.length
                && IntStream.range(0, wanted.length).allMatch(i -> wanted[i] == ANY || wanted[i] == shape[i]);
        if (!fits) {
            String needed = Arrays.stream(wanted)
                    .mapToObj(size -> size == ANY ? "n" : Long.toString(size))
                    .collect(Collectors.joining(" x ", "[", "]"));
            throw refused(ProblemCode.REQUEST, "inference.pipeline.tensor-shape", name, given, needed);
        }
    }

    /// One for all prompts, or one for each.
    static void requireCount(String what, int count, int prompts, boolean mayBeNone) {
        if (count != 1 && count != prompts && !(mayBeNone && count == 0)) {
            throw refused(ProblemCode.REQUEST, "inference.pipeline.count", what, count, prompts);
        }
    }

    private static void require(boolean holds, String field, Object value, String allowed) {
        if (!holds) {
            throw refused(ProblemCode.REQUEST, "inference.pipeline.value", field, value, allowed);
        }
    }

    static InvalidRequestException refused(ProblemCode code, String key, Object... arguments) {
        return new InvalidRequestException(code, Place.nowhere(), key, arguments);
    }
}

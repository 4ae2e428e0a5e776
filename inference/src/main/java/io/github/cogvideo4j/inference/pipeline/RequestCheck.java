package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidRequestException;
import io.github.cogvideo4j.inference.text.TextEncoder;

/// Whether a request makes sense by itself, whatever the model.
final class RequestCheck {
    private static final int MOST_VIDEOS = 1_000;

    private RequestCheck() {}

    /// How many prompts there are, encoded ones included.
    static int prompts(GenerationRequest request) {
        return request.promptEmbeds()
                .map(embeds -> Math.toIntExact(embeds.shape()[0]))
                .orElseGet(() -> request.prompts().size());
    }

    /// Refuses a request with values that mean nothing.
    static void check(GenerationRequest request) {
        int prompts = prompts(request);
        if (prompts == 0
                || (request.promptEmbeds().isEmpty()
                        && request.prompts().stream().anyMatch(String::isBlank))) {
            throw refused(ProblemCode.PROMPT, "inference.pipeline.no-prompt");
        }
        requireCount("negative prompts", request.negativePrompts().size(), prompts, true);
        requireCount("seeds", request.seeds().size(), prompts, false);
        require(
                request.numVideosPerPrompt() >= 1 && request.numVideosPerPrompt() <= MOST_VIDEOS,
                "num_videos_per_prompt",
                request.numVideosPerPrompt(),
                "1 - " + MOST_VIDEOS);
        require(request.steps() >= 1, "num_inference_steps", request.steps(), ">= 1");
        require(Double.isFinite(request.guidanceScale()), "guidance_scale", request.guidanceScale(), "0 - 100");
        require(request.strength() > 0 && request.strength() <= 1, "strength", request.strength(), "> 0, <= 1");
        double rate = request.framesPerSecond().orElse(1);
        require(rate > 0 && rate <= 1_000, "fps", rate, "> 0, <= 1000");
        int tokens = request.maxSequenceLength().orElse(1);
        require(
                tokens >= 1 && tokens <= TextEncoder.MOST_TOKENS,
                "max_sequence_length",
                tokens,
                "1 - " + TextEncoder.MOST_TOKENS);
    }

    /// Refuses embeddings that do not fit the model.
    static void checkEmbeds(GenerationRequest request, long width) {
        request.promptEmbeds().ifPresent(embeds -> checkShape("prompt_embeds", embeds, -1, width));
        request.negativePromptEmbeds()
                .ifPresent(embeds -> checkShape("negative_prompt_embeds", embeds, prompts(request), width));
    }

    private static void checkShape(String name, Latents given, long count, long width) {
        long[] shape = given.shape();
        if (shape.length != 3 || shape[2] != width || (count >= 0 && shape[0] != count)) {
            throw refused(
                    ProblemCode.REQUEST,
                    "inference.pipeline.tensor-shape",
                    name,
                    given,
                    "[" + (count < 0 ? "n" : Long.toString(count)) + ", n, " + width + "]");
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

package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.text.TextEncoder;
import io.github.cogvideo4j.inference.internal.text.TokenizedPrompt;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The conditioning of the transformer on the text.
///
/// @param components the model
/// @param request    what is asked for
/// @param tokens     tokens of each prompt
/// @param warnings   where cut prompts are told of
/// @param probe      sees the states
record Conditioning(Components components, PipelineRequest request, int tokens, Warnings warnings, TensorProbe probe) {
    /// `[negative and positive prompts, tokens, width]`, or the positive ones without guidance.
    Tensor states() {
        Precision precision = components.precision();
        ComputeDevice device = components.device();
        int count = RequestCheck.prompts(request);
        Tensor positive = request.promptEmbeds()
                .map(given -> device.put(HostTensors.view(given), precision))
                .orElseGet(() -> encoded(request.prompts()));
        probe.see("prompt_embeds", positive);
        if (!request.settings().isGuided()) {
            return positive;
        }
        List<String> negatives = switch (request.negativePrompts().size()) {
            case 0 -> Collections.nCopies(count, "");
            case 1 -> Collections.nCopies(count, request.negativePrompts().getFirst());
            default -> request.negativePrompts();
        };
        Tensor negative = request.negativePromptEmbeds()
                .map(given -> device.put(HostTensors.view(given), precision))
                .orElseGet(() -> encoded(negatives));
        probe.see("negative_prompt_embeds", negative);
        return torch.cat(new TensorVector(negative, positive));
    }

    private Tensor encoded(List<String> prompts) {
        TextEncoder encoder = components.textEncoder();
        TextEncoder.Encoded encoded = encoder.encode(prompts, tokens);
        for (TokenizedPrompt prompt : encoded.prompts()) {
            if (prompt.lost() > 0) {
                warnings.report(
                        ProblemCode.PROMPT, Place.nowhere(), "inference.pipeline.prompt-cut", prompt.lost(), tokens);
            }
            if (prompt.isHardlyRead()) {
                warnings.report(
                        ProblemCode.PROMPT,
                        Place.nowhere(),
                        "inference.pipeline.prompt-unknown",
                        prompt.unknown(),
                        prompt.read());
            }
        }
        return components.device().put(encoded.states(), components.precision());
    }
}

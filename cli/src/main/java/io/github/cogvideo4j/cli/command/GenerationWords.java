package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Kind;
import io.github.cogvideo4j.cli.arguments.Prompt;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.options.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.WeightFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What one video was made with, as options of the command line: with every default filled in, so that a
/// repetition does not depend on them.
final class GenerationWords {
    private GenerationWords() {}

    static Map<String, List<String>> of(
            Path model,
            PipelineOptions options,
            PipelineRequest request,
            GenerationPlan plan,
            Prompt prompt,
            Kind kind,
            long seed) {
        Map<String, List<String>> words = new LinkedHashMap<>();
        words.put("model", path(model));
        options.transformer().ifPresent(transformer -> words.put("transformer", path(transformer)));
        if (!options.loras().isEmpty()) {
            words.put(
                    "lora-path",
                    options.loras().stream()
                            .map(lora -> path(lora.path()).getFirst())
                            .toList());
            words.put(
                    "lora-scale",
                    options.loras().stream()
                            .map(LoraChoice::scale)
                            .map(String::valueOf)
                            .toList());
        }
        words.put("prompt", List.of(prompt.text()));
        if (!request.negativePrompts().isEmpty()) {
            words.put("negative-prompt", List.of(request.negativePrompts().getFirst()));
        }
        Optional<Path> input = prompt.input();
        input.ifPresent(file -> words.put("image-or-video-path", path(file)));
        words.put("generate-type", List.of(kind.toString()));
        words.put("dtype", word(options.compute().precision()));
        words.put("device", List.of(plan.device()));
        if (options.weights() != WeightFormat.DENSE) {
            words.put("weights", word(options.weights()));
        }
        request.cache().ifPresent(cache -> words.put("cache", List.of(cache.toString())));
        words.put("vae-tiling", List.of(String.valueOf(options.vae().tiling())));
        words.put("vae-slicing", List.of(String.valueOf(options.vae().slicing())));
        words.put("scheduler", List.of(plan.scheduler()));
        options.spacing().ifPresent(spacing -> words.put("timestep-spacing", List.of(spacing.id())));
        SamplerOptions sampler = options.sampler();
        flag(words, "karras-sigmas", sampler.karrasSigmas());
        sampler.solverOrder().ifPresent(order -> words.put("solver-order", List.of(String.valueOf(order))));
        flag(words, "keep-snr-shift", sampler.keepSnrShift());
        flag(words, "reference-quirks", sampler.referenceQuirks());
        words.put("num-inference-steps", List.of(String.valueOf(request.steps())));
        words.put("guidance-scale", List.of(String.valueOf(request.guidanceScale())));
        words.put("use-dynamic-cfg", List.of(String.valueOf(request.dynamicCfg())));
        if (kind == Kind.V2V) {
            words.put("strength", List.of(String.valueOf(request.strength())));
        } else {
            words.put("num-frames", List.of(String.valueOf(plan.requestedFrames())));
        }
        words.put("height", List.of(String.valueOf(plan.height())));
        words.put("width", List.of(String.valueOf(plan.width())));
        words.put("fps", List.of(String.valueOf(plan.framesPerSecond())));
        words.put("seed", List.of(String.valueOf(seed)));
        return words;
    }

    private static void flag(Map<String, List<String>> words, String name, boolean value) {
        if (value) {
            words.put(name, List.of("true"));
        }
    }

    private static List<String> word(Enum<?> value) {
        return List.of(value.name().toLowerCase(Locale.ROOT));
    }

    private static List<String> path(Path path) {
        return List.of(path.toAbsolutePath().normalize().toString());
    }
}

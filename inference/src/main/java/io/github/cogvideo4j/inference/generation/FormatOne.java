package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import io.github.cogvideo4j.inference.options.VaeOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The request of a record of format 1, where each value is a list of texts.
final class FormatOne {
    /// What may come from a file: what shapes the pixels.
    private static final Set<String> FIELDS = Set.of(
            "model",
            "transformer",
            "lora-path",
            "lora-scale",
            "dtype",
            "device",
            "vae-tiling",
            "vae-slicing",
            "prompt",
            "negative-prompt",
            "image-or-video-path",
            "generate-type",
            "scheduler",
            "timestep-spacing",
            "use-dynamic-cfg",
            "strength",
            "guidance-scale",
            "num-inference-steps",
            "num-frames",
            "height",
            "width",
            "fps",
            "seed");

    private static final int MOST_VALUES = 64;

    private final Path file;
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    FormatOne(ObjectNode root, Path file) {
        this.file = file;
        for (Map.Entry<String, JsonNode> option : root.path("options").properties()) {
            if (!FIELDS.contains(option.getKey())) {
                throw malformed(option.getKey());
            }
            values.put(option.getKey(), texts(option));
        }
    }

    private List<String> texts(Map.Entry<String, JsonNode> option) {
        if (!option.getValue().isArray() || option.getValue().size() > MOST_VALUES) {
            throw malformed(option.getKey());
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode value : option.getValue()) {
            if (!value.isString()) {
                throw malformed(option.getKey());
            }
            texts.add(value.stringValue());
        }
        return texts;
    }

    GenerationRequest request() {
        Path model = value("model", Path::of).orElseThrow(() -> malformed("model"));
        GenerationRequest defaults =
                GenerationRequest.of(model, text("prompt").orElse(""), Path.of(GenerationOutputs.USUAL_VIDEO));
        Optional<Path> input = value("image-or-video-path", Path::of);
        return new GenerationRequest(
                model,
                options(),
                value("generate-type", name -> GenerationKind.of(name).orElseThrow())
                        .orElse(defaults.kind()),
                List.of(new PromptInput(text("prompt").orElse(""), input)),
                text("negative-prompt"),
                settings(),
                value("seed", Long::valueOf).orElse(defaults.seed()),
                false,
                Optional.empty(),
                defaults.outputs());
    }

    private PipelineOptions options() {
        PipelineOptions defaults = PipelineOptions.defaults();
        ComputeOptions compute = defaults.compute();
        return new PipelineOptions(
                new ComputeOptions(
                        value("dtype", word -> constant(Precision.values(), word))
                                .orElse(compute.precision()),
                        text("device").orElse(compute.device()),
                        compute.threads()),
                new VaeOptions(flag("vae-tiling"), flag("vae-slicing")),
                value("transformer", Path::of),
                loras(),
                value("scheduler", FormatOne::scheduler),
                value("timestep-spacing", word -> constant(TimestepSpacing.values(), word)),
                defaults.sampler(),
                defaults.weights(),
                defaults.checkMemory());
    }

    private List<LoraChoice> loras() {
        List<String> paths = values.getOrDefault("lora-path", List.of());
        List<String> scales = values.getOrDefault("lora-scale", List.of());
        if (scales.size() > paths.size()) {
            throw wrong("lora-scale");
        }
        List<LoraChoice> loras = new ArrayList<>();
        for (int i = 0; i < paths.size(); i++) {
            Path path = parsed("lora-path", paths.get(i), Path::of);
            loras.add(new LoraChoice(
                    path, i < scales.size() ? parsed("lora-scale", scales.get(i), Double::parseDouble) : 1));
        }
        return loras;
    }

    private GenerationSettings settings() {
        GenerationSettings defaults = GenerationSettings.defaults();
        return new GenerationSettings(
                whole("height"),
                whole("width"),
                whole("num-frames"),
                whole("num-inference-steps").orElse(defaults.steps()),
                number("guidance-scale").orElse(defaults.guidanceScale()),
                flag("use-dynamic-cfg"),
                1,
                OptionalInt.empty(),
                number("strength").orElse(defaults.strength()),
                number("fps"),
                Optional.empty(),
                Optional.empty());
    }

    /// The scheduler by its class in diffusers or by its short name.
    private static SchedulerChoice scheduler(String word) {
        return word.startsWith("CogVideoX") ? SchedulerChoice.ofClass(word) : constant(SchedulerChoice.values(), word);
    }

    private static <E extends Enum<E>> E constant(E[] constants, String word) {
        return Arrays.stream(constants)
                .filter(constant -> constant.name().equalsIgnoreCase(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(word));
    }

    private OptionalInt whole(String name) {
        return value(name, Integer::valueOf).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    private OptionalDouble number(String name) {
        return value(name, Double::valueOf).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    private boolean flag(String name) {
        return value(name, word -> switch (word) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw new IllegalArgumentException(word);
                })
                .orElse(false);
    }

    private Optional<String> text(String name) {
        return value(name, text -> text);
    }

    private <T> Optional<T> value(String name, Function<String, T> parse) {
        List<String> texts = values.getOrDefault(name, List.of());
        if (texts.size() > 1) {
            throw wrong(name);
        }
        return texts.stream().findFirst().map(text -> parsed(name, text, parse));
    }

    private <T> T parsed(String name, String text, Function<String, T> parse) {
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException | NoSuchElementException _) {
            throw wrong(name);
        }
    }

    private InvalidRequestException wrong(String name) {
        return new InvalidRequestException(
                ProblemCode.REQUEST,
                Place.of(file),
                "inference.request.value",
                name,
                values.getOrDefault(name, List.of()));
    }

    private MalformedFileException malformed(String name) {
        return new MalformedFileException(ProblemCode.REQUEST, Place.of(file), "inference.request.field", name);
    }
}

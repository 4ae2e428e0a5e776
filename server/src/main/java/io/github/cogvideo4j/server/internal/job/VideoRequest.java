package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/// A client's request for a video, without a path in it: models and adapters have names that the server gave them, and
/// input files names in the folder of uploads.
///
/// @param model          the name of the model
/// @param kind           what the video starts from
/// @param prompt         what it shows
/// @param negativePrompt what it shall not show
/// @param settings       the numbers that shape it
/// @param scheduler      the sampler; the model's own when empty
/// @param loras          adapters by name
/// @param seed           the seed of everything random
/// @param inputs         the names of input files
/// @param previewEvery   after how many steps a frame is decoded for whoever watches; 0: never
/// @param clips          how many clips continue the input; empty when none is continued
/// @param remixedFrom    the video that it repeats with another prompt, or continues or changes
public record VideoRequest(
        String model,
        GenerationKind kind,
        String prompt,
        Optional<String> negativePrompt,
        GenerationSettings settings,
        Optional<SchedulerChoice> scheduler,
        List<Lora> loras,
        long seed,
        Map<Input, String> inputs,
        int previewEvery,
        OptionalInt clips,
        Optional<String> remixedFrom) {
    /// Copies the collections.
    public VideoRequest {
        loras = List.copyOf(loras);
        inputs = Map.copyOf(inputs);
    }

    /// The files that a request may bring.
    public enum Input {
        /// The image or video that it starts from, or the control video.
        INPUT,
        /// The image that it ends with.
        LAST_IMAGE,
        /// Where a video is made anew.
        MASK;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// An adapter of the server's own.
    ///
    /// @param name  its name
    /// @param scale how strongly it counts
    public record Lora(String name, double scale) {}

    /// The JSON form, which a store keeps.
    public ObjectNode toJson() {
        return VideoRequestJson.write(this);
    }

    /// Whether a text can be the name of a model, an adapter, a file or a video: one that leads nowhere else.
    public static boolean isPlainName(String name) {
        return VideoRequestJson.isPlain(name);
    }

    /// Reads what [#toJson()] wrote; its content is not trusted.
    ///
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `request` for anything else
    public static VideoRequest read(ObjectNode json) {
        return VideoRequestJson.read(json);
    }

    /// The same video with another prompt.
    public VideoRequest remixed(String newPrompt, Map<Input, String> newInputs, String from) {
        return with(newPrompt, negativePrompt, seed, newInputs, previewEvery, Optional.of(from));
    }

    /// What is wanted, the same each time it is asked for: without the seed, which may have been drawn, and without the
    /// names of uploads, which are new ones each time.
    public VideoRequest wish() {
        Map<Input, String> names = new EnumMap<>(Input.class);
        inputs.keySet().forEach(input -> names.put(input, input.toString()));
        return with(prompt, negativePrompt, 0, names, previewEvery, remixedFrom);
    }

    /// The same without prompts, and without what changes nothing in how the video is computed.
    public VideoRequest unworded() {
        return with("", Optional.empty(), seed, inputs, 0, Optional.empty());
    }

    /// The same video with another seed.
    public VideoRequest withSeed(long value) {
        return with(prompt, negativePrompt, value, inputs, previewEvery, remixedFrom);
    }

    private VideoRequest with(
            String newPrompt,
            Optional<String> newNegative,
            long newSeed,
            Map<Input, String> newInputs,
            int newPreviewEvery,
            Optional<String> from) {
        return new VideoRequest(
                model,
                kind,
                newPrompt,
                newNegative,
                settings,
                scheduler,
                loras,
                newSeed,
                newInputs,
                newPreviewEvery,
                clips,
                from);
    }

    /// The request to the library.
    ///
    /// @param folder  the model's folder
    /// @param options how the model is loaded; adapters and sampler are added
    /// @param lora    finds an adapter by its name
    /// @param uploads the folder of the input files
    /// @param video   where the video goes
    public GenerationRequest generation(
            Path folder, PipelineOptions options, Function<String, Path> lora, Path uploads, Path video) {
        List<LoraChoice> adapters = new ArrayList<>(options.loras());
        loras.forEach(choice -> adapters.add(new LoraChoice(lora.apply(choice.name()), choice.scale())));
        PipelineOptions loaded = options.withLoras(adapters);
        if (scheduler.isPresent()) {
            loaded = loaded.withScheduler(scheduler.get());
        }
        Map<Input, Path> files = new EnumMap<>(Input.class);
        inputs.forEach((input, name) -> files.put(input, uploads.resolve(name)));
        PromptInput asked = new PromptInput(
                prompt,
                Optional.ofNullable(files.get(Input.INPUT)),
                Optional.ofNullable(files.get(Input.LAST_IMAGE)),
                Optional.ofNullable(files.get(Input.MASK)),
                Optional.empty());
        GenerationOutputs outputs =
                new GenerationOutputs(video, Optional.empty(), Optional.empty(), previewEvery, false);
        return new GenerationRequest(
                folder,
                loaded,
                kind,
                List.of(asked),
                negativePrompt,
                settings,
                seed,
                false,
                clips.isPresent()
                        ? Optional.of(new GenerationRequest.Extension(clips.getAsInt(), OptionalInt.empty()))
                        : Optional.empty(),
                outputs);
    }
}

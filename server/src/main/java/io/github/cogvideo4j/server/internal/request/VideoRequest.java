package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/// A video that a client asked for, checked, with every default filled in.
///
/// @param model          the name under which the model is served
/// @param kind           what the video starts from
/// @param prompt         what it shows
/// @param negativePrompt what it shall not show
/// @param settings       the numbers that shape it, its sizes and its rate among them
/// @param scheduler      which scheduler; the model's own when empty
/// @param loras          adapters by name
/// @param seed           the seed of everything random
/// @param inputs         the uploads that it starts from, by plain names
/// @param previewEvery   after how many steps a preview is made; 0: never
/// @param clips          how many clips continue the input; none when nothing is continued
/// @param remixedFrom    the video that it is a variation of
/// @param extraParams    what the client said besides, kept for it
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
        Optional<String> remixedFrom,
        ObjectNode extraParams) {
    /// Copies lists and maps.
    public VideoRequest {
        loras = List.copyOf(loras);
        inputs = Map.copyOf(inputs);
    }

    /// An adapter.
    ///
    /// @param name  its name in the folder of adapters
    /// @param scale how strongly it counts
    public record Lora(String name, double scale) {}

    /// What a file is for.
    public enum Input {
        /// The image or video that the video starts from, or that leads it.
        INPUT,
        /// The image that it ends with.
        LAST_IMAGE,
        /// Where a video is made anew.
        MASK
    }
}

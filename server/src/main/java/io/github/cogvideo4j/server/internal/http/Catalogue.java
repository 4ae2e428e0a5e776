package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What a form can offer for a model besides its sizes.
final class Catalogue {
    /// The step caches by name, as in `docs/generate.md`.
    private static final List<String> CACHES = List.of("first-block", "pab", "faster", "taylor", "mag", "tea");

    private Catalogue() {}

    static void put(ObjectNode json, ModelCard card) {
        ArrayNode schedulers = json.putArray("schedulers");
        List.of(SchedulerChoice.values()).forEach(choice -> schedulers.add(choice.id()));
        ArrayNode caches = json.putArray("caches");
        CACHES.forEach(caches::add);
        ArrayNode inputs = json.putArray("inputs");
        if (card.kinds().contains(GenerationKind.I2V)) {
            inputs.add("image");
        }
        if (card.kinds().contains(GenerationKind.V2V)) {
            inputs.add("video");
        }
        if (card.kinds().contains(GenerationKind.CONTROL)) {
            inputs.add("control_video");
        }
        if (card.inpaints()) {
            inputs.add("last_image").add("mask");
        }
        json.put("extendable", card.kinds().contains(GenerationKind.I2V));
    }
}

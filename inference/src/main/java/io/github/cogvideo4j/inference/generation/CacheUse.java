package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.json.JsonFile;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/// The share of a generation that a step cache left to be computed. Evaluations are counted row by row: a step of a
/// model with 30 blocks under guidance has 60.
///
/// @param attentions   block evaluations whose attention was computed
/// @param feedForwards those whose feed-forward was computed
/// @param evaluations  all block evaluations of the same generation without a cache
/// @param measured     settings for later runs that this one has measured, by key; mostly none
public record CacheUse(long attentions, long feedForwards, long evaluations, Map<String, String> measured) {
    /// Copies the map.
    public CacheUse {
        measured = Map.copyOf(measured);
    }

    /// The share of the work of all blocks that was computed, with attention and feed-forward as its halves.
    public double share() {
        return evaluations == 0 ? 1 : (attentions + feedForwards) / (2.0 * evaluations);
    }

    /// The counts and the measured settings, as a record and a front end tell them.
    public ObjectNode json() {
        ObjectNode json = JsonFile.newObject();
        json.put("computed_attentions", attentions);
        json.put("computed_feed_forwards", feedForwards);
        json.put("block_evaluations", evaluations);
        ObjectNode settings = json.putObject("measured");
        measured.forEach(settings::put);
        return json;
    }
}

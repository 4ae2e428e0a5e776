package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Blend;
import io.github.cogvideo4j.inference.options.WindowOptions.Positions;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import tools.jackson.databind.node.ObjectNode;

/// The JSON form of [WindowOptions], a part of [RequestJson]'s.
final class WindowJson {
    private static final String SCHEDULE = "schedule";
    private static final String SIZE = "size";
    private static final String STRIDE = "stride";
    private static final String OVERLAP = "overlap";
    private static final String FREE_NOISE = "freenoise";
    private static final String BLEND = "blend";
    private static final String POSITIONS = "positions";

    private WindowJson() {}

    static ObjectNode write(WindowOptions windows) {
        ObjectNode json = JsonFile.newObject();
        json.put(SCHEDULE, windows.schedule().toString());
        windows.size().ifPresent(value -> json.put(SIZE, value));
        windows.stride().ifPresent(value -> json.put(STRIDE, value));
        windows.overlap().ifPresent(value -> json.put(OVERLAP, value));
        json.put(FREE_NOISE, windows.freeNoise());
        json.put(BLEND, windows.blend().toString());
        json.put(POSITIONS, windows.positions().toString());
        return json;
    }

    static WindowOptions read(JsonFields fields) {
        WindowOptions defaults = WindowOptions.of(
                fields.choice(SCHEDULE, Schedule.values(), Schedule::toString).orElseThrow(() -> fields.bad(SCHEDULE)));
        WindowOptions windows = defaults.withSizes(
                        fields.whole(SIZE, 1), fields.whole(STRIDE, 1), fields.whole(OVERLAP, 0))
                .withFreeNoise(fields.flag(FREE_NOISE, defaults.freeNoise()))
                .withBlend(fields.choice(BLEND, Blend.values(), Blend::toString).orElse(defaults.blend()))
                .withPositions(fields.choice(POSITIONS, Positions.values(), Positions::toString)
                        .orElse(defaults.positions()));
        fields.requireNothingElse();
        return windows;
    }
}

package io.github.cogvideo4j.checkpoints.source;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/// What a checkpoint says about the training that wrote it. Plain weights say nothing.
///
/// @param step      optimizer steps done
/// @param zeroStage the ZeRO stage, 0 when DeepSpeed ran without partitioning
/// @param worldSize the number of data-parallel ranks
/// @param tag       the name of the state's folder
/// @param versions  the software that wrote it, by name
public record TrainingState(
        OptionalLong step,
        OptionalInt zeroStage,
        OptionalInt worldSize,
        Optional<String> tag,
        SortedMap<String, String> versions) {
    /// Copies the map.
    public TrainingState {
        versions = new TreeMap<>(versions);
    }

    /// Nothing known.
    public static TrainingState unknown() {
        return new TrainingState(
                OptionalLong.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                new TreeMap<>(Map.of()));
    }
}

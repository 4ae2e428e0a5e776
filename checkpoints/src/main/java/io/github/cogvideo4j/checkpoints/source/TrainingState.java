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
/// @param trainer   the trainer that wrote it, where files or names tell
public record TrainingState(
        OptionalLong step,
        OptionalInt zeroStage,
        OptionalInt worldSize,
        Optional<String> tag,
        SortedMap<String, String> versions,
        Optional<String> trainer) {
    /// One of a trainer that is not known.
    public TrainingState(
            OptionalLong step,
            OptionalInt zeroStage,
            OptionalInt worldSize,
            Optional<String> tag,
            SortedMap<String, String> versions) {
        this(step, zeroStage, worldSize, tag, versions, Optional.empty());
    }

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

    /// The same with a step, where none was known.
    public TrainingState at(OptionalLong ofFolder) {
        return new TrainingState(step.isPresent() ? step : ofFolder, zeroStage, worldSize, tag, versions, trainer);
    }

    /// The same with a trainer.
    public TrainingState by(String name) {
        return new TrainingState(step, zeroStage, worldSize, tag, versions, Optional.of(name));
    }
}

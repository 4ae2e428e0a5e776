package io.github.cogvideo4j.inference.generation;

import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/// The memory that a generation needs, stage by stage, and what the machine has.
///
/// @param stages              the estimates, in the order of the stages
/// @param availableBytes      what the machine has to give, when it says so
/// @param releasesTextEncoder whether the text encoder is closed before the transformer is used
public record MemoryPlan(List<StageMemory> stages, OptionalLong availableBytes, boolean releasesTextEncoder) {
    /// One stage's memory.
    ///
    /// @param stage       the stage
    /// @param neededBytes what has to be there: activations, and weights that have to be copied
    /// @param mappedBytes weights that are read from their files: they take memory only as far as there is some
    public record StageMemory(Stage stage, long neededBytes, long mappedBytes) {}

    /// Copies the list.
    public MemoryPlan {
        stages = List.copyOf(stages);
    }

    /// The stage that needs the most.
    public StageMemory peak() {
        return stages.stream()
                .max(Comparator.comparingLong(StageMemory::neededBytes))
                .orElseThrow();
    }

    /// Whether every stage fits into what the machine has.
    public boolean fits() {
        return availableBytes.isEmpty() || peak().neededBytes() <= availableBytes.getAsLong();
    }
}

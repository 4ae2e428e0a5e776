package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;

/// The memory that a generation needs, stage by stage, and what the machine has.
///
/// @param stages              the estimates, in the order of the stages
/// @param availableBytes      what the machine has to give, when it says so
/// @param releasesTextEncoder whether the text encoder is closed before the transformer is used
/// @param offload             which weights stay on the device: one of the choices, never `AUTO`
/// @param choices             what each of them needs, from fast to slow; none on the CPU, where weights are mapped
public record MemoryPlan(
        List<StageMemory> stages,
        OptionalLong availableBytes,
        boolean releasesTextEncoder,
        Offload offload,
        List<Choice> choices) {
    /// A plan for the CPU.
    public MemoryPlan(List<StageMemory> stages, OptionalLong availableBytes, boolean releasesTextEncoder) {
        this(stages, availableBytes, releasesTextEncoder, Offload.NONE, List.of());
    }

    /// One way to keep weights on a device.
    ///
    /// @param offload     the way
    /// @param deviceBytes the most that it needs of the device's memory
    /// @param hostBytes   what it needs of the machine's memory for weights, mapped files not counted
    /// @param fits        whether the device has that much, as far as it says
    public record Choice(Offload offload, long deviceBytes, long hostBytes, boolean fits) {}

    /// One stage's memory.
    ///
    /// @param stage       the stage
    /// @param neededBytes what has to be there: activations, and weights that have to be copied
    /// @param mappedBytes weights that are read from their files: they take memory only as far as there is some
    public record StageMemory(Stage stage, long neededBytes, long mappedBytes) {}

    /// Copies the lists.
    public MemoryPlan {
        stages = List.copyOf(stages);
        choices = List.copyOf(choices);
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

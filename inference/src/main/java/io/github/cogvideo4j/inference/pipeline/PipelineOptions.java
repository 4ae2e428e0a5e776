package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.runtime.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// How a model is loaded. Start from [#defaults()] and change what differs.
///
/// @param precision   the type in which all components compute
/// @param device      where: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`
/// @param threads     how many threads an operation may use; at least 1
/// @param vaeTiling   whether the VAE works tile by tile: less memory, slightly other pixels
/// @param vaeSlicing  whether the VAE works video by video
/// @param transformer instead of the model's own: a component's folder, a weight file or a training
///                    checkpoint that was never converted
/// @param loras       adapters, added in this order
/// @param scheduler   which scheduler
/// @param spacing     how its timesteps are spread
/// @param checkMemory whether a generation that cannot fit into memory is refused before it starts
public record PipelineOptions(
        Precision precision,
        String device,
        int threads,
        boolean vaeTiling,
        boolean vaeSlicing,
        Optional<Path> transformer,
        List<LoraChoice> loras,
        SchedulerChoice scheduler,
        SpacingChoice spacing,
        boolean checkMemory) {
    /// Copies the list.
    public PipelineOptions {
        if (threads < 1) {
            throw new IllegalArgumentException(threads + " threads");
        }
        loras = List.copyOf(loras);
    }

    /// bfloat16 on the best device that there is, with all processors, and everything else as the model has it.
    public static PipelineOptions defaults() {
        return new PipelineOptions(
                Precision.BF16,
                "auto",
                Runtime.getRuntime().availableProcessors(),
                false,
                false,
                Optional.empty(),
                List.of(),
                SchedulerChoice.MODEL,
                SpacingChoice.MODEL,
                true);
    }

    /// With another type of computation.
    public PipelineOptions withPrecision(Precision value) {
        return new PipelineOptions(
                value, device, threads, vaeTiling, vaeSlicing, transformer, loras, scheduler, spacing, checkMemory);
    }

    /// With another device.
    public PipelineOptions withDevice(String value) {
        return new PipelineOptions(
                precision, value, threads, vaeTiling, vaeSlicing, transformer, loras, scheduler, spacing, checkMemory);
    }

    /// With another number of threads.
    public PipelineOptions withThreads(int value) {
        return new PipelineOptions(
                precision, device, value, vaeTiling, vaeSlicing, transformer, loras, scheduler, spacing, checkMemory);
    }

    /// With the VAE's tiling on or off.
    public PipelineOptions withVaeTiling(boolean value) {
        return new PipelineOptions(
                precision, device, threads, value, vaeSlicing, transformer, loras, scheduler, spacing, checkMemory);
    }

    /// With the VAE's slicing on or off.
    public PipelineOptions withVaeSlicing(boolean value) {
        return new PipelineOptions(
                precision, device, threads, vaeTiling, value, transformer, loras, scheduler, spacing, checkMemory);
    }

    /// With the transformer's weights from somewhere else.
    public PipelineOptions withTransformer(Path value) {
        return new PipelineOptions(
                precision,
                device,
                threads,
                vaeTiling,
                vaeSlicing,
                Optional.of(value),
                loras,
                scheduler,
                spacing,
                checkMemory);
    }

    /// With these adapters.
    public PipelineOptions withLoras(List<LoraChoice> value) {
        return new PipelineOptions(
                precision, device, threads, vaeTiling, vaeSlicing, transformer, value, scheduler, spacing, checkMemory);
    }

    /// With another scheduler.
    public PipelineOptions withScheduler(SchedulerChoice value) {
        return new PipelineOptions(
                precision, device, threads, vaeTiling, vaeSlicing, transformer, loras, value, spacing, checkMemory);
    }

    /// With other timesteps.
    public PipelineOptions withSpacing(SpacingChoice value) {
        return new PipelineOptions(
                precision, device, threads, vaeTiling, vaeSlicing, transformer, loras, scheduler, value, checkMemory);
    }

    /// With or without the refusal of what cannot fit into memory.
    public PipelineOptions withCheckMemory(boolean value) {
        return new PipelineOptions(
                precision, device, threads, vaeTiling, vaeSlicing, transformer, loras, scheduler, spacing, value);
    }
}

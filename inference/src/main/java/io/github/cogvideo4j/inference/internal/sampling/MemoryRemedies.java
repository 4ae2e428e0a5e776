package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan.Choice;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What to change when memory does not suffice: first what changes no pixel, last what makes another video.
final class MemoryRemedies {
    private MemoryRemedies() {}

    /// The changes that are left.
    ///
    /// @param stage the stage for which memory did not suffice
    static List<Remedy> of(PipelineOptions options, boolean cpu, MemoryPlan memory, Stage stage) {
        List<Remedy> remedies = new ArrayList<>();
        smaller(memory)
                .map(choice -> Remedy.change(
                        Remedy.Field.OFFLOAD, choice.offload().name().toLowerCase(Locale.ROOT)))
                .ifPresent(remedies::add);
        if (options.compute().precision() == Precision.FP32) {
            remedies.add(Remedy.change(Remedy.Field.DTYPE, "bf16"));
        }
        boolean coding = stage == Stage.DECODE || stage == Stage.ENCODE_INPUT;
        if (coding && !options.vae().tiling()) {
            remedies.add(Remedy.change(Remedy.Field.VAE_TILING));
        }
        // On the CPU dense weights are mapped and take no memory of their own.
        if (!coding && !cpu && options.weights() == WeightFormat.DENSE) {
            remedies.add(Remedy.change(Remedy.Field.WEIGHTS, "fp8"));
        }
        remedies.add(Remedy.change(Remedy.Field.SIZE));
        return remedies;
    }

    /// The fastest way to keep weights that needs less than the plan's; one that fits, if any does.
    private static Optional<Choice> smaller(MemoryPlan memory) {
        long peak = memory.peak().neededBytes();
        return memory.choices().stream()
                .filter(choice -> choice.deviceBytes() < peak)
                .min(Comparator.comparing(choice -> !choice.fits()));
    }

    /// The failure of a run whose memory was used up on the way.
    static MissingCapabilityException failure(
            Throwable cause, PipelineOptions options, ComputeDevice device, GenerationPlan plan, Stage stage) {
        Problem problem = Problem.of(
                        ProblemCode.MEMORY,
                        Place.nowhere(),
                        "inference.pipeline.out-of-memory",
                        stage.name().toLowerCase(Locale.ROOT),
                        device.name())
                .with(of(options, device.isCpu(), plan.memory(), stage).toArray(Remedy[]::new));
        return new MissingCapabilityException(problem, cause);
    }
}

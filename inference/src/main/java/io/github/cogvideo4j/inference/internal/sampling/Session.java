package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.device.OutOfMemory;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/// One run of a planned request, from prompts to videos: what a generation and an inversion have in common.
final class Session {
    private final Components components;
    private final Planning planning;
    private final MemoryPlan memory;
    private final JobControl control;
    private final TensorProbe probe;
    private final StageClock clock;
    private final Warnings warnings = new Warnings();

    /// Begins a run: its warnings are told, and it is refused when the memory would not suffice.
    ///
    /// @param memory what it needs, with others in the same pass
    Session(Components components, Planning planning, MemoryPlan memory, JobControl control, TensorProbe probe) {
        this.components = components;
        this.planning = planning;
        this.memory = memory;
        this.control = control;
        this.probe = probe;
        this.clock = new StageClock(control);
        components.place(memory.offload());
        plan().warnings().forEach(this::warn);
        if (components.options().checkMemory()) {
            Planning.requireMemory(
                    memory, components.options(), components.device().isCpu());
        }
    }

    /// Computes. Where memory is used up on the way, all that is on the device leaves it, so that the process can go
    /// on with something smaller.
    ///
    /// @throws MissingCapabilityException `memory` with what to change
    <T> T run(Supplier<T> computation) {
        try {
            components.chooseKernels(planning.attention(), planning.convolution());
            return computation.get();
        } catch (RuntimeException e) {
            boolean usedUp = OutOfMemory.is(e);
            if (usedUp || memory.offload() != Offload.NONE) {
                components.leaveDevice();
            }
            if (!usedUp) {
                throw e;
            }
            throw MemoryRemedies.failure(e, components.options(), components.device(), plan(), clock.stage());
        }
    }

    Components components() {
        return components;
    }

    PipelineRequest request() {
        return planning.request();
    }

    GenerationPlan plan() {
        return planning.plan();
    }

    Sampler sampler() {
        return planning.sampler();
    }

    LatentShape shape() {
        return planning.shape();
    }

    TensorProbe probe() {
        return probe;
    }

    StageClock clock() {
        return clock;
    }

    List<Problem> warnings() {
        return warnings.all();
    }

    Decoding decoding() {
        return new Decoding(components, plan().framesPerSecond(), probe);
    }

    /// The states of a request's prompts, in the current scope. Tokens that were cut are told.
    ///
    /// @param of this run's request, or another one with prompts of its own
    Tensor text(PipelineRequest of) {
        int tokens = request()
                .settings()
                .maxSequenceLength()
                .orElse(components.config().maxTextSeqLength());
        Warnings cut = new Warnings();
        Tensor text = Scoped.tensor(new Conditioning(components, of, tokens, cut, probe)::states);
        cut.all().forEach(this::warn);
        return text;
    }

    /// Frees the text encoder after the last prompt, when the memory is needed.
    void promptsEncoded() {
        if (memory.releasesTextEncoder()) {
            components.releaseTextEncoder();
        }
    }

    /// What the first latents are made with.
    LatentSource.Setting setting(long batch, RandomSource random) {
        return new LatentSource.Setting(
                components, request(), shape(), batch, random, clock::advance, planning.windows());
    }

    /// Shows the latents before the first step.
    void started(Tensor latents) {
        try (HostTensor initial = HostTensors.copyOf(latents)) {
            control.detail(new GenerationEvent.Started(initial));
        }
    }

    /// A listener for the steps of one round.
    WatchedSteps steps(int round, double... timesteps) {
        return new WatchedSteps(
                control, decoding(), probe, round, planning.windows().isEmpty(), timesteps);
    }

    /// The windows over a long video, if there are any.
    Optional<WindowLayout> windows() {
        return planning.windows();
    }

    /// Counts a window that was predicted.
    void windowPredicted() {
        control.advance(1);
    }

    private void warn(Problem problem) {
        warnings.report(problem);
        control.notice(problem);
    }
}

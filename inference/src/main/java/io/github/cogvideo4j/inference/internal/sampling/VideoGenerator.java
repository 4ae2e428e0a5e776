package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.ModelTraits;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.runtime.DeviceOwner;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/// A loaded model with a sampler and the kind of input that its videos start from: the engine behind every pipeline.
public final class VideoGenerator implements AutoCloseable {
    private static final Set<String> MAY_BE_THE_CPU = Set.of("auto", "cpu");
    private static final int TRIAL_STEPS = 4;
    private static final int TRIAL_FRAMES = 9;
    private static final int TRIAL_GRID = 32;

    private final Components components;
    private final Sampler sampler;
    private final LatentSource source;

    /// Makes videos with a model.
    ///
    /// @param options which sampler
    VideoGenerator(Components components, PipelineOptions options, LatentSource source) {
        this.components = components;
        this.sampler = components.description().sampler(options);
        this.source = source;
    }

    /// Makes videos with a model that is open and shared with other generators: it is closed instead of this one.
    ///
    /// @param continues whether videos are continued: from an image, or from several frames where it can inpaint
    /// @param options   which sampler
    public static VideoGenerator sharing(
            Components components, GenerationKind kind, boolean continues, PipelineOptions options) {
        return new VideoGenerator(components, options, continues ? continued(components) : source(kind, components));
    }

    /// Loads a model for a kind of generation.
    public static VideoGenerator of(GenerationKind kind, Path model, PipelineOptions options) throws IOException {
        return of(model, options, components -> source(kind, components));
    }

    /// Loads a model that looks for the noise of a video. The way back is gone with DDIM.
    public static VideoGenerator ofInversion(Path model, PipelineOptions options) throws IOException {
        return of(model, options.withScheduler(SchedulerChoice.DDIM), _ -> new InversionSource());
    }

    private static VideoGenerator of(Path model, PipelineOptions options, Function<Components, LatentSource> source)
            throws IOException {
        Components components = Components.open(model, options);
        try {
            return new VideoGenerator(components, options, source.apply(components));
        } catch (RuntimeException e) {
            components.close();
            throw e;
        }
    }

    /// An inpainting model takes any of the kinds but those with a control video.
    private static LatentSource source(GenerationKind kind, Components components) {
        boolean inpaints = InputLayout.INPAINT.isOf(components.description());
        return switch (kind) {
            case T2V -> inpaints ? new InpaintSource(kind) : new NoiseSource();
            case I2V -> inpaints ? new InpaintSource(kind) : new ImageSource();
            case V2V -> inpaints ? new InpaintSource(kind) : new VideoSource();
            case CONTROL, CANNY -> new ControlSource();
        };
    }

    private static LatentSource continued(Components components) {
        boolean inpaints = InputLayout.INPAINT.isOf(components.description());
        return inpaints ? new InpaintSource(GenerationKind.V2V) : new ImageSource();
    }

    /// What a model was trained for. On the CPU, which is always there, this needs no libtorch; another device has to
    /// be there, and what it cannot do is refused.
    public static ModelTraits traits(Path model, PipelineOptions options) throws IOException {
        ModelDescription description = ModelDescription.read(model, options);
        if (MAY_BE_THE_CPU.contains(options.compute().device())) {
            description.requireWeights(model);
        } else {
            Components.open(model, options).close();
        }
        return description.traits(options);
    }

    /// Whether it makes what a mask leaves open of a video.
    public boolean inpaints() {
        return source instanceof InpaintSource;
    }

    /// The frames of a video where no number is given.
    public int usualFrames() {
        return components.config().sampleFrames();
    }

    /// What a request comes to with this model. Planned once, it can be carried out any number of times.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be computed
    public Planning plan(PipelineRequest request) {
        return new Planning(components, sampler, source, request);
    }

    /// The same for a trial of a request: few steps, few frames, half the size, as far as the model can.
    public Planning planTrial(PipelineRequest request) {
        GenerationPlan whole = plan(request).plan();
        GenerationSettings fewer = request.settings()
                .withSteps(Math.min(TRIAL_STEPS, request.settings().steps()));
        if (!source.hasLengthOfInput(request)) {
            fewer = fewer.withNumFrames(Math.min(TRIAL_FRAMES, whole.requestedFrames()));
        }
        try {
            return plan(
                    request.withSettings(fewer.withHeight(half(whole.height())).withWidth(half(whole.width()))));
        } catch (InvalidRequestException _) {
            return plan(request.withSettings(fewer)); // learned positions fit one size only
        }
    }

    private static int half(int size) {
        return Math.max(TRIAL_GRID, size / 2 / TRIAL_GRID * TRIAL_GRID);
    }

    /// What the latest run was computed with: what was asked for, and the kernels that were chosen.
    public ComputeOptions compute() {
        return components.compute();
    }

    /// Generates all videos of a planned request.
    ///
    /// @param probe sees the tensors on the way
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when the run was asked to stop
    public PipelineResult generate(Planning planning, JobControl control, TensorProbe probe) {
        try (DeviceOwner.Lease _ = lease(control.cancellation()::requested)) {
            Session session = session(planning, control, probe);
            return session.run(() -> new Generation(session, source).run());
        }
    }

    /// One of several generations in a pass. Each is told once how it ended.
    ///
    /// @param probe  sees the tensors on the way
    /// @param done   receives the result, and closes it
    /// @param failed receives the exception of this generation alone
    public record Joint(
            Planning planning,
            JobControl control,
            TensorProbe probe,
            Consumer<PipelineResult> done,
            Consumer<RuntimeException> failed) {}

    /// Generates one video of each of several planned requests in one pass.
    ///
    /// @param joint with the same sizes, steps and guidance, and without windows or step caches
    /// @throws io.github.cogvideo4j.inference.InferenceException when all that had not ended came to nothing
    public void generate(List<Joint> joint) {
        Joint first = joint.getFirst();
        MemoryPlan memory = first.planning().together(joint.size());
        try (DeviceOwner.Lease _ = lease(() ->
                joint.stream().allMatch(one -> one.control().cancellation().requested()))) {
            List<JointGeneration.Member> members = new ArrayList<>();
            for (Joint one : joint) {
                Session session = new Session(components, one.planning(), memory, one.control(), one.probe());
                members.add(
                        new JointGeneration.Member(session, new Generation(session, source), one.done(), one.failed()));
            }
            members.getFirst().session().run(() -> {
                new JointGeneration(members).run();
                return members;
            });
        }
    }

    /// Inverts the video of a planned request, and reconstructs it.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when the run was asked to stop
    public InversionResult invert(Planning planning, JobControl control) {
        try (DeviceOwner.Lease _ = lease(control.cancellation()::requested)) {
            Session session = session(planning, control, TensorProbe.NONE);
            return session.run(() -> new Inversion(session).run());
        }
    }

    private Session session(Planning planning, JobControl control, TensorProbe probe) {
        return new Session(components, planning, planning.plan().memory(), control, probe);
    }

    private DeviceOwner.Lease lease(BooleanSupplier cancelled) {
        return DeviceOwner.acquire(components.options().compute().threads(), cancelled);
    }

    @Override
    public void close() {
        components.close();
    }
}

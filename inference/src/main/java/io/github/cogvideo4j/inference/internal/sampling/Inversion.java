package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.Video;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// One inversion with its reconstruction, from request to videos.
///
/// Source: `ddim_inversion.py` of CogVideo: `encode_video_frames`, `sample`, and the attention processor that
/// sees the inverted latents as well.
final class Inversion {
    private final Session session;
    private final Components components;
    private final PipelineRequest request;

    Inversion(Session session) {
        this.session = session;
        this.components = session.components();
        this.request = session.request();
    }

    InversionResult run() {
        try (var _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope();
                RandomSource random = RandomSource.ofEach(request.seeds())) {
            session.clock().enter(Stage.ENCODE_PROMPT);
            Tensor plain = session.text(withoutPrompt());
            Tensor text = session.text(request);
            session.promptsEncoded();
            session.clock().enter(Stage.ENCODE_INPUT);
            Tensor clean = clean(random);
            Tensor inverted = steps(Stage.INVERT, session.sampler().inverse(), clean, plain, Optional.empty(), random);
            Tensor noise = noise(random);
            Tensor reconstructed =
                    steps(Stage.DENOISE, session.sampler(), noise, text, Optional.of(inverted.flip(0)), random);
            session.clock().enter(Stage.DECODE);
            return result(clean, inverted, noise, reconstructed);
        }
    }

    /// The way to the noise is gone without a prompt.
    private PipelineRequest withoutPrompt() {
        return PipelineRequest.builder()
                .prompt("")
                .guidanceScale(request.settings().guidanceScale())
                .build();
    }

    private Tensor clean(RandomSource random) {
        return Scoped.tensor(() -> VideoSource.clean(session.setting(1, random)));
    }

    /// Runs a sampler over all of its timesteps.
    ///
    /// @return the latents after each, `[steps, 1, frames, channels, height, width]`
    private Tensor steps(
            Stage stage, Sampler sampler, Tensor start, Tensor text, Optional<Tensor> reference, RandomSource random) {
        Guidance guidance = new Guidance(
                request.settings().guidanceScale(), false, request.settings().steps());
        Denoising denoising = new Denoising(
                guidance.around(components.predictor(StepCache.NONE, new BlockWork(), session.probe())),
                components.config().document().place(),
                guidance,
                components.precision());
        try (SamplerRun run = sampler.run(request.settings().steps(), 0)) {
            double[] timesteps = run.timesteps();
            session.clock().enter(stage, timesteps.length);
            session.started(start);
            WatchedSteps watched = session.steps(stage == Stage.INVERT ? 0 : 1, timesteps);
            return Scoped.tensor(() -> {
                Tensor[] all = new Tensor[timesteps.length];
                Tensor last = denoising.run(
                        new Denoising.Run(start, run, random, text, Optional.empty(), reference, (index, latents) -> {
                            all[index] = latents.clone();
                            watched.stepped(index, latents);
                        }));
                last.close();
                return torch.stack(new TensorVector(all));
            });
        }
    }

    /// The noise that the reconstruction starts from. The script draws it in the layout of the encoded
    /// latents, whose frames and channels are swapped in memory: another order than that of a new tensor, and
    /// another path of libtorch.
    private Tensor noise(RandomSource random) {
        Precision precision = components.precision();
        LatentShape shape = session.shape();
        long channels = components.config().inChannels();
        return Scoped.tensor(() -> {
            Tensor noise = torch.zeros(
                            new long[] {1, channels, shape.latentFrames(), shape.latentHeight(), shape.latentWidth()},
                            new TensorOptions(ScalarTypes.of(precision)))
                    .transpose(1, 2);
            noise.normal_(0, 1, new GeneratorOptional(random.generator(0)));
            return components.device().put(noise, precision);
        });
    }

    private InversionResult result(Tensor clean, Tensor inverted, Tensor noise, Tensor reconstructed) {
        Video inversion = video(inverted);
        try {
            Video reconstruction = video(reconstructed);
            return new InversionResult(
                    HostTensors.copyOf(clean),
                    HostTensors.copyOf(inverted),
                    HostTensors.copyOf(noise),
                    HostTensors.copyOf(reconstructed),
                    inversion,
                    reconstruction,
                    session.warnings(),
                    session.clock().stop());
        } catch (RuntimeException | Error e) {
            inversion.close();
            throw e;
        }
    }

    /// The latents after the last step, decoded.
    private Video video(Tensor steps) {
        return session.decoding()
                .videos(steps.select(0, steps.size(0) - 1), session.clock()::advance)
                .getFirst();
    }
}

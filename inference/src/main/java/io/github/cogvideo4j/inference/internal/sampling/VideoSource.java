package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.video.Video;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The start of video to video: a video with as much noise as its strength says, and skips the steps before that.
///
/// Source: `get_timesteps` and `prepare_latents` of diffusers' video to video pipeline.
record VideoSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.TEXT.require(components.description());
        requireVideo(request);
    }

    /// Refuses a request without a video, or that would change nothing of it.
    static void requireVideo(PipelineRequest request) {
        if (request.video().isEmpty()) {
            throw RequestCheck.refused(ProblemCode.VIDEO, "inference.pipeline.no-video");
        }
        if (kept(request) < 1) {
            throw RequestCheck.refused(
                    ProblemCode.REQUEST,
                    "inference.pipeline.weak",
                    request.settings().strength(),
                    request.settings().steps(),
                    1.0 / request.settings().steps());
        }
    }

    /// How many steps a strength leaves.
    static int kept(PipelineRequest request) {
        return Math.min(
                (int) (request.settings().steps() * request.settings().strength()),
                request.settings().steps());
    }

    @Override
    public LatentShape shape(SizeRules sizes, PipelineRequest request) {
        return sizes.edited(request, request.video().orElseThrow());
    }

    @Override
    public boolean hasLengthOfInput(PipelineRequest request) {
        return true;
    }

    @Override
    public int firstStep(PipelineRequest request) {
        return request.settings().steps() - kept(request);
    }

    @Override
    public int guidanceSteps(PipelineRequest request) {
        return kept(request);
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return request.initialLatents().isEmpty();
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        long channels = setting.components().config().inChannels();
        if (setting.request().initialLatents().isPresent()) {
            return new Start(setting.noise(channels), Optional.empty());
        }
        Tensor clean = clean(setting);
        Tensor noise = setting.noise(channels);
        Tensor noisy = sampler.start(clean, noise);
        return new Start(noisy.to(noise.scalar_type()), Optional.empty());
    }

    /// The video's latents, once for each result: `[batch, frames, channels, height, width]`.
    static Tensor clean(Setting setting) {
        CogVideoXVae vae = setting.components().vaeInTurn();
        LatentShape shape = setting.shape();
        Video video = setting.request().video().orElseThrow();
        List<Tensor> samples = new ArrayList<>();
        for (int i = 0; i < setting.batch(); i++) {
            int sample = i;
            samples.add(Scoped.tensor(() -> {
                Tensor pixels = FrameTensors.ofVideo(video, shape.height(), shape.width())
                        .narrow(2, 0, shape.requestedFrames());
                return vae.encode(pixels, setting.components().options().vae(), setting.progress())
                        .sample(setting.random().generator(sample))
                        .permute(0, 2, 1, 3, 4)
                        .mul(new Scalar(vae.config().scalingFactor()));
            }));
        }
        return torch.cat(new TensorVector(samples.toArray(Tensor[]::new)));
    }
}

package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.window.WindowedPredictor;
import io.github.cogvideo4j.inference.video.Video;
import java.util.Collections;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The start of a controlled video: noise, with the latents of a control video (poses, depths, edges) beside it in
/// every frame. The video has as many frames as its control.
///
/// Source: `CogVideoXFunControlPipeline` of diffusers. The latents are the likeliest ones, so that only the
/// noise is random.
record ControlSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.CONTROL.require(components.description());
        Video video = request.video()
                .orElseThrow(() -> RequestCheck.refused(ProblemCode.VIDEO, "inference.pipeline.no-control"));
        int asked = request.settings().numFrames().orElse(video.frames());
        if (asked > video.frames()) {
            throw RequestCheck.refused(ProblemCode.VIDEO, "inference.pipeline.control-frames", asked, video.frames());
        }
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
    public WindowedPredictor.Condition windowCondition() {
        return WindowedPredictor.Condition.OWN_FRAMES;
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return true;
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        long channels = setting.components().config().outChannels();
        Tensor latents = sampler.start(setting.noise(channels));
        Tensor one = control(setting);
        Tensor[] all =
                Collections.nCopies(Math.toIntExact(setting.batch()), one).toArray(Tensor[]::new);
        return new Start(latents, Optional.of(torch.cat(new TensorVector(all))));
    }

    /// The control video's latents, `[1, frames, channels, height, width]`.
    private static Tensor control(Setting setting) {
        CogVideoXVae vae = setting.components().vaeInTurn();
        LatentShape shape = setting.shape();
        return Scoped.tensor(() -> {
            Tensor pixels = FrameTensors.ofVideo(setting.request().video().orElseThrow(), shape.height(), shape.width())
                    .narrow(2, 0, shape.requestedFrames());
            return vae.encode(pixels, setting.components().options().vae(), setting.progress())
                    .mode()
                    .permute(0, 2, 1, 3, 4)
                    .mul(new Scalar(vae.config().scalingFactor()));
        });
    }
}

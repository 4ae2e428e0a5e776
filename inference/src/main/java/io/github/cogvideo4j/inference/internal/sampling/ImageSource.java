package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.vae.Posterior;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The start of image to video: noise, with the image's latents beside it: in the first latent frame, zeros after it.
///
/// Source: `prepare_latents` of diffusers' image to video pipeline. The posterior's sample is drawn before
/// the noise.
record ImageSource() implements LatentSource {
    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.IMAGE.require(components.description());
        requireImages(request);
    }

    /// Refuses a request without an image, or with too few.
    static void requireImages(PipelineRequest request) {
        if (request.images().isEmpty()) {
            throw RequestCheck.refused(ProblemCode.IMAGE, "inference.pipeline.no-image");
        }
        RequestCheck.requireCount("images", request.images().size(), RequestCheck.prompts(request), false);
    }

    @Override
    public LatentShape shape(SizeRules sizes, PipelineRequest request) {
        return sizes.generated(request);
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return true;
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        long channels = setting.components().config().outChannels();
        Tensor first = firstFrames(setting);
        Tensor image = torch.zeros(setting.shape().of(setting.batch(), channels))
                .to(first.device(), first.scalar_type().intern());
        image.narrow(1, 0, 1).copy_(first);
        return new Start(sampler.start(setting.noise(channels)), Optional.of(image));
    }

    /// The images' latents, `[batch, 1, channels, height, width]`.
    private static Tensor firstFrames(Setting setting) {
        CogVideoXVae vae = setting.components().vaeInTurn();
        double factor = vae.config().invertScaleLatents()
                ? 1 / vae.config().scalingFactor()
                : vae.config().scalingFactor();
        List<Image> images = setting.request().images();
        List<Tensor> frames = new ArrayList<>();
        for (int i = 0; i < setting.batch(); i++) {
            int sample = i;
            Image image = images.get(images.size() == 1 ? 0 : sample);
            frames.add(Scoped.tensor(() -> {
                Tensor pixels = FrameTensors.ofImage(
                        image, setting.shape().height(), setting.shape().width());
                Posterior posterior = vae.encode(
                        pixels.unsqueeze(2), setting.components().options().vae(), setting.progress());
                return posterior
                        .sample(setting.random().generator(sample))
                        .permute(0, 2, 1, 3, 4)
                        .mul(new Scalar(factor));
            }));
        }
        return torch.cat(new TensorVector(frames.toArray(Tensor[]::new)));
    }
}

package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.vae.Posterior;
import io.github.cogvideo4j.inference.internal.window.WindowedPredictor;
import io.github.cogvideo4j.inference.video.Video;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// The start of a video of CogVideoX-Fun's inpainting models: noise, or a video with noise, and beside it a mask of
/// what is kept and the latents of that. Kept are nothing, a first image, a first and a last one, or what a mask leaves
/// of a video.
///
/// Source: `CogVideoXFunInpaintPipeline` of VideoX-Fun. What it draws besides the noise comes from generators of its
/// own, which begin with the same seeds.
///
/// @param kind what is given: nothing, an image or a video
record InpaintSource(GenerationKind kind) implements LatentSource {
    /// The strength of the noise on what is kept, where the configuration asks for it.
    private static final double NOISE_ON_KEPT = 0.0563;

    private static final String NOISE_KEY = "add_noise_in_inpaint_model";

    @Override
    public void check(Components components, PipelineRequest request) {
        InputLayout.INPAINT.require(components.description());
        if (kind == GenerationKind.I2V) {
            ImageSource.requireImages(request);
        }
        if (kind == GenerationKind.V2V) {
            VideoSource.requireVideo(request);
            int frames = request.video().orElseThrow().frames();
            int masks = request.mask().map(Video::frames).orElse(1);
            if (masks != 1 && masks != frames) {
                throw RequestCheck.refused(ProblemCode.VIDEO, "inference.pipeline.mask-frames", masks, frames);
            }
        }
    }

    /// Refuses inputs of inpainting with any other model.
    static void requireNone(Components components, PipelineRequest request) {
        if (request.lastImage().isPresent() || request.mask().isPresent()) {
            InputLayout.INPAINT.require(components.description());
        }
    }

    @Override
    public LatentShape shape(SizeRules sizes, PipelineRequest request) {
        return sizes.inpainted(request, video(request));
    }

    private Optional<Video> video(PipelineRequest request) {
        return request.video().filter(_ -> kind == GenerationKind.V2V);
    }

    @Override
    public boolean hasLengthOfInput(PipelineRequest request) {
        return kind == GenerationKind.V2V;
    }

    @Override
    public WindowedPredictor.Condition windowCondition() {
        return WindowedPredictor.Condition.OWN_FRAMES;
    }

    @Override
    public int firstStep(PipelineRequest request) {
        return request.settings().steps() - guidanceSteps(request);
    }

    @Override
    public int guidanceSteps(PipelineRequest request) {
        return kind == GenerationKind.V2V
                ? VideoSource.kept(request)
                : request.settings().steps();
    }

    @Override
    public boolean encodesInput(PipelineRequest request) {
        return kind == GenerationKind.I2V || request.mask().isPresent() || startsFromVideo(request);
    }

    private boolean startsFromVideo(PipelineRequest request) {
        return kind == GenerationKind.V2V
                && request.settings().strength() < 1
                && request.initialLatents().isEmpty();
    }

    @Override
    public Start start(Setting setting, SamplerRun sampler) {
        long channels = setting.components().config().outChannels();
        try (RandomSource besides = setting.random().again()) {
            Optional<Tensor> clean = startsFromVideo(setting.request())
                    ? Optional.of(each(setting, setting.random().count(), sample -> sampled(setting, besides, sample)))
                    : Optional.empty();
            Tensor noise = setting.noise(channels);
            Tensor latents = clean.map(video -> sampler.start(video, noise)).orElseGet(() -> sampler.start(noise));
            Tensor beside = beside(setting, besides, noise);
            return new Start(latents.to(noise.scalar_type()), Optional.of(beside));
        }
    }

    /// The video's own latents, `[1, frames, channels, height, width]`.
    private Tensor sampled(Setting setting, RandomSource random, int sample) {
        Posterior posterior = encoded(setting, pixels(setting, sample));
        return scaled(setting, posterior.sample(random.generator(sample)));
    }

    /// The mask and the latents of what is kept, `[batch, frames, 1 + channels, height, width]`.
    private Tensor beside(Setting setting, RandomSource random, Tensor noise) {
        Optional<Tensor> mask =
                mask(setting).filter(made -> made.lt(new Scalar(0.5)).any().item_bool());
        if (mask.isEmpty()) {
            return torch.cat(new TensorVector(noise.narrow(2, 0, 1), noise), 2).zero_();
        }
        boolean noisy = setting.components().config().document().flag(NOISE_KEY, false);
        int different = Math.max(
                setting.request().images().size(), noisy ? setting.random().count() : 1);
        Tensor kept = each(setting, different, sample -> {
            Tensor pixels = pixels(setting, sample);
            Tensor masked =
                    torch.where(mask.get().lt(new Scalar(0.5)), pixels, torch.full_like(pixels, new Scalar(-1.0)));
            return scaled(
                    setting,
                    encoded(setting, noisy ? withNoise(masked, random, sample) : masked)
                            .mode());
        });
        double factor = setting.components().vae().config().scalingFactor();
        Tensor channel = maskChannel(mask.get(), setting.shape())
                .mul(new Scalar(factor))
                .permute(0, 2, 1, 3, 4)
                .expand(setting.batch(), -1, -1, -1, -1)
                .to(kept.device(), ScalarTypes.of(setting.components().precision()));
        return torch.cat(new TensorVector(channel, kept), 2);
    }

    /// One tensor for each of the batch, or the same for all.
    ///
    /// @param different how many are not the same
    private static Tensor each(Setting setting, int different, IntFunction<Tensor> one) {
        int batch = Math.toIntExact(setting.batch());
        if (different <= 1) {
            Tensor same = Scoped.tensor(() -> one.apply(0));
            return torch.cat(new TensorVector(Collections.nCopies(batch, same).toArray(Tensor[]::new)));
        }
        List<Tensor> all = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
            int sample = i;
            all.add(Scoped.tensor(() -> one.apply(sample)));
        }
        return torch.cat(new TensorVector(all.toArray(Tensor[]::new)));
    }

    private static Posterior encoded(Setting setting, Tensor pixels) {
        CogVideoXVae vae = setting.components().vaeInTurn();
        return vae.encode(pixels, setting.components().options().vae(), setting.progress());
    }

    private static Tensor scaled(Setting setting, Tensor latents) {
        double factor = setting.components().vae().config().scalingFactor();
        return latents.permute(0, 2, 1, 3, 4).mul(new Scalar(factor));
    }

    /// The pixels that a sample is given, `[1, 3, frames, height, width]`; in memory the frames come before the
    /// channels, as in the reference, where noise is drawn in that order.
    private Tensor pixels(Setting setting, int sample) {
        LatentShape shape = setting.shape();
        int frames = frames(setting);
        PipelineRequest request = setting.request();
        if (kind == GenerationKind.V2V) {
            Video video = request.video().orElseThrow();
            return FrameTensors.ofFrames(video::image, frames, shape.height(), shape.width());
        }
        List<Image> images = request.images();
        Image first = images.get(images.size() == 1 ? 0 : sample);
        Image last = request.lastImage().orElse(first);
        return FrameTensors.ofFrames(i -> i < frames - 1 ? first : last, frames, shape.height(), shape.width());
    }

    /// The frames that are given; with patches in time fewer than were asked for.
    private static int frames(Setting setting) {
        return new SizeRules(
                        setting.components().config(),
                        setting.components().vae().config())
                .inpaintedFrames(setting.shape().requestedFrames());
    }

    /// `[1, 1, frames, height, width]`: 1 where the model makes the video, 0 where it is kept; none when it makes all.
    private Optional<Tensor> mask(Setting setting) {
        int frames = frames(setting);
        LatentShape shape = setting.shape();
        PipelineRequest request = setting.request();
        if (kind == GenerationKind.V2V) {
            return request.mask()
                    .map(mask -> FrameTensors.ofMask(
                            i -> mask.image(Math.min(i, mask.frames() - 1)), frames, shape.height(), shape.width()));
        }
        if (kind == GenerationKind.T2V) {
            return Optional.empty();
        }
        Tensor mask = torch.ones(1, 1, frames, shape.height(), shape.width());
        mask.select(2, 0).zero_();
        if (request.lastImage().isPresent()) {
            mask.select(2, frames - 1).zero_();
        }
        return Optional.of(mask);
    }

    /// What is kept, in latent pixels: the first frame by itself, the others over the other latent frames.
    private static Tensor maskChannel(Tensor made, LatentShape shape) {
        Tensor kept = made.neg().add(new Scalar(1.0));
        long[] one = {1, shape.latentHeight(), shape.latentWidth()};
        Tensor first = torch.upsample_trilinear3d(kept.narrow(2, 0, 1), one, false);
        if (shape.latentFrames() == 1) {
            return first;
        }
        long[] rest = {shape.latentFrames() - 1, shape.latentHeight(), shape.latentWidth()};
        Tensor others = torch.upsample_trilinear3d(kept.narrow(2, 1, kept.size(2) - 1), rest, false);
        return torch.cat(new TensorVector(first, others), 2);
    }

    private static Tensor withNoise(Tensor masked, RandomSource random, int sample) {
        // Frames before channels in memory, one number after the other.
        Tensor noise = torch.empty(masked.size(2), masked.size(1), masked.size(3), masked.size(4))
                .permute(1, 0, 2, 3)
                .unsqueeze(0)
                .normal_(0, 1, new GeneratorOptional(random.generator(sample)))
                .mul(new Scalar(NOISE_ON_KEPT));
        return masked.add(torch.where(masked.eq(new Scalar(-1.0)), torch.zeros_like(noise), noise));
    }
}

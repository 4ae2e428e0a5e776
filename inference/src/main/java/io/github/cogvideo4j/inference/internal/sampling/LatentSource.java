package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.HostTensor;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.runtime.RandomSource;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.sampler.SamplerRun;
import io.github.cogvideo4j.inference.internal.vae.VaeProgress;
import io.github.cogvideo4j.inference.internal.window.FreeNoise;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import io.github.cogvideo4j.inference.internal.window.WindowedPredictor;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The source of a generation's first latents: the difference between text, image and video to video.
sealed interface LatentSource
        permits NoiseSource, ImageSource, VideoSource, ControlSource, InpaintSource, InversionSource {
    /// Refuses a request that lacks the input, or a model that cannot take it.
    void check(Components components, PipelineRequest request);

    /// The sizes of the generation.
    LatentShape shape(SizeRules sizes, PipelineRequest request);

    /// The step that is made first: those before it are left out.
    default int firstStep(PipelineRequest request) {
        return 0;
    }

    /// The `n` of dynamic guidance.
    default int guidanceSteps(PipelineRequest request) {
        return request.settings().steps();
    }

    /// How many rows of a prediction's batch belong to one video.
    default int rows(PipelineRequest request) {
        return request.settings().isGuided() ? 2 : 1;
    }

    /// What of the latents beside the noisy ones a window over a long video gets.
    default WindowedPredictor.Condition windowCondition() {
        return WindowedPredictor.Condition.HEAD;
    }

    /// Whether the result has as many frames as the input, and cannot be made shorter at will.
    default boolean hasLengthOfInput(PipelineRequest request) {
        return false;
    }

    /// Whether the VAE's encoder is used.
    boolean encodesInput(PipelineRequest request);

    /// The tensors that denoising starts with, in the current scope.
    ///
    /// @param sampler the run that begins with them
    Start start(Setting setting, SamplerRun sampler);

    /// The inputs of a latent source.
    ///
    /// @param batch how many videos
    record Setting(
            Components components,
            PipelineRequest request,
            LatentShape shape,
            long batch,
            RandomSource random,
            VaeProgress progress,
            Optional<WindowLayout> windows) {
        /// The noise that was given with the request, or drawn.
        Tensor noise(long channels) {
            long[] sizes = shape.of(batch, channels);
            Precision precision = components.precision();
            Tensor noise =
                    request.initialLatents().map(given -> checked(given, sizes)).orElseGet(() -> drawn(sizes));
            return components.device().put(noise, precision);
        }

        private Tensor drawn(long... sizes) {
            Tensor noise = random.normal(ScalarTypes.of(components.precision()), sizes);
            if (windows.filter(layout -> layout.options().freeNoise()).isPresent()) {
                FreeNoise shuffling = windows.get().freeNoise();
                long each = request.seeds().size() == 1 ? batch : 1; // one generator orders all videos alike
                for (long first = 0; first < batch; first += each) {
                    shuffling.shuffle(
                            noise.narrow(0, first, each), shape.requestedFrames(), random.generator((int) first));
                }
            }
            return noise;
        }

        private static Tensor checked(HostTensor given, long... sizes) {
            if (!Arrays.equals(given.shape(), sizes)) {
                throw RequestCheck.refused(
                        ProblemCode.REQUEST,
                        "inference.pipeline.tensor-shape",
                        "latents",
                        given,
                        Arrays.toString(sizes));
            }
            return HostTensors.view(given);
        }
    }

    /// The tensors that denoising starts with.
    ///
    /// @param latents `[batch, frames, channels, height, width]`
    /// @param image   latents of the same frames and size that are held beside them along the channels
    record Start(Tensor latents, Optional<Tensor> image) {}
}

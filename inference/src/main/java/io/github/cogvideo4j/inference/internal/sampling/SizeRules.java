package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.ModelTraits;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.internal.vae.VaeConfig;
import io.github.cogvideo4j.inference.internal.window.WindowLayout;
import io.github.cogvideo4j.inference.video.Video;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The sizes that a model can compute, those that it was trained with, and those that come out.
///
/// Whatever the reference can compute is computed. What it cannot is refused with the nearest size that can.
final class SizeRules {
    private static final int PIXELS_LIMIT = 1 << 14;
    private static final int FRAMES_LIMIT = 1 << 14;
    private static final int TRAINED_STRIDE = 8;
    private static final double RATE = 8;
    private static final double RATE_OF_PATCHES_IN_TIME = 16;

    // CogVideoX1.5 was trained with 1360 x 768 (its model card: the shorter side 768, the longer one 768 to 1360).
    // The sample size in its configuration, 300, is the largest grid that it can compute: 2400 x 2400.
    private static final int TRAINED_SHORT = 768;
    private static final int TRAINED_LONG = 1360;

    private final TransformerConfig transformer;
    private final VaeConfig vae;

    SizeRules(TransformerConfig transformer, VaeConfig vae) {
        this.transformer = transformer;
        this.vae = vae;
    }

    /// How fast the model's videos play.
    double framesPerSecond() {
        return transformer.patchSizeT().isPresent() ? RATE_OF_PATCHES_IN_TIME : RATE;
    }

    /// These rules as values.
    ModelTraits traits(List<GenerationKind> kinds, boolean inpaints, boolean extendable, String scheduler) {
        int ratio = vae.spatialRatio();
        int height = transformer.sampleHeight() * ratio;
        int width = transformer.sampleWidth() * ratio;
        return new ModelTraits(
                kinds,
                inpaints,
                extendable,
                defaultSide(height, TRAINED_SHORT),
                defaultSide(width, TRAINED_LONG),
                ratio * transformer.patchSize(),
                transformer.patchSizeT().isPresent() ? Math.min(height, width) : PIXELS_LIMIT,
                hasOneSize(),
                transformer.sampleFrames(),
                TRAINED_STRIDE * depth(),
                framesPerSecond(),
                scheduler,
                transformer.maxTextSeqLength());
    }

    private boolean hasOneSize() {
        return transformer.useLearnedPositionalEmbeddings() && !transformer.isInpainting();
    }

    /// The sizes of a video made from noise: padded at its beginning to whole patches in time.
    LatentShape generated(PipelineRequest request) {
        int frames = request.settings().numFrames().orElse(transformer.sampleFrames());
        checkFrames(frames);
        int latentFrames = (frames - 1) / vae.temporalCompressionRatio() + 1;
        int padding = (depth() - latentFrames % depth()) % depth();
        return shape(request, frames, latentFrames + padding, padding);
    }

    /// The sizes of a video made from a video, which is not padded.
    LatentShape edited(PipelineRequest request, Video video) {
        int frames = request.settings().numFrames().isPresent()
                ? Math.min(request.settings().numFrames().getAsInt(), video.frames())
                : video.frames();
        checkFrames(frames);
        int latentFrames = Math.toIntExact(vae.latentFrames(frames));
        if (latentFrames % depth() != 0) {
            int fitting = latentFrames - latentFrames % depth();
            int nearest = fitting == 0
                    ? (depth() - 1) * vae.temporalCompressionRatio() + 1
                    : (fitting - 1) * vae.temporalCompressionRatio() + 1;
            throw refused("inference.pipeline.video-frames", frames, nearest);
        }
        return shape(request, frames, latentFrames, 0);
    }

    /// The sizes of a video of an inpainting model, which is cut to whole patches in time.
    ///
    /// @param video what it is made from, if anything
    LatentShape inpainted(PipelineRequest request, Optional<Video> video) {
        int most = video.map(Video::frames).orElse(FRAMES_LIMIT);
        int frames = Math.min(
                request.settings().numFrames().orElse(video.isPresent() ? most : transformer.sampleFrames()), most);
        checkFrames(frames);
        return shape(request, frames, Math.toIntExact(vae.latentFrames(inpaintedFrames(frames))), 0);
    }

    /// The frames that an inpainting model makes for a number that is asked for.
    int inpaintedFrames(int frames) {
        int rest = Math.toIntExact(vae.latentFrames(frames) % depth());
        return Math.max(1, frames - rest * vae.temporalCompressionRatio());
    }

    private LatentShape shape(PipelineRequest request, int frames, int latentFrames, int padding) {
        int ratio = vae.spatialRatio();
        int height = request.settings().height().orElse(defaultSide(transformer.sampleHeight() * ratio, TRAINED_SHORT));
        int width = request.settings().width().orElse(defaultSide(transformer.sampleWidth() * ratio, TRAINED_LONG));
        checkSide("height", height, transformer.sampleHeight() * ratio);
        checkSide("width", width, transformer.sampleWidth() * ratio);
        int kept = latentFrames - padding;
        return new LatentShape(
                height,
                width,
                frames,
                Math.toIntExact(vae.videoFrames(kept)),
                latentFrames,
                padding,
                height / ratio,
                width / ratio);
    }

    /// A default is never beyond what the model was trained with: it would take hours.
    private int defaultSide(int sample, int trained) {
        return transformer.patchSizeT().isPresent() ? Math.min(sample, trained) : sample;
    }

    /// What is worth knowing of sizes that the model was not trained with.
    List<Problem> warnings(LatentShape shape, Optional<WindowLayout> windows) {
        List<Problem> warnings = new ArrayList<>();
        int stride = TRAINED_STRIDE * depth();
        int longest = transformer.sampleFrames();
        int frames = shape.requestedFrames();
        if (windows.isPresent()) {
            int window = windows.get().options().size().orElse(0);
            int most = ((longest - 1) / vae.temporalCompressionRatio() + 1) * vae.temporalCompressionRatio();
            if (window > most && frames > longest) {
                warnings.add(warning("inference.window.large", window, longest));
            }
            if (frames != shape.frames()) {
                warnings.add(warning("inference.pipeline.other-frames", frames, shape.frames()));
            }
        } else if (frames > longest) {
            warnings.add(warning("inference.pipeline.many-frames", frames, longest, shape.frames())
                    .with(Remedy.change(Remedy.Field.WINDOWS, "uniform")));
        } else if (frames % stride != 1) {
            int below = (frames - 1) / stride * stride + 1;
            int nearest = Math.min(longest, frames - below > stride / 2 ? below + stride : below);
            warnings.add(warning("inference.pipeline.odd-frames", frames, stride, nearest, shape.frames()));
        } else if (frames != shape.frames()) {
            warnings.add(warning("inference.pipeline.other-frames", frames, shape.frames()));
        }
        int ratio = vae.spatialRatio();
        int height = transformer.sampleHeight() * ratio;
        int width = transformer.sampleWidth() * ratio;
        boolean flat = transformer.patchSizeT().isEmpty();
        if (flat && (shape.height() != height || shape.width() != width)) {
            warnings.add(warning("inference.pipeline.other-size", shape.width(), shape.height(), width, height));
        }
        boolean large = Math.min(shape.height(), shape.width()) > TRAINED_SHORT
                || Math.max(shape.height(), shape.width()) > TRAINED_LONG;
        if (!flat && large) {
            warnings.add(warning(
                    "inference.pipeline.large-size", shape.width(), shape.height(), TRAINED_LONG, TRAINED_SHORT));
        }
        return warnings;
    }

    private void checkFrames(int frames) {
        if (frames < 1 || frames > FRAMES_LIMIT) {
            throw refused("inference.pipeline.frames", frames, frames < 1 ? 1 : FRAMES_LIMIT);
        }
    }

    private void checkSide(String side, int pixels, int trained) {
        int step = vae.spatialRatio() * transformer.patchSize();
        // Learned positions exist for one size only, those of CogVideoX1.5 for sizes up to a largest one.
        if (hasOneSize() && pixels != trained) {
            throw refused("inference.pipeline.only-size", side, pixels, trained);
        }
        int largest = transformer.patchSizeT().isPresent() ? trained : PIXELS_LIMIT;
        if (pixels < step || pixels > largest || pixels % step != 0) {
            int nearest = Math.clamp(Math.round(pixels / (float) step) * (long) step, step, largest / step * step);
            throw refused("inference.pipeline.side", side, pixels, step, nearest);
        }
    }

    private int depth() {
        return transformer.patchSizeT().orElse(1);
    }

    private static Problem warning(String key, Object... arguments) {
        return Problem.of(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}

package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.util.Optional;

/// The kinds of transformer by what stands beside the noisy latents in their input. The number of channels tells them
/// apart, but for two: an image and a control video have as many, and only the pipeline's class says which it is.
enum InputLayout {
    /// The noisy latents alone: text to video and video to video.
    TEXT(1, 0),
    /// The latents of an image.
    IMAGE(2, 0),
    /// The latents of a control video: CogVideoX-Fun's control models.
    CONTROL(2, 0),
    /// A mask and the latents of what it keeps: CogVideoX-Fun's inpainting models ("InP").
    INPAINT(2, 1);

    /// VOID's mask is encoded, and takes as many channels as what it keeps.
    private static final int VOID_TIMES = 3;

    private static final String IMAGE_CLASS = "CogVideoXImageToVideoPipeline";
    private static final String CONTROL_CLASS = "CogVideoXFunControlPipeline";

    private final int times;
    private final int more;

    InputLayout(int times, int more) {
        this.times = times;
        this.more = more;
    }

    private int channels(int out) {
        return times * out + more;
    }

    /// Refuses a model of another kind, and says what that is for.
    void require(Components components) {
        if (!isOf(components)) {
            throw refused(components);
        }
    }

    /// Whether a model is of this kind. One for an image or a control is of both when nothing says which.
    boolean isOf(Components components) {
        TransformerConfig config = components.config();
        Optional<String> named = components.pipelineClass();
        return config.inChannels() == channels(config.outChannels())
                && !(this == IMAGE && named.filter(CONTROL_CLASS::equals).isPresent())
                && !(this == CONTROL && named.filter(IMAGE_CLASS::equals).isPresent());
    }

    private InvalidModelException refused(Components components) {
        TransformerConfig config = components.config();
        int in = config.inChannels();
        int twice = CONTROL.channels(config.outChannels());
        if (in == VOID_TIMES * config.outChannels()) {
            return refused(components, "inference.pipeline.void-model", in);
        }
        if (this == INPAINT) {
            return refused(components, "inference.pipeline.takes-no-mask", in, channels(config.outChannels()));
        }
        if (CONTROL.isOf(components) && IMAGE.isOf(components)) {
            return refused(components, "inference.pipeline.wants-image-or-control", in);
        }
        if (CONTROL.isOf(components)) {
            return refused(components, "inference.pipeline.wants-control", in, CONTROL_CLASS);
        }
        if (IMAGE.isOf(components)) {
            return this == CONTROL
                    ? refused(components, "inference.pipeline.image-not-control", in, IMAGE_CLASS, CONTROL_CLASS)
                    : refused(components, "inference.pipeline.wants-image", in);
        }
        if (INPAINT.isOf(components)) {
            return refused(components, "inference.pipeline.inpainting-model", in);
        }
        return switch (this) {
            case INPAINT, TEXT -> refused(components, "inference.pipeline.other-input", in, config.outChannels());
            case IMAGE -> refused(components, "inference.pipeline.takes-no-image", in);
            case CONTROL -> refused(components, "inference.pipeline.takes-no-control", in, twice);
        };
    }

    private static InvalidModelException refused(Components components, String key, Object... arguments) {
        return new InvalidModelException(
                ProblemCode.PIPELINE_CLASS, components.config().document().place(), key, arguments);
    }
}

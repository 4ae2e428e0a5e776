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
    void require(ModelDescription model) {
        if (!isOf(model)) {
            throw refused(model);
        }
    }

    /// Whether a model is of this kind. One for an image or a control is of both when nothing says which.
    boolean isOf(ModelDescription model) {
        TransformerConfig config = model.config();
        Optional<String> named = model.pipelineClass();
        return config.inChannels() == channels(config.outChannels())
                && !(this == IMAGE && named.filter(CONTROL_CLASS::equals).isPresent())
                && !(this == CONTROL && named.filter(IMAGE_CLASS::equals).isPresent());
    }

    private InvalidModelException refused(ModelDescription model) {
        TransformerConfig config = model.config();
        int in = config.inChannels();
        int twice = CONTROL.channels(config.outChannels());
        if (in == VOID_TIMES * config.outChannels()) {
            return refused(model, "inference.pipeline.void-model", in);
        }
        if (this == INPAINT) {
            return refused(model, "inference.pipeline.takes-no-mask", in, channels(config.outChannels()));
        }
        if (CONTROL.isOf(model) && IMAGE.isOf(model)) {
            return refused(model, "inference.pipeline.wants-image-or-control", in);
        }
        if (CONTROL.isOf(model)) {
            return refused(model, "inference.pipeline.wants-control", in, CONTROL_CLASS);
        }
        if (IMAGE.isOf(model)) {
            return this == CONTROL
                    ? refused(model, "inference.pipeline.image-not-control", in, IMAGE_CLASS, CONTROL_CLASS)
                    : refused(model, "inference.pipeline.wants-image", in);
        }
        if (INPAINT.isOf(model)) {
            return refused(model, "inference.pipeline.inpainting-model", in);
        }
        return switch (this) {
            case INPAINT, TEXT -> refused(model, "inference.pipeline.other-input", in, config.outChannels());
            case IMAGE -> refused(model, "inference.pipeline.takes-no-image", in);
            case CONTROL -> refused(model, "inference.pipeline.takes-no-control", in, twice);
        };
    }

    private static InvalidModelException refused(ModelDescription model, String key, Object... arguments) {
        return new InvalidModelException(
                ProblemCode.PIPELINE_CLASS, model.config().document().place(), key, arguments);
    }
}

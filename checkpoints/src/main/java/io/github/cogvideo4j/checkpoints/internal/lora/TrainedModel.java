package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The kind of CogVideoX that a model is, as its name or its tensors tell: adapters of attention layers fit
/// several kinds whose shapes are the same, and do nothing good in any but their own.
///
/// @param patchesInTime whether a patch spans two latent frames (CogVideoX1.5)
/// @param imageToVideo  whether it is given an image beside the noise
public record TrainedModel(boolean patchesInTime, boolean imageToVideo) {
    /// Warns when an adapter says that it was trained on a model of another kind.
    public static void tellOther(AdapterContent adapter, Map<String, Shape> model, Warnings warnings) {
        Optional<TrainedModel> said = adapter.settings().baseModel().flatMap(TrainedModel::named);
        Optional<TrainedModel> found = of(model);
        if (said.isPresent() && found.isPresent() && !said.equals(found)) {
            warnings.report(
                    ProblemCode.WRONG_COMPONENT,
                    Place.of(adapter.file()),
                    "checkpoints.lora.other-base",
                    adapter.settings().baseModel().orElse(""),
                    found.get().title());
        }
    }

    /// The kind that a model's name tells: `THUDM/CogVideoX-5b-I2V`.
    static Optional<TrainedModel> named(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.contains("cogvideox")
                ? Optional.of(new TrainedModel(
                        lower.contains("1.5"), lower.contains("i2v") || lower.contains("image-to-video")))
                : Optional.empty();
    }

    /// The kind that a state dict is. In 1.5 the patch embedding is a linear layer; a model that takes images
    /// has twice as many channels going in as coming out.
    static Optional<TrainedModel> of(Map<String, Shape> model) {
        Shape patches = model.get("patch_embed.proj.weight");
        Shape output = model.get("proj_out.weight");
        if (patches == null || output == null || output.rank() != 2 || !model.containsKey("norm_final.bias")) {
            return Optional.empty();
        }
        return switch (patches.rank()) {
            case 2 -> Optional.of(new TrainedModel(true, patches.size(1) == 2 * output.size(0)));
            case 4 -> {
                long input = patches.size(1) * patches.size(2) * patches.size(3);
                yield Optional.of(new TrainedModel(false, input == 2 * output.size(0)));
            }
            default -> Optional.empty();
        };
    }

    private String title() {
        return (patchesInTime ? "CogVideoX1.5" : "CogVideoX") + (imageToVideo ? " (I2V)" : " (T2V)");
    }
}

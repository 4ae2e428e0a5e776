package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;

/// The claims about a transformer, held against what its weights prove.
final class ClaimedTransformer {
    private ClaimedTransformer() {}

    /// The text of the configuration, with what only the caller can know.
    ///
    /// @throws InvalidCheckpointException `shape-mismatch` when something else is said than the weights are
    static String settle(ModelClaims claims, TransformerConfiguration.Decision decision, Place place) {
        TransformerConfig config = decision.config();
        claims.layers().ifPresent(said -> require("--num-layers", said, config.numLayers(), place));
        claims.heads().ifPresent(said -> require("--num-attention-heads", said, config.numAttentionHeads(), place));
        String version = config.patchSizeT().isPresent() ? "1.5" : "1.0";
        claims.version().ifPresent(said -> require("--version", said, version, place));
        if (claims.imageToVideo()) {
            require("--i2v", true, config.isImageToVideo(), place);
        }
        return claims.rotary() && !config.useRotaryPositionalEmbeddings()
                ? config.document()
                        .with("use_rotary_positional_embeddings", true)
                        .toJson()
                : decision.text();
    }

    private static void require(String option, Object said, Object found, Place place) {
        if (!said.equals(found)) {
            throw new InvalidCheckpointException(
                    ProblemCode.SHAPE_MISMATCH, place, "checkpoints.convert.claimed", option, said, found);
        }
    }
}

package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDerivation;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.DerivedConfig;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.VaeDerivation;
import io.github.cogvideo4j.checkpoints.internal.model.VaeStateDict;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The `config.json` that goes beside an autoencoder's weights: the base's, or one derived from the sizes.
///
/// The factor between its latents and the transformer's is in no size. It belongs to the model: 1.15258426 for
/// CogVideoX-2B, 0.7 for the others.
final class VaeConfiguration {
    private static final String SCALING = "scaling_factor";
    private static final String INVERTED = "invert_scale_latents";
    private static final double OF_2B = 1.15258426;
    private static final double OF_5B = 0.7;

    private final PlacedComponent placed;
    private final Checkpoint checkpoint;
    private final ModelClaims claims;
    private final Warnings warnings;
    private final Place place;

    VaeConfiguration(PlacedComponent placed, ModelClaims claims, Warnings warnings) {
        this.placed = placed;
        this.checkpoint = placed.checkpoint();
        this.claims = claims;
        this.warnings = warnings;
        this.place = Place.of(checkpoint.folder());
    }

    /// The text of the configuration.
    ///
    /// @param transformer the transformer that is converted with it
    /// @throws InvalidCheckpointException when the weights are not whole, or do not fit the base's
    ///     configuration
    String decide(Optional<BaseModel> base, Optional<TransformerConfig> transformer) throws IOException {
        List<NamedShape> shapes = DerivedConfiguration.shapes(checkpoint);
        DerivedConfig derived = VaeDerivation.derive(shapes, place);
        VaeStateDict.check(derived.document(), shapes, place);
        Optional<Path> ofBase = base.flatMap(model -> model.config(placed.component()));
        Optional<Path> given = ofBase.isPresent() ? ofBase : SourceConfig.config(placed);
        if (given.isPresent()) {
            ConfigDocument config = ConfigDocument.read(given.get());
            DerivedConfiguration.requireAgreement(derived, config, place);
            return claims.scalingFactor().isPresent()
                    ? config.with(SCALING, claims.scalingFactor().getAsDouble()).toJson()
                    : TransformerConfiguration.text(given.get());
        }
        List<ConfigDerivation.Value> known = new ArrayList<>(derived.derived());
        List<ConfigDerivation.Value> assumed = new ArrayList<>(derived.assumed());
        ConfigDocument document = derived.document();
        double factor = claims.scalingFactor()
                .orElse(transformer.filter(config -> config.numLayers() != 30).isPresent() ? OF_5B : OF_2B);
        document = document.with(SCALING, factor);
        (claims.scalingFactor().isPresent() ? known : assumed).add(value(document, SCALING));
        if (claims.version().equals(Optional.of("1.5"))
                || transformer.filter(config -> config.patchSizeT().isPresent()).isPresent()) {
            document = document.with(INVERTED, true);
            assumed.add(value(document, INVERTED));
        }
        DerivedConfiguration.tell(known, assumed, place, warnings);
        return document.toJson();
    }

    private static ConfigDerivation.Value value(ConfigDocument document, String field) {
        return new ConfigDerivation.Value(
                field, document.rawValue(field).orElse(""), true, Message.of("checkpoints.derivation.every-model"));
    }
}

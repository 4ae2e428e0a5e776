package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDerivation;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.DerivedConfig;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TextEncoderDerivation;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A configuration that is derived from the weights, unless the base has one, which then must agree with them.
final class DerivedConfiguration {
    private DerivedConfiguration() {}

    /// Names and sizes of a checkpoint's tensors.
    static List<NamedShape> shapes(Checkpoint checkpoint) {
        return checkpoint.entries().stream()
                .map(entry -> NamedShape.of(entry.tensor()))
                .toList();
    }

    static String ofTextEncoder(PlacedComponent placed, Optional<BaseModel> base, Warnings warnings)
            throws IOException {
        Checkpoint checkpoint = placed.checkpoint();
        Place place = Place.of(checkpoint.folder());
        DerivedConfig derived = TextEncoderDerivation.derive(shapes(checkpoint), place);
        Optional<Path> ofBase = base.flatMap(model -> model.config(placed.component()));
        Optional<Path> given = ofBase.isPresent() ? ofBase : SourceConfig.config(placed);
        if (given.isPresent()) {
            requireAgreement(derived, ConfigDocument.read(given.get()), place);
            return TransformerConfiguration.text(given.get());
        }
        tell(derived.derived(), derived.assumed(), place, warnings);
        return derived.document().toJson();
    }

    /// Every value that the weights prove is the configuration's, where that has the key.
    static void requireAgreement(DerivedConfig derived, ConfigDocument config, Place place) {
        for (ConfigDerivation.Value value : derived.derived()) {
            Optional<String> configured = config.rawValue(value.field());
            if (configured.filter(other -> !other.equals(value.value())).isPresent()) {
                throw new InvalidCheckpointException(
                        ProblemCode.SHAPE_MISMATCH,
                        place,
                        "checkpoints.convert.config-differs",
                        value.field(),
                        value.value(),
                        configured.get(),
                        config.place().file().map(Path::toString).orElse(""));
            }
        }
    }

    /// Names every value and where it comes from.
    static void tell(
            List<ConfigDerivation.Value> derived,
            List<ConfigDerivation.Value> assumed,
            Place place,
            Warnings warnings) {
        warnings.report(Problem.of(
                        ProblemCode.ASSUMED,
                        place,
                        "checkpoints.convert.config-derived",
                        TransformerConfiguration.list(derived),
                        TransformerConfiguration.list(assumed))
                .with(Remedy.change(Remedy.Field.BASE)));
    }
}

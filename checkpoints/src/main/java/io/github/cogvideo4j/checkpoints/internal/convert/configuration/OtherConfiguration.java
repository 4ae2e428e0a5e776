package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The `config.json` of a component whose class has no reader here: the base's, or the one beside the source,
/// as it is, or none. Sizes alone do not tell it.
final class OtherConfiguration {
    private OtherConfiguration() {}

    static Optional<String> find(PlacedComponent placed, Optional<BaseModel> base, Warnings warnings)
            throws IOException {
        Place place = Place.of(placed.checkpoint().folder());
        Optional<Path> ofBase = base.flatMap(model -> model.config(placed.component()));
        if (ofBase.isPresent()) {
            return Optional.of(TransformerConfiguration.text(ofBase.get()));
        }
        if (placed.family().isEmpty()) {
            warnings.report(ProblemCode.CONFIG_MISSING, place, "checkpoints.convert.no-config");
            return Optional.empty();
        }
        for (SourceConfig beside : SourceConfig.around(placed)) {
            if (!beside.className().isEmpty()) {
                return Optional.of(beside.take(warnings));
            }
        }
        warnings.report(
                ProblemCode.CONFIG_MISSING,
                place,
                "checkpoints.convert.config-of-family",
                placed.family().get().classes());
        return Optional.empty();
    }
}

package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.ConfigFiles;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDerivation;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A transformer that takes more beside the video than one image: inpainting models take a mask and the masked
/// video, which makes 33 channels in CogVideoX-Fun and 3 x 16 in VOID.
public final class InputChannelsRule implements Rule {
    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.PIPELINE_CLASS);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        ConfigFiles.transformer(subject)
                .flatMap(config -> of(config, config.document().place()))
                .ifPresent(found);
    }

    /// The same of weights without a configuration; empty for another family's, whose sizes do not tell.
    static Optional<Finding> ofWeights(PlacedComponent placed) {
        if (placed.family()
                .flatMap(family -> family.configuration())
                .filter(ConfigFiles.TRANSFORMER::equals)
                .isEmpty()) {
            return Optional.empty();
        }
        Place place = Place.of(placed.checkpoint().folder());
        try {
            return of(
                    ConfigDerivation.derive(
                                    placed.checkpoint().entries().stream()
                                            .map(entry -> NamedShape.of(entry.tensor()))
                                            .toList(),
                                    placed.checkpoint().traits().settings(),
                                    place)
                            .config(),
                    place);
        } catch (CheckpointException unreadable) {
            return Optional.empty();
        }
    }

    private static Optional<Finding> of(TransformerConfig config, Place place) {
        int in = config.inChannels();
        int out = config.outChannels();
        return in == out || config.isImageToVideo()
                ? Optional.empty()
                : Optional.of(Finding.of(
                        Severity.INFO,
                        Problem.of(ProblemCode.PIPELINE_CLASS, place, "checkpoints.doctor.input-channels", in, out)));
    }
}

package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDerivation;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The `config.json` that goes beside the weights: the base's, or one beside the source that fits, or one derived
/// from the shapes.
final class TransformerConfiguration {
    private final PlacedComponent placed;
    private final Checkpoint checkpoint;
    private final Warnings warnings;
    private final List<NamedShape> shapes;
    private final Set<String> buffers;

    private TransformerConfiguration(PlacedComponent placed, Warnings warnings) {
        this.placed = placed;
        this.checkpoint = placed.checkpoint();
        this.warnings = warnings;
        this.shapes = checkpoint.entries().stream()
                .map(entry -> NamedShape.of(entry.tensor()))
                .toList();
        this.buffers = checkpoint.entries().stream()
                .filter(entry -> entry.role() == Role.BUFFER)
                .map(StateEntry::name)
                .collect(Collectors.toSet());
    }

    /// A configuration, and its text as it will be written.
    record Decision(String text, TransformerConfig config) {}

    /// The configuration.
    ///
    /// @throws InvalidCheckpointException when the weights do not fit the base's configuration
    static Decision decide(PlacedComponent placed, Optional<BaseModel> base, Warnings warnings) throws IOException {
        TransformerConfiguration decision = new TransformerConfiguration(placed, warnings);
        Optional<Path> given = base.flatMap(model -> model.config(placed.component()));
        return given.isPresent() ? decision.ofBase(given.get()) : decision.withoutBase();
    }

    private Decision ofBase(Path file) throws IOException {
        TransformerConfig config = TransformerConfig.read(file);
        ConfigCheck.Result result = compare(config, file);
        for (Problem error : result.errors()) {
            // Without the frozen parameters, tensors are missing on purpose.
            if (error.code() != ProblemCode.MISSING_TENSOR
                    || !checkpoint.options().excludeFrozen()) {
                throw new InvalidCheckpointException(error);
            }
            warnings.report(error);
        }
        result.warnings().forEach(warnings::report);
        return new Decision(text(file), config);
    }

    /// A file's text as it is. Its JSON has been read, but not necessarily as UTF-8, in which it will be
    /// written.
    static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (MalformedInputException _) {
            throw new InvalidCheckpointException(
                    ProblemCode.CONFIG_INVALID, Place.of(file), "checkpoints.convert.config-encoding");
        }
    }

    private Decision withoutBase() throws IOException {
        List<Problem> unfitting = new ArrayList<>();
        for (SourceConfig beside : SourceConfig.around(placed)) {
            TransformerConfig config = TransformerConfig.read(beside.file());
            ConfigCheck.Result result = compare(config, beside.file());
            if (result.fits()) {
                result.warnings().forEach(warnings::report);
                return new Decision(beside.take(warnings), config);
            }
            unfitting.add(result.errors().getFirst());
        }
        unfitting.stream().findFirst().ifPresent(warnings::report);
        Place place = Place.of(checkpoint.folder());
        ConfigDerivation.Result derived =
                ConfigDerivation.derive(shapes, checkpoint.traits().settings(), place);
        if (checkpoint.traits().translated()) {
            for (Problem error : ConfigCheck.compare(derived.config(), shapes, buffers::contains, place)
                    .errors()) {
                throw new InvalidCheckpointException(error);
            }
        }
        warnings.report(Problem.of(
                        ProblemCode.ASSUMED,
                        place,
                        "checkpoints.convert.config-derived",
                        list(derived.derived()),
                        list(derived.assumed()))
                .with(Remedy.change(Remedy.Field.BASE)));
        return new Decision(derived.config().toJson(), derived.config());
    }

    /// Fields and values for a message.
    static List<String> list(List<ConfigDerivation.Value> values) {
        return values.stream().map(value -> value.field() + "=" + value.value()).toList();
    }

    private ConfigCheck.Result compare(TransformerConfig config, Path file) {
        return ConfigCheck.compare(config, shapes, buffers::contains, Place.of(file));
    }
}

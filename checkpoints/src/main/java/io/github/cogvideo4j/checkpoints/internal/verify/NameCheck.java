package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.base.BaseModelReader;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigCheck;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The check that the tensors of a component have the names that its model wants: by its configuration where the
/// class's constructor is known, else by its family, else by what the manifest says of them.
public final class NameCheck {
    private final Path component;
    private final Checkpoint weights;
    private final Optional<Manifest.Names> recorded;
    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    private NameCheck(Path component, Checkpoint weights, Optional<Manifest.Names> recorded) {
        this.component = component;
        this.weights = weights;
        this.recorded = recorded;
    }

    /// What was found.
    ///
    /// @param problems what is wrong
    /// @param warnings    what could not be checked
    public record Result(List<Problem> problems, List<Problem> warnings) {
        /// Copies the lists.
        public Result {
            problems = List.copyOf(problems);
            warnings = List.copyOf(warnings);
        }
    }

    /// Checks.
    ///
    /// @param component the folder of the weights
    /// @param weights   the weights under the names that they have there
    /// @param recorded  what the folder's manifest says of the names
    public static Result check(Path component, Checkpoint weights, Optional<Manifest.Names> recorded)
            throws IOException {
        NameCheck check = new NameCheck(component, weights, recorded);
        try {
            check.check();
        } catch (FormatException e) {
            check.problems.add(e.problem());
        } catch (CheckpointException e) {
            check.problems.add(e.problem());
        }
        return new Result(check.problems, check.warnings);
    }

    private void check() throws IOException {
        if (recorded.filter(Manifest.Names::unchecked).isPresent()) {
            note("checkpoints.verify.names-unchecked");
            return;
        }
        Path config = component.resolve("config.json");
        Optional<String> className = Files.isRegularFile(config) ? BaseModelReader.className(config) : Optional.empty();
        if (className.equals(Optional.of(TransformerConfig.CLASS_NAME))) {
            List<NamedShape> shapes = weights.entries().stream()
                    .map(entry -> NamedShape.of(entry.tensor()))
                    .toList();
            // Of what a training calls its own buffers, a conversion writes also those that the model does not have.
            ConfigCheck.Result result = ConfigCheck.compare(
                    TransformerConfig.read(config), shapes, _ -> recorded.isPresent(), Place.of(config));
            problems.addAll(result.errors());
            warnings.addAll(result.warnings());
            return;
        }
        byFamily(className);
    }

    private void byFamily(Optional<String> className) {
        List<FamilyMatch> families = Families.recognise(weights.shapes());
        Optional<FamilyMatch> plain =
                families.stream().filter(match -> match.wrapper().isEmpty()).findFirst();
        if (plain.isPresent()) {
            if (className
                    .flatMap(Families::ofClass)
                    .filter(family -> !family.equals(plain.get().family()))
                    .isPresent()) {
                problems.add(Problem.of(
                        ProblemCode.WRONG_COMPONENT,
                        Place.of(component),
                        "checkpoints.verify.names-of-another",
                        className.orElse(""),
                        plain.get().family().classes()));
            }
        } else if (!families.isEmpty()) {
            problems.add(Problem.of(
                    ProblemCode.UNKNOWN_NAMES,
                    Place.of(component),
                    "checkpoints.verify.names-wrapped",
                    families.getFirst().wrapper()));
        } else if (recorded.isEmpty() && className.isPresent()) {
            note("checkpoints.verify.names-of-unknown-class");
        } else if (recorded.isEmpty()) {
            problems.add(Problem.of(
                    ProblemCode.UNKNOWN_NAMES, Place.of(component), "checkpoints.verify.names-unknown", first()));
        }
    }

    private void note(String key) {
        warnings.add(Problem.of(
                ProblemCode.UNCHECKED_NAMES,
                Place.of(component),
                key,
                first(),
                weights.entries().size()));
    }

    private String first() {
        return weights.entries().getFirst().name();
    }
}

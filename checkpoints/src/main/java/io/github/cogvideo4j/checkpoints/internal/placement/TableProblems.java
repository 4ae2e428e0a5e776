package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.util.List;

/// The problems that keep weights from filling a table.
final class TableProblems {
    private final TableMatch match;
    private final List<String> strangers;
    private final List<String> buffers;
    private final Place place;

    /// @param buffers the names, as the file has them, of what its trainer calls buffers
    TableProblems(TableMatch match, List<String> buffers, Place place) {
        this.match = match;
        this.strangers =
                match.extra().stream().filter(name -> !buffers.contains(name)).toList();
        this.buffers = match.extra().stream().filter(buffers::contains).toList();
        this.place = place;
    }

    /// Refuses tensors that the table does not have; buffers are written with a warning.
    void refuseStrangers(Warnings warnings) {
        if (!strangers.isEmpty()) {
            throw new InvalidCheckpointException(extra());
        }
        if (!buffers.isEmpty()) {
            warnings.report(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(unwrapped(buffers).getFirst()),
                    "checkpoints.placement.extra-buffers",
                    buffers.size(),
                    Message.first(unwrapped(buffers)));
        }
    }

    /// The first thing that is wrong.
    InvalidCheckpointException first(Component component) {
        String model =
                "%s (%s)".formatted(component.folder(), match.table().origin().title());
        if (!match.missing().isEmpty()) {
            return new InvalidCheckpointException(Problem.of(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(match.missing().getFirst()),
                    "checkpoints.placement.missing",
                    match.missing().size(),
                    Message.first(match.missing()),
                    model,
                    match.agreeing(),
                    match.table().tensors().size()));
        }
        if (!strangers.isEmpty()) {
            return new InvalidCheckpointException(extra());
        }
        List<TensorMatch.Reshaped> reshaped = match.reshaped();
        return new InvalidCheckpointException(Problem.of(
                ProblemCode.SHAPE_MISMATCH,
                place.tensor(reshaped.getFirst().name()),
                "checkpoints.placement.shapes",
                reshaped.size(),
                Message.first(reshaped),
                model,
                match.agreeing(),
                match.table().tensors().size()));
    }

    private Problem extra() {
        List<String> names = unwrapped(strangers);
        return Problem.of(
                ProblemCode.EXTRA_TENSOR,
                place.tensor(names.getFirst()),
                "checkpoints.placement.extra",
                names.size(),
                Message.first(names),
                match.table().origin().title());
    }

    private List<String> unwrapped(List<String> names) {
        return names.stream()
                .map(name -> name.substring(match.wrapper().length()))
                .toList();
    }
}

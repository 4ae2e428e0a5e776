package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The placement of weights by the families whose modules their names lie under, where no table tells it.
final class FamilyPlacement {
    private final FoundWeights found;
    private final Optional<Component> said;
    private final boolean unchecked;

    /// @param found     the weights
    /// @param said      the component that the caller says they are
    /// @param unchecked whether names that nothing knows are let through
    FamilyPlacement(FoundWeights found, Optional<Component> said, boolean unchecked) {
        this.found = found;
        this.said = said;
        this.unchecked = unchecked;
    }

    /// Places the weights.
    ///
    /// @throws InvalidCheckpointException `wrong-component` when they are of another component than the one that
    ///     the caller says, `unknown-names` when no family knows their names
    List<PlacedComponent> place() {
        List<FamilyMatch> families = Families.recognise(found.shapes());
        List<FamilyMatch> fitting = families.stream()
                .filter(match -> said.isEmpty() || isCalled(match.family(), said.get()))
                .toList();
        if (fitting.isEmpty() && !families.isEmpty()) {
            String is = families.getFirst().family().component();
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.WRONG_COMPONENT,
                            found.place(),
                            "checkpoints.convert.wrong-component",
                            is,
                            said.map(Component::folder).orElse(is))
                    .with(Remedy.change(Remedy.Field.COMPONENT, is)));
        }
        if (fitting.isEmpty()) {
            return List.of(unknown());
        }
        List<PlacedComponent> placed = new ArrayList<>();
        for (FamilyMatch match : fitting) {
            boolean transformers = match.family().library().equals("transformers");
            SequencedMap<String, FamilyMatch> several = match.family().byComponent(match, found.shapes());
            if (said.isEmpty() && !several.isEmpty()) {
                several.forEach((folder, one) -> placed.add(placed(new Component(folder, transformers), one, false)));
            } else {
                Component component =
                        said.orElseGet(() -> new Component(match.family().component(), transformers));
                placed.add(placed(component, match, fitting.size() == 1));
            }
        }
        if (said.isEmpty()) {
            found.tellChosen(placed);
        }
        return placed;
    }

    /// `transformer_2` is one of the family of `transformer`.
    private static boolean isCalled(Family family, Component component) {
        return component.folder().startsWith(family.component());
    }

    /// Weights of a family as a component.
    PlacedComponent placed(Component component, FamilyMatch match, boolean alone) {
        refuseOutsideModules(match);
        found.tellNames(match.wrapper(), match.names().size());
        if (alone) {
            found.tellLeftOut(match.wrapper(), match.second(), match.outside(), match.others());
        }
        return new PlacedComponent(
                component,
                found.renamed(FoundWeights.names(match.names(), match.extra(), match.wrapper())),
                Optional.empty(),
                Optional.of(match.family()),
                new SettledNames(SettledNames.By.FAMILY, match.family().classes(), match.wrapper()));
    }

    /// Buffers that the trainer added are written; anything else that the family does not have does not belong
    /// to it.
    private void refuseOutsideModules(FamilyMatch match) {
        List<String> buffers = found.buffers();
        List<String> strangers =
                match.extra().stream().filter(name -> !buffers.contains(name)).toList();
        if (!strangers.isEmpty() && !unchecked) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNKNOWN_NAMES,
                    found.place().tensor(strangers.getFirst()),
                    "checkpoints.placement.outside-modules",
                    strangers.size(),
                    Message.first(strangers),
                    match.family().classes());
        }
        if (!match.extra().isEmpty()) {
            found.warnings()
                    .report(
                            strangers.isEmpty() ? ProblemCode.EXTRA_TENSOR : ProblemCode.UNCHECKED_NAMES,
                            found.place().tensor(match.extra().getFirst()),
                            "checkpoints.placement.extra-buffers",
                            match.extra().size(),
                            Message.first(match.extra()));
        }
    }

    /// Whether the names are those of a family that none of the components is of.
    boolean areOfAnother(List<Component> components) {
        return Families.recognise(found.shapes()).stream()
                .anyMatch(match -> components.stream().noneMatch(component -> isCalled(match.family(), component)));
    }

    private PlacedComponent unknown() {
        if (!unchecked) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNKNOWN_NAMES,
                    found.place(),
                    "checkpoints.placement.unknown-names",
                    found.shapes().size(),
                    found.listed());
        }
        found.warnings()
                .report(
                        ProblemCode.UNCHECKED_NAMES,
                        found.place(),
                        "checkpoints.placement.unchecked-names",
                        found.shapes().size(),
                        found.listed());
        return new PlacedComponent(
                said.orElse(Component.TRANSFORMER),
                found.source(),
                Optional.empty(),
                Optional.empty(),
                new SettledNames(SettledNames.By.UNCHECKED, List.of(), ""));
    }
}

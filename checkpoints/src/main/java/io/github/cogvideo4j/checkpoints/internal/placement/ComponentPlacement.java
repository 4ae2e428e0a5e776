package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// The placement of weights: which component of a model they are.
///
/// With a base, the component is the one whose table of names and shapes the weights fill, whatever stands
/// before their names. Without one, or where the base has no weights of it, the component is told by the family
/// whose modules the names lie under. Names that neither knows are refused, unless the caller takes the
/// responsibility.
public final class ComponentPlacement {
    private final FoundWeights found;
    private final FamilyPlacement families;
    private final Optional<Component> said;

    private ComponentPlacement(FoundWeights found, Optional<Component> said, boolean unchecked) {
        this.found = found;
        this.families = new FamilyPlacement(found, said, unchecked);
        this.said = said;
    }

    /// Places weights.
    ///
    /// @param source    the weights, under the names that their trainer gave them
    /// @param base      the model that was trained
    /// @param said      the component that the caller says they are
    /// @param unchecked whether names that nothing knows are let through
    /// @param warnings   takes what was removed, left out and chosen
    /// @return mostly one; several when the source holds several components
    /// @throws InvalidCheckpointException `ambiguous-weights` when they fit several components alike;
    ///     `missing-tensor`, `extra-tensor`, `shape-mismatch` or `wrong-component` when they fit none;
    ///     `unknown-names` when nothing knows their names
    public static List<PlacedComponent> of(
            Checkpoint source,
            Optional<BaseTables> base,
            Optional<Component> said,
            boolean unchecked,
            Warnings warnings)
            throws IOException {
        ComponentPlacement placement = new ComponentPlacement(new FoundWeights(source, warnings), said, unchecked);
        return base.isPresent() ? placement.within(base.get()) : placement.families.place();
    }

    private List<PlacedComponent> within(BaseTables tables) throws IOException {
        BaseModel base = tables.base();
        List<Component> components = new ArrayList<>(candidates(base));
        List<Component> quantized = new ArrayList<>();
        for (Component component : components) {
            if (quantization(base, component).isPresent()) {
                quantized.add(component);
            }
        }
        components.removeAll(quantized);
        SequencedMap<Component, TableMatch> matches = new LinkedHashMap<>();
        List<Component> withoutTable = new ArrayList<>();
        for (Component component : components) {
            Optional<ModelTable> table = tables.of(component);
            if (table.isPresent()) {
                matches.put(component, table.get().match(found.shapes(), component.folder()));
            } else {
                withoutTable.add(component);
            }
        }
        SequencedMap<Component, TableMatch> fitting = new LinkedHashMap<>();
        matches.forEach((component, match) -> {
            if (fits(match)) {
                fitting.put(component, match);
            }
        });
        if (!fitting.isEmpty()) {
            return chosen(tables, fitting);
        }
        if (!quantized.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.OTHER_FORMAT,
                    Place.of(base.folderOf(quantized.getFirst())),
                    "checkpoints.placement.quantized-base",
                    quantized.getFirst().folder(),
                    quantization(base, quantized.getFirst()).orElse(""));
        }
        List<PlacedComponent> byClass = byClass(base, withoutTable);
        if (!byClass.isEmpty()) {
            return byClass;
        }
        if (matches.isEmpty() || (!base.pipeline() && families.areOfAnother(components))) {
            List<PlacedComponent> placed = families.place();
            for (PlacedComponent one : placed) {
                if (withoutTable.contains(one.component())) {
                    found.warnings()
                            .report(
                                    ProblemCode.COMPONENT_WITHOUT_WEIGHTS,
                                    Place.of(base.folderOf(one.component())),
                                    "checkpoints.placement.unknown-class",
                                    one.component().folder(),
                                    base.className(one.component()).orElse("-"),
                                    one.names().models());
                }
            }
            return placed;
        }
        return List.of(nearest(tables, matches));
    }

    /// The base's components that come into question.
    private List<Component> candidates(BaseModel base) {
        if (said.isEmpty()) {
            return base.components().entrySet().stream()
                    .filter(component -> Files.isDirectory(component.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
        }
        Optional<Component> component = base.component(said.get().folder());
        if (component.isEmpty() && base.pipeline()) {
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.COMPONENT_MISSING,
                            Place.of(base.folder()),
                            "checkpoints.placement.no-such-component",
                            said.get().folder(),
                            folders(base.components().sequencedKeySet()))
                    .with(Remedy.change(Remedy.Field.COMPONENT)));
        }
        if (component.isPresent() && !Files.isDirectory(base.folderOf(component.get()))) {
            Path absent = base.folderOf(component.get());
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.COMPONENT_MISSING,
                            Place.of(base.folder()),
                            "checkpoints.placement.component-absent",
                            said.get().folder())
                    .with(new Remedy.CopyFromBase(said.get().folder(), absent, true)));
        }
        return component.stream().toList();
    }

    private static Optional<String> quantization(BaseModel base, Component component) throws IOException {
        Optional<Path> config = base.config(component);
        return config.isPresent() ? ConfigDocument.read(config.get()).quantization() : Optional.empty();
    }

    /// Without frozen parameters, tensors are missing on purpose.
    private boolean fits(TableMatch match) {
        return match.complete()
                || (found.source().options().excludeFrozen()
                        && match.reshaped().isEmpty()
                        && match.extra().isEmpty()
                        && !match.names().isEmpty());
    }

    /// Several components that the same tensors fit are one question; different tensors are different
    /// components, all of which were trained.
    private List<PlacedComponent> chosen(BaseTables tables, SequencedMap<Component, TableMatch> fitting)
            throws IOException {
        Map<Set<String>, List<Component>> byWrappers = new LinkedHashMap<>();
        fitting.forEach((component, match) -> byWrappers
                .computeIfAbsent(match.wrappers(), _ -> new ArrayList<>())
                .add(component));
        for (List<Component> alike : byWrappers.values()) {
            boolean named = alike.stream().allMatch(component -> isUnder(fitting, component));
            if (alike.size() > 1 && !named) {
                throw severalFit(alike);
            }
        }
        List<PlacedComponent> placed = new ArrayList<>();
        for (Map.Entry<Component, TableMatch> one : fitting.entrySet()) {
            boolean alone = fitting.size() == 1;
            PlacedComponent result = placed(tables.base(), one.getKey(), one.getValue(), alone);
            if (one.getValue().table().origin() instanceof ModelTable.Headers) {
                new TableProblems(one.getValue(), found.buffers(), found.place()).refuseStrangers(found.warnings());
            }
            placed.add(result);
        }
        if (said.isEmpty()) {
            found.tellChosen(placed);
        }
        return placed;
    }

    private static boolean isUnder(Map<Component, TableMatch> matches, Component component) {
        TableMatch match = matches.get(component);
        return match != null && match.isUnder(component.folder());
    }

    private InvalidCheckpointException severalFit(Collection<Component> alike) {
        return new InvalidCheckpointException(Problem.of(
                        ProblemCode.AMBIGUOUS_WEIGHTS,
                        found.place(),
                        "checkpoints.placement.several-fit",
                        folders(alike))
                .with(alike.stream()
                        .map(component -> Remedy.change(Remedy.Field.COMPONENT, component.folder()))
                        .toArray(Remedy[]::new)));
    }

    private PlacedComponent placed(BaseModel base, Component component, TableMatch match, boolean alone)
            throws IOException {
        found.tellNames(match.wrapper(), match.names().size());
        if (alone) {
            found.tellLeftOut(match.wrapper(), match.second(), match.outside(), match.others());
        }
        Optional<String> className = base.className(component);
        return new PlacedComponent(
                component,
                renamed(found.source(), match),
                Optional.of(match.table()),
                className.flatMap(Families::ofClass).or(() -> familyOf(match.wrapper())),
                new SettledNames(
                        match.table().origin() instanceof ModelTable.Headers
                                ? SettledNames.By.BASE
                                : SettledNames.By.CONFIGURATION,
                        List.of(match.table().origin().title()),
                        match.wrapper()));
    }

    private Optional<Family> familyOf(String wrapper) {
        return Families.recognise(found.shapes()).stream()
                .filter(match -> match.wrapper().equals(wrapper))
                .map(FamilyMatch::family)
                .findFirst();
    }

    /// Components of which the base has a configuration only: the class must be of the family that the names
    /// are.
    private List<PlacedComponent> byClass(BaseModel base, List<Component> withoutTable) throws IOException {
        List<FamilyMatch> known = Families.recognise(found.shapes());
        SequencedMap<Component, FamilyMatch> fitting = new LinkedHashMap<>();
        for (Component component : withoutTable) {
            Optional<String> className = base.className(component);
            known.stream()
                    .filter(match ->
                            className.filter(match.family().classes()::contains).isPresent())
                    .findFirst()
                    .ifPresent(match -> fitting.put(component, match));
        }
        if (fitting.size() > 1
                && fitting.values().stream()
                                .map(FamilyMatch::wrapper)
                                .distinct()
                                .count()
                        < fitting.size()) {
            throw severalFit(fitting.sequencedKeySet());
        }
        List<PlacedComponent> placed = new ArrayList<>();
        fitting.forEach((component, match) -> {
            found.warnings()
                    .report(
                            ProblemCode.COMPONENT_WITHOUT_WEIGHTS,
                            Place.of(base.folderOf(component)),
                            "checkpoints.placement.names-not-compared",
                            component.folder());
            placed.add(families.placed(component, match, fitting.size() == 1));
        });
        return placed;
    }

    /// The error for weights that fit no table of the base: in terms of the nearest table, or, where the family
    /// is known and another, of the families.
    private PlacedComponent nearest(BaseTables tables, SequencedMap<Component, TableMatch> matches) throws IOException {
        Component component = matches.entrySet().stream()
                .max(Map.Entry.comparingByValue(TableMatch.BY_NEARNESS))
                .map(Map.Entry::getKey)
                .orElseThrow();
        TableMatch match = matches.get(component);
        if (match == null) {
            throw new IllegalStateException("no match of " + component);
        }
        Optional<String> className = tables.base().className(component);
        Optional<FamilyMatch> other =
                Families.recognise(found.shapes()).stream().findFirst();
        boolean otherFamily = other.isPresent()
                && className.filter(other.get().family().classes()::contains).isEmpty();
        if (otherFamily || match.names().isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    found.place(),
                    other.isPresent() ? "checkpoints.placement.other-family" : "checkpoints.placement.nothing-fits",
                    className.orElse(component.folder()),
                    component.folder(),
                    match.agreeing(),
                    match.table().tensors().size(),
                    other.<Object>map(family -> family.family().classes()).orElseGet(found::listed));
        }
        if (match.table().origin() instanceof ModelTable.Headers) {
            throw new TableProblems(match, found.buffers(), found.place()).first(component);
        }
        // The configuration's own reader says more: which of its fields differ.
        return placed(tables.base(), component, match, false);
    }

    /// A source's entries under the names of a table: those of the table, and what else stands under the same
    /// wrapper.
    public static Checkpoint renamed(Checkpoint source, TableMatch match) {
        return FoundWeights.renamed(source, FoundWeights.names(match.names(), match.extra(), match.wrapper()));
    }

    private static List<String> folders(Collection<Component> components) {
        return components.stream().map(Component::folder).toList();
    }
}

package io.github.cogvideo4j.checkpoints.internal.placement;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.internal.table.ModelTable;
import io.github.cogvideo4j.checkpoints.internal.table.StateParts;
import io.github.cogvideo4j.checkpoints.internal.table.TableMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Finds out which component of a model weights are.
///
/// With a base, the component is the one whose table of names and shapes the weights fill, whatever stands
/// before their names. Without one, or where the base has no weights of it, the component is told by the family
/// whose modules the names lie under. Names that neither knows are refused, unless the caller takes the
/// responsibility.
public final class ComponentPlacement {
    private final Checkpoint source;
    private final Place place;
    private final Optional<Component> said;
    private final boolean unchecked;
    private final Problems remarks;
    private final SequencedMap<String, Shape> found;

    private ComponentPlacement(Checkpoint source, Optional<Component> said, boolean unchecked, Problems remarks) {
        this.source = source;
        this.place = Place.of(source.folder());
        this.said = said;
        this.unchecked = unchecked;
        this.remarks = remarks;
        this.found = source.shapes();
    }

    /// Places weights.
    ///
    /// @param source    the weights, under the names that their trainer gave them
    /// @param base      the model that was trained
    /// @param said      the component that the caller says they are
    /// @param unchecked whether names that nothing knows are let through
    /// @param remarks   takes what was removed, left out and chosen
    /// @return mostly one; several when the source holds several components
    /// @throws InvalidCheckpointException `ambiguous-weights` when they fit several components alike;
    ///     `missing-tensor`, `extra-tensor`, `shape-mismatch` or `wrong-component` when they fit none;
    ///     `unknown-names` when nothing knows their names
    public static List<PlacedComponent> of(
            Checkpoint source, Optional<BaseTables> base, Optional<Component> said, boolean unchecked, Problems remarks)
            throws IOException {
        ComponentPlacement placement = new ComponentPlacement(source, said, unchecked, remarks);
        return base.isPresent() ? placement.within(base.get()) : placement.byFamily();
    }

    private List<PlacedComponent> within(BaseTables tables) throws IOException {
        BaseModel base = tables.base();
        List<Component> components = candidates(base);
        SequencedMap<Component, TableMatch> matches = new LinkedHashMap<>();
        List<Component> withoutTable = new ArrayList<>();
        for (Component component : components) {
            Optional<ModelTable> table = tables.of(component);
            if (table.isPresent()) {
                matches.put(component, table.get().match(found, component.folder()));
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
        List<PlacedComponent> byClass = byClass(base, withoutTable);
        if (!byClass.isEmpty()) {
            return byClass;
        }
        if (matches.isEmpty() || (!base.pipeline() && isOfAnother(components))) {
            List<PlacedComponent> placed = byFamily();
            for (PlacedComponent one : placed) {
                if (withoutTable.contains(one.component())) {
                    remarks.report(
                            ProblemCode.COMPONENT_WITHOUT_WEIGHTS,
                            Place.of(base.folderOf(one.component())),
                            "checkpoints.placement.unknown-class",
                            one.component().folder(),
                            base.className(one.component()).orElse("-"),
                            one.names().model());
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
            throw new InvalidCheckpointException(
                    ProblemCode.COMPONENT_MISSING,
                    Place.of(base.folder()),
                    "checkpoints.placement.component-absent",
                    said.get().folder());
        }
        return component.stream().toList();
    }

    /// Without frozen parameters, tensors are missing on purpose.
    private boolean fits(TableMatch match) {
        return match.complete()
                || (source.options().excludeFrozen()
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
                new TableProblems(one.getValue(), buffers(), place).refuseStrangers(remarks);
            }
            placed.add(result);
        }
        if (said.isEmpty()) {
            placed.stream()
                    .filter(one -> placed.size() > 1 || !one.component().equals(Component.TRANSFORMER))
                    .forEach(one -> remarks.report(
                            ProblemCode.CHOICE,
                            place,
                            "checkpoints.convert.component",
                            one.component().folder()));
        }
        return placed;
    }

    private static boolean isUnder(Map<Component, TableMatch> matches, Component component) {
        TableMatch match = matches.get(component);
        return match != null && match.isUnder(component.folder());
    }

    private InvalidCheckpointException severalFit(Collection<Component> alike) {
        return new InvalidCheckpointException(Problem.of(
                        ProblemCode.AMBIGUOUS_WEIGHTS, place, "checkpoints.placement.several-fit", folders(alike))
                .with(alike.stream()
                        .map(component -> Remedy.change(Remedy.Field.COMPONENT, component.folder()))
                        .toArray(Remedy[]::new)));
    }

    private PlacedComponent placed(BaseModel base, Component component, TableMatch match, boolean alone)
            throws IOException {
        tellNames(match.wrapper(), match.names().size());
        if (alone) {
            tellLeftOut(match.wrapper(), match.second(), match.outside(), match.others());
        }
        Map<String, String> names = new LinkedHashMap<>(match.names());
        match.extra()
                .forEach(name -> names.put(name, name.substring(match.wrapper().length())));
        Optional<String> className = base.className(component);
        return new PlacedComponent(
                component,
                renamed(names),
                Optional.of(match.table()),
                className.flatMap(Families::ofClass).or(() -> familyOf(match.wrapper())),
                new SettledNames(
                        match.table().origin() instanceof ModelTable.Headers
                                ? SettledNames.By.BASE
                                : SettledNames.By.CONFIGURATION,
                        match.table().origin().title(),
                        match.wrapper()));
    }

    private Optional<Family> familyOf(String wrapper) {
        return Families.recognise(found).stream()
                .filter(match -> match.wrapper().equals(wrapper))
                .map(FamilyMatch::family)
                .findFirst();
    }

    /// Components of which the base has a configuration only: the class must be of the family that the names
    /// are.
    private List<PlacedComponent> byClass(BaseModel base, List<Component> withoutTable) throws IOException {
        List<FamilyMatch> families = Families.recognise(found);
        SequencedMap<Component, FamilyMatch> fitting = new LinkedHashMap<>();
        for (Component component : withoutTable) {
            Optional<String> className = base.className(component);
            families.stream()
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
            remarks.report(
                    ProblemCode.COMPONENT_WITHOUT_WEIGHTS,
                    Place.of(base.folderOf(component)),
                    "checkpoints.placement.names-not-compared",
                    component.folder());
            placed.add(placed(component, match, fitting.size() == 1));
        });
        return placed;
    }

    private PlacedComponent placed(Component component, FamilyMatch match, boolean alone) {
        refuseOutsideModules(match);
        tellNames(match.wrapper(), match.names().size());
        if (alone) {
            tellLeftOut(match.wrapper(), match.second(), match.outside(), match.others());
        }
        Map<String, String> names = new LinkedHashMap<>(match.names());
        match.extra()
                .forEach(name -> names.put(name, name.substring(match.wrapper().length())));
        return new PlacedComponent(
                component,
                renamed(names),
                Optional.empty(),
                Optional.of(match.family()),
                new SettledNames(
                        SettledNames.By.FAMILY, String.join(", ", match.family().classes()), match.wrapper()));
    }

    /// Buffers that the trainer added are written; anything else that the family does not have is not its.
    private void refuseOutsideModules(FamilyMatch match) {
        List<String> buffers = buffers();
        List<String> strangers =
                match.extra().stream().filter(name -> !buffers.contains(name)).toList();
        if (!strangers.isEmpty() && !unchecked) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNKNOWN_NAMES,
                    place.tensor(strangers.getFirst()),
                    "checkpoints.placement.outside-modules",
                    strangers.size(),
                    TableProblems.listed(strangers),
                    String.join(", ", match.family().classes()));
        }
        if (!match.extra().isEmpty()) {
            remarks.report(
                    strangers.isEmpty() ? ProblemCode.EXTRA_TENSOR : ProblemCode.UNCHECKED_NAMES,
                    place.tensor(match.extra().getFirst()),
                    "checkpoints.placement.extra-buffers",
                    match.extra().size(),
                    TableProblems.listed(match.extra()));
        }
    }

    private List<PlacedComponent> byFamily() {
        List<FamilyMatch> families = Families.recognise(found);
        List<FamilyMatch> fitting = families.stream()
                .filter(match -> said.isEmpty() || isCalled(match.family(), said.get()))
                .toList();
        if (fitting.isEmpty() && !families.isEmpty()) {
            String is = families.getFirst().family().component();
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.WRONG_COMPONENT,
                            place,
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
            Component component = said.orElseGet(() -> new Component(
                    match.family().component(), match.family().library().equals("transformers")));
            placed.add(placed(component, match, fitting.size() == 1));
            if (said.isEmpty() && (fitting.size() > 1 || !component.equals(Component.TRANSFORMER))) {
                remarks.report(ProblemCode.CHOICE, place, "checkpoints.convert.component", component.folder());
            }
        }
        return placed;
    }

    /// `transformer_2` is one of the family of `transformer`.
    private static boolean isCalled(Family family, Component component) {
        return component.folder().startsWith(family.component());
    }

    private boolean isOfAnother(List<Component> components) {
        return Families.recognise(found).stream()
                .anyMatch(match -> components.stream().noneMatch(component -> isCalled(match.family(), component)));
    }

    private PlacedComponent unknown() {
        List<String> names = List.copyOf(found.keySet());
        if (!unchecked) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNKNOWN_NAMES,
                    place,
                    "checkpoints.placement.unknown-names",
                    names.size(),
                    TableProblems.listed(names));
        }
        remarks.report(
                ProblemCode.UNCHECKED_NAMES,
                place,
                "checkpoints.placement.unchecked-names",
                names.size(),
                TableProblems.listed(names));
        return new PlacedComponent(
                said.orElse(Component.TRANSFORMER),
                source,
                Optional.empty(),
                Optional.empty(),
                new SettledNames(SettledNames.By.UNCHECKED, "", ""));
    }

    /// Weights that fit no table of the base: said in terms of the nearest, or, where the family is known and
    /// another, of the families.
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
        Optional<FamilyMatch> other = Families.recognise(found).stream().findFirst();
        boolean otherFamily = other.isPresent()
                && className.filter(other.get().family().classes()::contains).isEmpty();
        if (otherFamily || match.names().isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.WRONG_COMPONENT,
                    place,
                    other.isPresent() ? "checkpoints.placement.other-family" : "checkpoints.placement.nothing-fits",
                    className.orElse(component.folder()),
                    component.folder(),
                    match.agreeing(),
                    match.table().tensors().size(),
                    other.map(family -> String.join(", ", family.family().classes()))
                            .orElseGet(() -> TableProblems.listed(List.copyOf(found.keySet()))));
        }
        if (match.table().origin() instanceof ModelTable.Headers) {
            throw new TableProblems(match, buffers(), place).first(component);
        }
        // The configuration's own reader says more: which of its fields differ.
        return placed(tables.base(), component, match, false);
    }

    private void tellNames(String wrapper, int count) {
        if (!wrapper.isEmpty()) {
            remarks.report(
                    ProblemCode.KEY_PREFIX, place, "checkpoints.placement.wrapper", wrapper, count, found.size());
        }
    }

    private void tellLeftOut(String wrapper, List<String> second, List<String> outside, List<String> others) {
        if (!wrapper.isEmpty() && !others.isEmpty() && others.stream().allMatch(StateParts::isAveraged)) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.placement.average-there",
                    String.join(", ", others),
                    wrapper);
        } else if (!second.isEmpty()) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    others.isEmpty() ? "checkpoints.placement.states" : "checkpoints.placement.second",
                    second.size(),
                    others.isEmpty() ? TableProblems.listed(second) : String.join(", ", others));
        }
        if (!outside.isEmpty()) {
            remarks.report(
                    ProblemCode.CHOICE,
                    place,
                    "checkpoints.placement.outside",
                    outside.size(),
                    TableProblems.listed(outside));
        }
    }

    private List<String> buffers() {
        return source.entries().stream()
                .filter(entry -> entry.role() == io.github.cogvideo4j.checkpoints.source.StateEntry.Role.BUFFER)
                .map(StateEntry::name)
                .toList();
    }

    /// A source's entries under the names of a table: those of the table, and what else stands under the same
    /// wrapper.
    public static Checkpoint renamed(Checkpoint source, TableMatch match) {
        Map<String, String> names = new LinkedHashMap<>(match.names());
        match.extra()
                .forEach(name -> names.put(name, name.substring(match.wrapper().length())));
        return renamed(source, names);
    }

    private Checkpoint renamed(Map<String, String> names) {
        return renamed(source, names);
    }

    /// The entries that have a new name, under it.
    private static Checkpoint renamed(Checkpoint source, Map<String, String> names) {
        Map<String, StateEntry> entries =
                source.entries().stream().collect(Collectors.toMap(StateEntry::name, Function.identity()));
        boolean same = names.size() == entries.size()
                && names.entrySet().stream().allMatch(name -> name.getKey().equals(name.getValue()));
        if (same) {
            return source;
        }
        return source.withEntries(source.entries().stream()
                .filter(entry -> names.containsKey(entry.name()))
                .map(entry -> entry.withName(names.getOrDefault(entry.name(), entry.name())))
                .toList());
    }

    private static String folders(Iterable<Component> components) {
        List<String> folders = new ArrayList<>();
        components.forEach(component -> folders.add(component.folder()));
        return String.join(", ", folders);
    }
}

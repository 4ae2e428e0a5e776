package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan.Step;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.ComponentFolder;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.IndexFile;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.PrefixedNames;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.internal.doctor.support.WrapperPrefix;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The planner of a repair, which decides how a folder is mended: by names and small files, by conversion where it
/// is allowed, and not at all where there is more than one way.
public final class RepairPlanner {
    private final Subject subject;
    private final RepairOptions options;
    private final List<Step> steps = new ArrayList<>();
    private final Warnings questions = new Warnings();

    private RepairPlanner(Subject subject, RepairOptions options) {
        this.subject = subject;
        this.options = options;
    }

    /// Plans the repair of a folder.
    ///
    /// @param folder  a pipeline or a component's folder
    /// @param options what may be done, and what to choose
    public static RepairPlan plan(Path folder, RepairOptions options) throws IOException {
        Subject subject = Subject.read(folder);
        RepairPlanner planner = new RepairPlanner(subject, options);
        subject.parts().forEach(planner::plan);
        for (Path other : subject.small()) {
            planner.renamePrefixed(other);
        }
        return new RepairPlan(subject.path(), planner.steps, planner.questions.all());
    }

    /// Takes the folder's name from before the names of its files.
    private void renamePrefixed(Path folder) throws IOException {
        PrefixedNames.in(folder)
                .forEach((file, target) -> steps.add(new Step.Rename(relative(file), relative(target))));
    }

    private void plan(Part part) {
        ComponentFolder folder = part.files();
        if (folder.config().isEmpty()) {
            folder.untidyConfig()
                    .ifPresent(file -> steps.add(new Step.Rename(
                            relative(file), relative(folder.folder().resolve("config.json")))));
        }
        candidate(part).ifPresent(chosen -> {
            if (refuseLinks(chosen)) {
                return;
            }
            switch (chosen) {
                case Step.Source.WeightsSource weights -> mend(part, weights.group());
                case Step.Source.Training training -> convertTraining(part, training);
            }
        });
    }

    /// The one thing that a component's weights can come from.
    private Optional<Step.Source> candidate(Part part) {
        ComponentFolder folder = part.files();
        List<Step.Source> candidates = new ArrayList<>();
        add(candidates, folder.plainGroups());
        if (candidates.isEmpty()) {
            add(candidates, folder.groups());
        }
        if (candidates.isEmpty()) {
            Stream.concat(subject.loose().stream(), folder.nested().stream())
                    .forEach(wrong -> add(
                            candidates,
                            wrong.plainGroups().stream()
                                    .filter(group -> subject.home(group).equals(Optional.of(part)))
                                    .toList()));
            folder.rawCheckpoints().forEach(raw -> candidates.add(new Step.Source.Training(raw)));
        }
        if (candidates.size() == 1) {
            return Optional.of(candidates.getFirst());
        }
        if (candidates.isEmpty()) {
            return Optional.empty();
        }
        List<Step.Source> kept = candidates.stream()
                .filter(source ->
                        options.keep().filter(name -> isNamed(source, name)).isPresent())
                .toList();
        if (kept.size() == 1) {
            candidates.stream()
                    .filter(source -> !source.equals(kept.getFirst()))
                    .forEach(source -> setAside(source, kept.getFirst()));
            return Optional.of(kept.getFirst());
        }
        questions.report(Problem.of(
                        ProblemCode.AMBIGUOUS_WEIGHTS,
                        Place.of(folder.folder()),
                        "checkpoints.repair.keep",
                        candidates.stream().map(RepairPlanner::label).toList())
                .with(new Remedy.RepairFolder(
                        subject.path(), options.convert(), Optional.of(firstName(candidates.getFirst())))));
        return Optional.empty();
    }

    private static void add(List<Step.Source> candidates, List<WeightGroup> groups) {
        groups.forEach(group -> candidates.add(new Step.Source.WeightsSource(group)));
    }

    private boolean isNamed(Step.Source source, String name) {
        return switch (source) {
            case Step.Source.WeightsSource weights ->
                weights.group()
                                .files()
                                .anyMatch(member -> member.fileName().equals(name)
                                        || relative(member.file()).equals(name))
                        || weights.group()
                                .index()
                                .filter(index -> index.file().fileName().equals(name)
                                        || relative(index.file().file()).equals(name))
                                .isPresent();
            case Step.Source.Training training ->
                String.valueOf(training.folder().getFileName()).equals(name)
                        || relative(training.folder()).equals(name);
        };
    }

    private void setAside(Step.Source source, Step.Source kept) {
        if (source instanceof Step.Source.WeightsSource weights) {
            weights.group().files().forEach(member -> steps.add(new Step.SetAside(relative(member.file()))));
            Optional<Path> keptIndex = kept instanceof Step.Source.WeightsSource other
                    ? other.group().index().map(index -> index.file().file())
                    : Optional.empty();
            weights.group()
                    .index()
                    .map(index -> index.file().file())
                    .filter(index -> !keptIndex.equals(Optional.of(index)))
                    .ifPresent(index -> steps.add(new Step.SetAside(relative(index))));
        }
    }

    private void mend(Part part, WeightGroup group) {
        if (!group.isComplete()) {
            return; // What is missing or damaged is no matter of names; the findings say so.
        }
        // transformers loads several .bin files, and its own models' names may begin alike.
        boolean diffusers = !part.component().transformers();
        boolean shardedBin = diffusers && group.isSharded() && group.extension().equals("bin");
        boolean wrapped = diffusers && WrapperPrefix.of(group).isPresent();
        if (shardedBin || wrapped) {
            if (options.convert()) {
                convertWeights(part, group);
                return;
            }
            askToRewrite(wrapped ? ProblemCode.KEY_PREFIX : ProblemCode.SHARDED_BIN, group.folder(), group.label());
        }
        rename(part, group);
    }

    private void rename(Part part, WeightGroup group) {
        Map<Path, String> names = new LinkedHashMap<>();
        group.members().forEach((number, member) -> names.put(member.file(), finalName(part, group, number)));
        names.forEach((file, name) -> {
            Path target = part.folder().resolve(name);
            if (!file.equals(target)) {
                if (isTaken(target)) {
                    questions.report(
                            ProblemCode.REPAIR_REFUSED, Place.of(target), "checkpoints.repair.taken", relative(file));
                }
                steps.add(new Step.Rename(relative(file), relative(target)));
            }
        });
        if (questions.all().stream().anyMatch(problem -> problem.code() == ProblemCode.REPAIR_REFUSED)) {
            steps.clear();
            return;
        }
        indexes(part, group, names);
    }

    private static String finalName(Part part, WeightGroup group, int number) {
        Optional<WeightFileName.Shard> shard =
                group.isSharded() ? Optional.of(new WeightFileName.Shard(number, group.count())) : Optional.empty();
        return weightName(part, group, shard, false);
    }

    private static String weightName(
            Part part, WeightGroup group, Optional<WeightFileName.Shard> shard, boolean index) {
        return new WeightFileName(
                        part.component().stem(group.extension()), Optional.empty(), shard, group.extension(), index)
                .fileName();
    }

    private boolean isTaken(Path target) {
        return Files.exists(target, LinkOption.NOFOLLOW_LINKS)
                && steps.stream().noneMatch(step -> switch (step) {
                    case Step.SetAside aside -> aside.path().equals(relative(target));
                    case Step.Rename rename -> rename.from().equals(relative(target));
                    default -> false;
                });
    }

    /// The index that inference looks for, made from the files' own headers; the one that the guides ask to
    /// keep says the same. Indexes under other names move away.
    private void indexes(Part part, WeightGroup group, Map<Path, String> names) {
        ComponentFolder folder = part.files();
        List<IndexFile> old = indexesOf(folder, group);
        if (!group.isSharded()) {
            old.stream().filter(index -> !isRightFor(index, names)).forEach(this::setAside);
            return;
        }
        Map<String, String> map = new LinkedHashMap<>();
        group.contents()
                .byFile()
                .forEach((file, tensors) -> tensors.forEach(tensor ->
                        map.put(tensor.name(), names.getOrDefault(file, String.valueOf(file.getFileName())))));
        long size = group.contents().tensors().stream()
                .mapToLong(tensor -> tensor.byteLength())
                .sum();
        WeightIndex right = new WeightIndex(OptionalLong.of(size), map);
        String contents = new String(right.toJson(), StandardCharsets.UTF_8);
        Path main = folder.folder().resolve(weightName(part, group, Optional.empty(), true));
        Path kept = folder.folder().resolve(ConversionPlanner.KEPT_INDEX);
        Set<Path> written = new TreeSet<>(Set.of(main));
        for (IndexFile index : old) {
            boolean stays = index.file().equals(main) || index.file().equals(kept);
            if (stays && saysTheSame(index, right, group)) {
                written.remove(index.file());
            } else {
                setAside(index);
                if (index.file().getFileName().equals(kept.getFileName())) {
                    written.add(kept);
                }
            }
        }
        written.forEach(path -> steps.add(new Step.Write(relative(path), contents)));
    }

    private List<IndexFile> indexesOf(ComponentFolder folder, WeightGroup group) {
        List<IndexFile> all = new ArrayList<>(folder.indexes().stream()
                .filter(index -> index.index().isPresent())
                .filter(index -> folder.plainGroups().stream()
                        .filter(other -> !other.equals(group))
                        .noneMatch(other -> other.index()
                                .filter(view -> view.file().equals(index))
                                .isPresent()))
                .toList());
        if (!group.folder().equals(folder.folder())) {
            group.index().ifPresent(view -> all.add(view.file()));
        }
        return all;
    }

    private static boolean isRightFor(IndexFile index, Map<Path, String> names) {
        return index.index()
                .filter(read -> names.values().containsAll(read.shards()))
                .isPresent();
    }

    private static boolean saysTheSame(IndexFile index, WeightIndex right, WeightGroup group) {
        return index.index()
                        .filter(read -> read.weightMap().equals(right.weightMap()))
                        .isPresent()
                && group.index()
                        .filter(view ->
                                !view.file().equals(index) || view.warnings().isEmpty())
                        .isPresent();
    }

    private void setAside(IndexFile index) {
        Step step = new Step.SetAside(relative(index.file()));
        if (!steps.contains(step)) {
            steps.add(step);
        }
    }

    private void askToRewrite(ProblemCode code, Path place, String weights) {
        questions.report(Problem.of(code, Place.of(place), "checkpoints.repair.convert", weights)
                .with(new Remedy.RepairFolder(subject.path(), true, options.keep())));
    }

    private void convertWeights(Part part, WeightGroup group) {
        ComponentFolder folder = part.files();
        group.files().forEach(member -> steps.add(new Step.SetAside(relative(member.file()))));
        indexesOf(folder, group).forEach(this::setAside);
        steps.add(new Step.Convert(new Step.Source.WeightsSource(group), part.component(), relative(folder.folder())));
    }

    private void convertTraining(Part part, Step.Source.Training training) {
        ComponentFolder folder = part.files();
        if (!options.convert()) {
            askToRewrite(
                    ProblemCode.DEEPSPEED_CHECKPOINT_IN_TRANSFORMER,
                    training.folder(),
                    String.valueOf(training.folder().getFileName()));
            return;
        }
        folder.indexes().forEach(this::setAside);
        filesBelow(training.folder()).forEach(file -> steps.add(new Step.SetAside(relative(file))));
        steps.add(new Step.Convert(training, part.component(), relative(folder.folder())));
    }

    /// A hub snapshot's files are links to blobs that other snapshots share: a copy can be mended, not it.
    private boolean refuseLinks(Step.Source source) {
        Stream<Path> files = switch (source) {
            case Step.Source.WeightsSource weights -> weights.group().files().map(WeightGroup.Member::file);
            case Step.Source.Training training -> filesBelow(training.folder()).stream();
        };
        Optional<Path> link = files.filter(Files::isSymbolicLink).findFirst();
        link.ifPresent(file -> questions.report(ProblemCode.REPAIR_REFUSED, Place.of(file), "checkpoints.repair.link"));
        return link.isPresent();
    }

    private static List<Path> filesBelow(Path folder) {
        try (Stream<Path> walk = Files.walk(folder, 4)) {
            return walk.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String label(Step.Source source) {
        return switch (source) {
            case Step.Source.WeightsSource weights -> weights.group().label();
            case Step.Source.Training training ->
                String.valueOf(training.folder().getFileName());
        };
    }

    private static String firstName(Step.Source source) {
        return switch (source) {
            case Step.Source.WeightsSource weights ->
                weights.group().members().firstEntry().getValue().fileName();
            case Step.Source.Training training ->
                String.valueOf(training.folder().getFileName());
        };
    }

    private String relative(Path file) {
        return subject.path().relativize(file).toString().replace('\\', '/');
    }

    /// What a repair may do, and the user's answers where it will not guess.
    ///
    /// @param convert whether weights may be written anew where names alone do not help
    /// @param keep    of several sets of weights, a file (or the index) of the one to keep
    public record RepairOptions(boolean convert, Optional<String> keep) {
        /// NameFindings and small files only.
        public static RepairOptions namesOnly() {
            return new RepairOptions(false, Optional.empty());
        }

        /// NameFindings, and contents where they must be.
        public static RepairOptions withConversion() {
            return new RepairOptions(true, Optional.empty());
        }
    }
}

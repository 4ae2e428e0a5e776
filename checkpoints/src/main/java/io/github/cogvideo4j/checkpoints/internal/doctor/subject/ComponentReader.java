package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.WeightFileReader;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Reads a component's folder: sorts its files by their names, and reads the headers of those with weights.
final class ComponentReader {
    static final String CONFIG = "config.json";
    private static final Pattern UNFINISHED = Pattern.compile(
            ".*\\.(?:incomplete|part|partial|crdownload|aria2|tmp)|\\..*\\.cogvideo4j-[0-9a-f]{12}(?:\\..*)?");

    private final Path folder;
    private final Component component;
    private final SortedMap<GroupKey, List<WeightGroup.Member>> members = new TreeMap<>();
    private final List<IndexFile> indexes = new ArrayList<>();
    private final List<Path> unreadable = new ArrayList<>();
    private final List<Path> leftovers = new ArrayList<>();
    private Optional<Path> untidyConfig = Optional.empty();

    private ComponentReader(Path folder, Component component) {
        this.folder = folder;
        this.component = component;
    }

    /// The key that the files of one set share.
    private record GroupKey(String extension, String variant, int count) implements Comparable<GroupKey> {
        private static final Comparator<GroupKey> ORDER = Comparator.comparing(GroupKey::extension)
                .reversed()
                .thenComparing(GroupKey::variant)
                .thenComparingInt(GroupKey::count);

        @Override
        public int compareTo(GroupKey other) {
            return ORDER.compare(this, other);
        }
    }

    /// Reads a component's folder and the folders right in it.
    static ComponentFolder read(Path folder, Component component) throws IOException {
        ComponentFolder flat = readFlat(folder, component);
        List<ComponentFolder> nested = new ArrayList<>();
        List<Path> raw = new ArrayList<>();
        for (Path child : children(folder)) {
            if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)
                    && Files.isReadable(child)
                    && !nameOf(child).startsWith(".")) {
                if (isRawCheckpoint(child)) {
                    raw.add(child);
                } else {
                    ComponentFolder below = readFlat(child, component);
                    if (!below.groups().isEmpty()) {
                        nested.add(below);
                    }
                }
            }
        }
        return new ComponentFolder(
                folder,
                flat.config(),
                flat.untidyConfig(),
                flat.groups(),
                flat.indexes(),
                flat.strays(),
                flat.unreadable(),
                nested,
                raw,
                flat.leftovers());
    }

    /// Reads a folder without those in it.
    static ComponentFolder readFlat(Path folder, Component component) throws IOException {
        return new ComponentReader(folder, component).read();
    }

    private ComponentFolder read() throws IOException {
        for (Path file : children(folder)) {
            if (Files.isRegularFile(file)) {
                sort(file);
            }
        }
        List<WeightGroup> models = new ArrayList<>();
        List<Problem> strays = new ArrayList<>();
        for (Map.Entry<GroupKey, List<WeightGroup.Member>> entry : members.entrySet()) {
            for (SortedMap<Integer, WeightGroup.Member> set : sets(entry.getValue())) {
                WeightGroup group = group(entry.getKey(), set);
                if (group.isModel()) {
                    models.add(withIndex(group));
                } else {
                    group.contents().errors().stream()
                            .filter(problem -> problem.code() == ProblemCode.UNSAFE_PICKLE)
                            .forEach(strays::add);
                }
            }
        }
        Path config = folder.resolve(CONFIG);
        return new ComponentFolder(
                folder,
                Files.isRegularFile(config) ? Optional.of(config) : Optional.empty(),
                untidyConfig,
                models,
                indexes,
                strays,
                unreadable,
                List.of(),
                List.of(),
                leftovers);
    }

    private void sort(Path file) throws IOException {
        OriginalFileName tidy = PrefixedNames.of(folder, nameOf(file))
                .map(name -> new OriginalFileName(nameOf(file), name))
                .orElseGet(() -> OriginalFileName.of(nameOf(file)));
        Optional<WeightFileName> name = WeightFileName.parse(tidy.value());
        boolean index = name.map(WeightFileName::index).orElse(tidy.value().endsWith(".index.json"));
        if (UNFINISHED.matcher(nameOf(file)).matches()) {
            leftovers.add(file);
        } else if (tidy.value().equals(CONFIG) && !tidy.isTidy()) {
            untidyConfig = Optional.of(file);
        } else if ((index || name.isPresent() || tidy.value().equals(CONFIG)) && !Files.isReadable(file)) {
            unreadable.add(file);
        } else if (index) {
            indexes.add(readIndex(file, name.filter(WeightFileName::index), tidy.isTidy()));
        } else if (name.isPresent()) {
            int count = name.get().shard().map(WeightFileName.Shard::count).orElse(0);
            members.computeIfAbsent(
                            new GroupKey(
                                    name.get().extension(), name.get().variant().orElse(""), count),
                            _ -> new ArrayList<>())
                    .add(new WeightGroup.Member(file, name.get(), tidy.isTidy(), StemKind.of(name.get(), component)));
        }
    }

    private static IndexFile readIndex(Path file, Optional<WeightFileName> name, boolean tidy) throws IOException {
        Warnings problems = new Warnings();
        Optional<WeightIndex> index = Optional.empty();
        try {
            index = Optional.of(WeightIndex.read(file, Strictness.LENIENT, problems));
        } catch (FormatException e) {
            problems.report(e.problem());
        }
        return new IndexFile(file, name, tidy, index, problems.all());
    }

    /// Files of one key are one set when no number is there twice, else one set for each stem; of files that
    /// still share a number, each stands for itself.
    private static List<SortedMap<Integer, WeightGroup.Member>> sets(List<WeightGroup.Member> files) {
        if (files.getFirst().name().shard().isEmpty()) {
            return files.stream().map(file -> numbered(List.of(file))).toList();
        }
        if (numbered(files).size() == files.size()) {
            return List.of(numbered(files));
        }
        Map<String, List<WeightGroup.Member>> byStem = new TreeMap<>();
        for (WeightGroup.Member file : files) {
            byStem.computeIfAbsent(file.name().stem() + (file.tidy() ? "" : " untidy"), _ -> new ArrayList<>())
                    .add(file);
        }
        return byStem.values().stream().map(ComponentReader::numbered).toList();
    }

    private static SortedMap<Integer, WeightGroup.Member> numbered(List<WeightGroup.Member> files) {
        SortedMap<Integer, WeightGroup.Member> numbers = new TreeMap<>();
        for (WeightGroup.Member file : files) {
            numbers.putIfAbsent(
                    file.name().shard().map(WeightFileName.Shard::number).orElse(1), file);
        }
        return numbers;
    }

    private WeightGroup group(GroupKey key, SortedMap<Integer, WeightGroup.Member> set) throws IOException {
        SequencedMap<Path, List<StoredTensor>> byFile = new LinkedHashMap<>();
        List<Problem> errors = new ArrayList<>();
        Warnings warnings = new Warnings();
        for (WeightGroup.Member member : set.values()) {
            try {
                byFile.put(member.file(), WeightFileReader.read(member.file(), Strictness.LENIENT, warnings));
            } catch (FormatException e) {
                errors.add(e.problem());
            } catch (CheckpointException e) {
                errors.add(e.problem());
            }
        }
        // More than a thousand parts of one model is a lie, and would be listed one by one.
        int count = Math.max(1, Math.min(key.count(), 10_000));
        return new WeightGroup(
                component,
                folder,
                key.extension(),
                key.variant().isEmpty() ? Optional.empty() : Optional.of(key.variant()),
                count,
                set,
                new WeightGroup.GroupContents(byFile, errors, warnings.all()),
                Optional.empty());
    }

    /// The index that inference would take, else another one that is meant for the group.
    private WeightGroup withIndex(WeightGroup group) throws IOException {
        List<IndexFile> meant = indexes.stream()
                .filter(index -> group.isSharded() && index.describes(group))
                .sorted(Comparator.comparing(index -> !isExpected(index, group)))
                .toList();
        for (IndexFile index : meant) {
            Optional<IndexView> view = IndexView.of(index, group);
            if (view.isPresent()) {
                return group.withIndex(view.get());
            }
        }
        return group;
    }

    private static boolean isExpected(IndexFile index, WeightGroup group) {
        return index.fileName().equals(group.indexName());
    }

    private static boolean isRawCheckpoint(Path folder) throws IOException {
        if (StateFiles.isTagFolder(folder)) {
            return true;
        }
        for (Path child : children(folder)) {
            if (Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)
                    && Files.isReadable(child)
                    && StateFiles.isTagFolder(child)) {
                return true;
            }
        }
        return false;
    }

    static List<Path> children(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder)) {
            children.forEach(found::add);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    static String nameOf(Path file) {
        return String.valueOf(file.getFileName());
    }
}

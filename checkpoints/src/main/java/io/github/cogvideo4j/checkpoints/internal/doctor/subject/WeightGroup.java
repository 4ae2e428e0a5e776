package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.internal.table.FamilyMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Weight files of a folder that belong together by their names: one file, or the shards of one set, however
/// each of them is called.
///
/// @param component what they are weights of, as far as the folder says
/// @param folder    where they are
/// @param extension `safetensors` or `bin`
/// @param variant   the variant in their names
/// @param count     how many there should be
/// @param members   those that are there, by number from 1
/// @param contents  what is in them
/// @param index     the index that describes them, held against them
public record WeightGroup(
        Component component,
        Path folder,
        String extension,
        Optional<String> variant,
        int count,
        SortedMap<Integer, Member> members,
        GroupContents contents,
        Optional<IndexView> index) {
    /// Copies the map.
    public WeightGroup {
        members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
    }

    /// A file of the group.
    ///
    /// @param file the file
    /// @param name its tidied name, taken apart
    /// @param tidy whether that is its name
    /// @param stem what its stem says
    public record Member(Path file, WeightFileName name, boolean tidy, StemKind stem) {
        /// How it is called.
        public String fileName() {
            return String.valueOf(file.getFileName());
        }

        /// Whether inference would find it under this name.
        public boolean isRight() {
            return tidy && stem == StemKind.RIGHT;
        }
    }

    /// What the files hold.
    ///
    /// @param byFile   the tensors of each file that could be read
    /// @param errors   why others could not
    /// @param warnings what was odd
    public record GroupContents(
            SequencedMap<Path, List<StoredTensor>> byFile, List<Problem> errors, List<Problem> warnings) {
        /// Copies the lists.
        public GroupContents {
            errors = List.copyOf(errors);
            warnings = List.copyOf(warnings);
        }

        /// All tensors.
        public List<StoredTensor> tensors() {
            return byFile.values().stream().flatMap(List::stream).toList();
        }
    }

    /// Its label: the first file, and the number of files.
    public String label() {
        String first = members.firstEntry().getValue().fileName();
        return isSharded() ? first + " (1/" + count + ")" : first;
    }

    /// Whether it is more than one file.
    public boolean isSharded() {
        return members.firstEntry().getValue().name().shard().isPresent();
    }

    /// The numbers of shards that are not there.
    public List<Integer> missing() {
        return IntStream.rangeClosed(1, count)
                .filter(number -> !members.containsKey(number))
                .boxed()
                .toList();
    }

    /// Whether every file is there and could be read.
    public boolean isComplete() {
        return missing().isEmpty()
                && contents.errors().isEmpty()
                && !contents.byFile().isEmpty();
    }

    /// The files.
    public Stream<Member> files() {
        return members.values().stream();
    }

    /// Whether all files have the names that inference looks for.
    public boolean isRightlyNamed() {
        return files().allMatch(Member::isRight);
    }

    /// Whether this is a model's weights: by its name, or, where the name says nothing, by its tensors.
    public boolean isModel() {
        return files().anyMatch(member -> member.stem() != StemKind.OTHER)
                || !families().isEmpty();
    }

    /// The component that the tensors belong to, by their names, under any wrapper.
    public List<FamilyMatch> matches() {
        return Families.recognise(StoredTensor.shapes(contents.tensors()));
    }

    /// The families whose names the tensors have.
    public List<Family> families() {
        return matches().stream().map(FamilyMatch::family).toList();
    }

    /// The name of the index that inference looks for beside these files.
    public String indexName() {
        return new WeightFileName(component.stem(extension), variant, Optional.empty(), extension, true).fileName();
    }

    /// The first file.
    public Member first() {
        return members.firstEntry().getValue();
    }

    /// The same with an index.
    WeightGroup withIndex(IndexView view) {
        return new WeightGroup(component, folder, extension, variant, count, members, contents, Optional.of(view));
    }
}

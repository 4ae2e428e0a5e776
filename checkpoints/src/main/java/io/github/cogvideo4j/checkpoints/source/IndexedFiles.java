package io.github.cogvideo4j.checkpoints.source;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Problems;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.SortedSet;
import java.util.TreeSet;

/// The file names in an index, to tell whether two indexes mean the same files. An index that cannot be read
/// means only itself; whoever takes it gets the error.
///
/// @param names the names
record IndexedFiles(SortedSet<String> names) implements Comparable<IndexedFiles> {
    private static final Comparator<IndexedFiles> ORDER =
            Comparator.comparing(files -> String.join("/", files.names()));

    static IndexedFiles of(Path index) throws IOException {
        try {
            return new IndexedFiles(
                    WeightIndex.read(index, Strictness.LENIENT, new Problems()).shards());
        } catch (FormatException _) {
            return new IndexedFiles(new TreeSet<>(java.util.List.of(String.valueOf(index.getFileName()))));
        }
    }

    boolean names(Path file) {
        return names.contains(String.valueOf(file.getFileName()));
    }

    @Override
    public int compareTo(IndexedFiles other) {
        return ORDER.compare(this, other);
    }
}

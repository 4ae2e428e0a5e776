package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/// The files that an index means, to tell whether two indexes mean the same. One that cannot be read means the
/// files that are called like it: whoever takes it gets the error, instead of a choice between it and its own
/// shards.
///
/// @param names what it names
/// @param like  its own name, when it cannot be read
record IndexedFiles(Set<String> names, Optional<WeightFileName> like) {
    static IndexedFiles of(Path index) throws IOException {
        try {
            return new IndexedFiles(
                    WeightIndex.read(index, Strictness.LENIENT, new Warnings()).shards(), Optional.empty());
        } catch (FormatException _) {
            return new IndexedFiles(Set.of(), WeightFileName.parse(String.valueOf(index.getFileName())));
        }
    }

    boolean mean(Path file) {
        String name = String.valueOf(file.getFileName());
        boolean alike = like.isPresent()
                && WeightFileName.parse(name)
                        .filter(other -> other.stem().equals(like.get().stem())
                                && other.extension().equals(like.get().extension()))
                        .isPresent();
        return alike || names.contains(name);
    }
}

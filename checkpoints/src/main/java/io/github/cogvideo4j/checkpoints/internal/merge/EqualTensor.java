package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;

/// A tensor that has no arithmetic (whole numbers, truth values) and so has to be the same in every source.
///
/// @param sources the tensor of every source
/// @param folders where each source is, for messages
record EqualTensor(List<StoredTensor> sources, List<Path> folders) implements TensorData.Computed {
    /// Copies the lists.
    EqualTensor {
        sources = List.copyOf(sources);
        folders = List.copyOf(folders);
    }

    @Override
    public String description() {
        return "the same in all %d".formatted(sources.size());
    }

    @Override
    public List<Storage> inputs() {
        return sources.stream()
                .flatMap(tensor -> tensor.storages().stream())
                .distinct()
                .toList();
    }

    /// Passes the first source's bytes on.
    ///
    /// @throws InvalidCheckpointException `different` when another source has other bytes
    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        MessageDigest first = Digests.sha256();
        reader.read(sources.getFirst(), bytes -> {
            first.update(bytes.duplicate());
            sink.accept(bytes);
        });
        byte[] expected = first.digest();
        for (int i = 1; i < sources.size(); i++) {
            MessageDigest other = Digests.sha256();
            reader.read(sources.get(i), other::update);
            if (!MessageDigest.isEqual(expected, other.digest())) {
                throw new InvalidCheckpointException(
                        ProblemCode.DIFFERENT,
                        Place.of(folders.get(i)).tensor(sources.get(i).name()),
                        "checkpoints.merge.not-the-same",
                        sources.get(i).dtype(),
                        folders.getFirst());
            }
        }
    }
}

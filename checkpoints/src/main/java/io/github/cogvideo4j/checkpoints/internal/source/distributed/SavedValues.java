package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkPlace;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.SavedObject;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.internal.torch.TorchSequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// The values in a distributed checkpoint that are no tensors, each read when it is asked for. Their pickles are
/// data: nothing in them is called.
public final class SavedValues {
    // A trainer's state has a number for each step so far, which is nine bytes.
    private static final long LARGEST = 16L << 20;

    private final Path folder;
    private final List<SavedObject> objects;

    SavedValues(Path folder, List<SavedObject> objects) {
        this.folder = folder;
        this.objects = objects;
    }

    /// No values.
    public static SavedValues none() {
        return new SavedValues(Path.of(""), List.of());
    }

    /// The first value, by name, whose name is wanted. What finetrainers saves as bytes of a file of its own is what
    /// that file holds.
    ///
    /// @return empty where there is none, or it cannot be read
    public Optional<PickleValue> first(Predicate<String> wanted) throws IOException {
        Optional<ChunkPlace> found = objects.stream()
                .filter(object -> wanted.test(object.name()))
                .min(Comparator.comparing(SavedObject::name))
                .map(SavedObject::place)
                .filter(place -> place.length() <= LARGEST);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Path file = found.get().file().in(folder);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        try (TorchSequence sequence = TorchSequence.open(file)) {
            return Optional.of(
                    unwrapped(sequence.object(found.get().offset(), found.get().length()), file));
        } catch (FormatException _) {
            return Optional.empty();
        }
    }

    /// `io.BytesIO` pickles itself as its bytes, its position and its attributes.
    private static PickleValue unwrapped(PickleValue value, Path file) throws IOException {
        Optional<PickleValue.Bytes> bytes = value instanceof PickleValue.Instance stream
                        && stream.type().name().equals("BytesIO")
                ? stream.state()
                        .flatMap(PickleValue::asElements)
                        .flatMap(parts -> parts.stream().findFirst())
                        .filter(PickleValue.Bytes.class::isInstance)
                        .map(PickleValue.Bytes.class::cast)
                : Optional.empty();
        return bytes.isPresent() ? TorchFile.rootOf(bytes.get().value(), file) : value;
    }
}

package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedMetadata.ChunkPlace;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.internal.torch.TorchSequence;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The heads of chunks, which are thousands of small files of `torch.save`. Each file that holds some is opened
/// once and read forwards, several files at a time.
///
/// What is wrong with a chunk is reported when the chunk is requested, so that it is always the same one of
/// several errors.
final class ChunkHeads {
    private final IdentityHashMap<ChunkPlace, StoredTensor> tensors = new IdentityHashMap<>();
    private final IdentityHashMap<ChunkPlace, Exception> failures = new IdentityHashMap<>();

    /// A chunk that will be asked for.
    ///
    /// @param place where it is
    /// @param name  its tensor's key
    record Wanted(ChunkPlace place, String name) {}

    /// What one file had, up to the first failure.
    private record Part(
            List<Wanted> wanted, List<StoredTensor> tensors, Optional<Exception> failure, Warnings warnings) {}

    private ChunkHeads() {}

    /// Reads heads.
    ///
    /// @param folder  where the files are; missing ones are reported when a chunk is requested
    /// @param wanted  the chunks in the order in which they will be asked for
    /// @param opened  takes the files' identities
    /// @param warnings takes what is odd but stops nothing
    static ChunkHeads read(Path folder, List<Wanted> wanted, SourceFiles opened, Warnings warnings) throws IOException {
        Map<PlainFileName, List<Wanted>> byFile = new LinkedHashMap<>();
        for (Wanted chunk : wanted) {
            byFile.computeIfAbsent(chunk.place().file(), _ -> new ArrayList<>()).add(chunk);
        }
        for (PlainFileName name : List.copyOf(byFile.keySet())) {
            Path file = name.in(folder);
            if (Files.exists(file)) {
                opened.note(file);
            } else {
                byFile.remove(name);
            }
        }
        ChunkHeads heads = new ChunkHeads();
        byFile.values().parallelStream()
                .map(chunks -> part(chunks.getFirst().place().file().in(folder), chunks))
                .toList()
                .forEach(part -> heads.add(part, warnings));
        return heads;
    }

    private static Part part(Path file, List<Wanted> wanted) {
        List<StoredTensor> tensors = new ArrayList<>();
        Warnings warnings = new Warnings();
        try (TorchSequence sequence = TorchSequence.open(file)) {
            for (Wanted chunk : wanted) {
                tensors.add(tensor(file, sequence, chunk, warnings));
            }
            return new Part(wanted, tensors, Optional.empty(), warnings);
        } catch (IOException | RuntimeException e) {
            return new Part(wanted, tensors, Optional.of(e), warnings);
        }
    }

    private static StoredTensor tensor(Path file, TorchSequence sequence, Wanted chunk, Warnings warnings)
            throws IOException {
        TorchFile opened = sequence.file(chunk.place().offset(), chunk.place().length(), warnings);
        if (!(opened.root() instanceof TensorValue value)) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_CHECKPOINTS,
                    Place.at(file, chunk.place().offset()).tensor(chunk.name()),
                    "checkpoints.distributed.no-tensor",
                    chunk.name(),
                    opened.root());
        }
        return value.stored(chunk.name());
    }

    private void add(Part part, Warnings warnings) {
        int read = part.tensors().size();
        for (int i = 0; i < read; i++) {
            tensors.put(part.wanted().get(i).place(), part.tensors().get(i));
        }
        // Nobody gets to ask for the chunks behind it. Where all were read, it is the closing that failed.
        int failed = Math.min(read, part.wanted().size() - 1);
        part.failure()
                .ifPresent(failure -> failures.put(part.wanted().get(failed).place(), failure));
        part.warnings().all().forEach(warnings::report);
    }

    /// A chunk's tensor, empty when its file is not there.
    Optional<StoredTensor> tensor(ChunkPlace place) throws IOException {
        Exception failure = failures.get(place);
        return switch (failure) {
            case null -> Optional.ofNullable(tensors.get(place));
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            default -> throw new IllegalStateException(failure);
        };
    }
}

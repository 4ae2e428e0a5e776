package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Costs;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What a checkpoint's bytes are for. Where weights and optimizer share files (partitions of ZeRO, chunks of
/// FSDP), the bytes that a conversion reads are weights and the rest of these files is the optimizer's.
final class CheckpointCosts {
    private static final List<String> OF_WEIGHTS = List.of(".safetensors", ".bin", ".pt", ".pth", ".ckpt");
    private static final List<String> OF_OTHERS = List.of("scheduler", "random_states", "rng", "sampler", "dataloader");

    private CheckpointCosts() {}

    /// Counts.
    ///
    /// @param folder     the checkpoint
    /// @param files      its files
    /// @param checkpoint the checkpoint opened, where that is possible
    static Costs of(Path folder, Map<Path, FileIdentity> files, Optional<Checkpoint> checkpoint) {
        Set<Path> shared = new HashSet<>();
        long read = 0;
        if (checkpoint.isPresent()) {
            for (Path file : checkpoint.get().files().keySet()) {
                String name = name(folder, file);
                if (name.contains("optim") || name.endsWith(".distcp")) {
                    shared.add(file.toAbsolutePath().normalize());
                }
            }
            read = checkpoint.get().entries().stream()
                    .flatMap(entry -> parts(entry.tensor()))
                    .filter(part -> shared.contains(
                            part.storage().file().toAbsolutePath().normalize()))
                    .distinct()
                    .mapToLong(Extent::length)
                    .sum();
        }
        long weights = 0;
        long optimizer = 0;
        long other = 0;
        for (Map.Entry<Path, FileIdentity> file : files.entrySet()) {
            long size = file.getValue().size();
            String name = name(folder, file.getKey());
            if (name.contains("optim")
                    || shared.contains(file.getKey().toAbsolutePath().normalize())) {
                optimizer += size;
            } else if (OF_WEIGHTS.stream().anyMatch(name::endsWith)
                    && OF_OTHERS.stream().noneMatch(name::contains)) {
                weights += size;
            } else {
                other += size;
            }
        }
        long moved = Math.min(read, optimizer);
        return new Costs(weights + moved, optimizer - moved, other);
    }

    private static String name(Path folder, Path file) {
        Path absolute = file.toAbsolutePath().normalize();
        Path from = folder.toAbsolutePath().normalize();
        return (absolute.startsWith(from) && !absolute.equals(from)
                        ? from.relativize(absolute)
                        : absolute.getFileName())
                .toString()
                .toLowerCase(Locale.ROOT);
    }

    private static Stream<Extent> parts(StoredTensor tensor) {
        return switch (tensor.data()) {
            case TensorData.Extents extents -> extents.parts().stream();
            case TensorData.Strided strided ->
                Stream.of(new Extent(strided.storage(), 0, strided.storage().length()));
            case TensorData.Computed computed ->
                computed.inputs().stream().map(storage -> new Extent(storage, 0, storage.length()));
        };
    }
}

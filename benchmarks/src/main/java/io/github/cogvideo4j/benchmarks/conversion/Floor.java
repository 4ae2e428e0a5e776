package io.github.cogvideo4j.benchmarks.conversion;

import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.WeightFile;
import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

/// The disk traffic of a conversion and nothing else: every byte that it needs is read once, front to back in
/// each file, as many bytes as it writes are written to files of the same sizes, and everything is synced.
///
/// No bytes are looked at, no process is started, nothing is planned.
final class Floor {
    private static final int READ_BYTES = 2 << 20;

    /// A piece of work: read here, then write there.
    private record Piece(Path source, long from, int read, Path target, long to, int written) {}

    private record Stretch(Path file, long offset, long length) {}

    private final List<Piece> pieces = new ArrayList<>();
    private final long readBytes;
    private final long writtenBytes;

    Floor(ConversionPlan plan, Path output) {
        List<Stretch> sources = sources(plan);
        List<Stretch> targets = new ArrayList<>();
        for (WeightFile file : plan.weightFiles()) {
            targets.add(new Stretch(output.resolve(file.name()), 0, file.size()));
        }
        readBytes = sources.stream().mapToLong(Stretch::length).sum();
        writtenBytes = targets.stream().mapToLong(Stretch::length).sum();
        cut(sources, targets);
    }

    long readBytes() {
        return readBytes;
    }

    long writtenBytes() {
        return writtenBytes;
    }

    /// The storages that tensors lie in, as whole: a checksum covers all of a storage.
    private static List<Stretch> sources(ConversionPlan plan) {
        Set<Storage> storages = new LinkedHashSet<>();
        for (PlannedTensor tensor : plan.tensors()) {
            switch (tensor.entry().tensor().data()) {
                case TensorData.Extents extents ->
                    extents.parts().stream().map(Extent::storage).forEach(storages::add);
                case TensorData.Computed computed -> storages.addAll(computed.inputs());
                case TensorData.Strided view -> storages.add(view.storage());
            }
        }
        return storages.stream()
                .map(storage -> (Storage.Plain) storage)
                .sorted(Comparator.comparing(Storage.Plain::file).thenComparingLong(Storage.Plain::offset))
                .map(storage -> new Stretch(storage.file(), storage.offset(), storage.length()))
                .toList();
    }

    /// Pairs each piece that is read with its share of what is written.
    private void cut(List<Stretch> sources, List<Stretch> targets) {
        double ratio = (double) writtenBytes / readBytes;
        int target = 0;
        long position = 0;
        double due = 0;
        for (Stretch source : sources) {
            for (long done = 0; done < source.length(); ) {
                int read = (int) Math.min(READ_BYTES, source.length() - done);
                due += read * ratio;
                Stretch file = targets.get(target);
                int written = (int) Math.min(Math.round(due), file.length() - position);
                pieces.add(new Piece(source.file(), source.offset() + done, read, file.file(), position, written));
                done += read;
                due -= written;
                position += written;
                if (position == file.length() && target < targets.size() - 1) {
                    target++;
                    position = 0;
                }
            }
        }
    }

    /// Does it.
    ///
    /// @param threads how many pieces at once
    /// @return seconds
    double run(int threads) throws IOException {
        long start = System.nanoTime();
        Map<Path, FileChannel> channels = new HashMap<>();
        ConcurrentLinkedQueue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();
        try {
            for (Piece piece : pieces) {
                if (!channels.containsKey(piece.source())) {
                    channels.put(piece.source(), FileChannel.open(piece.source(), StandardOpenOption.READ));
                }
                if (!channels.containsKey(piece.target())) {
                    Files.createDirectories(piece.target().getParent());
                    channels.put(
                            piece.target(),
                            FileChannel.open(piece.target(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
                }
            }
            ParallelTensors.map(pieces, threads, piece -> {
                ByteBuffer free = buffers.poll();
                ByteBuffer buffer = free == null ? ByteBuffer.allocateDirect(READ_BYTES) : free;
                move(piece, channels, buffer);
                buffers.add(buffer);
                return piece;
            });
            for (Path target :
                    new LinkedHashSet<>(pieces.stream().map(Piece::target).toList())) {
                open(channels, target).force(true);
            }
        } finally {
            for (FileChannel channel : channels.values()) {
                channel.close();
            }
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static void move(Piece piece, Map<Path, FileChannel> channels, ByteBuffer buffer) throws IOException {
        buffer.clear().limit(piece.read());
        while (buffer.hasRemaining()) {
            if (open(channels, piece.source()).read(buffer, piece.from() + buffer.position()) < 0) {
                throw new IOException(piece.source() + " became shorter");
            }
        }
        int written = 0;
        while (written < piece.written()) {
            buffer.clear().limit(Math.min(READ_BYTES, piece.written() - written));
            written += open(channels, piece.target()).write(buffer, piece.to() + written);
        }
    }

    private static FileChannel open(Map<Path, FileChannel> channels, Path file) {
        return Objects.requireNonNull(channels.get(file), "every file is open");
    }
}

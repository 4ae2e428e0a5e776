package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;

/// Any grid of uneven chunks, along any dimensions and in any order, is the tensor that was cut.
class ChunkedTensorPropertiesTest {
    /// A tensor's sizes, and where each dimension is cut.
    record Grid(DType dtype, List<Long> sizes, List<List<Long>> cuts, long seed) {}

    @TempDir
    private Path folder;

    private static Grid grid(Generator generator) {
        List<Long> sizes = generator.list(1, 4, () -> generator.longInteger(1, 9));
        DType dtype = generator.of(DType.U8, DType.BF16, DType.F32, DType.F64);
        return new Grid(dtype, sizes, cuts(sizes, generator.random()), generator.longBits());
    }

    /// Ends of the parts of each dimension; a part may be empty, as a rank's is when there are more ranks than
    /// rows.
    private static List<List<Long>> cuts(List<Long> sizes, Random random) {
        List<List<Long>> cuts = new ArrayList<>();
        for (long size : sizes) {
            List<Long> ends = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                ends.add(random.nextLong(size + 1));
            }
            ends.add(size);
            Collections.sort(ends);
            cuts.add(ends);
        }
        return cuts;
    }

    @Property(tries = 300)
    void aGridOfChunksIsTheTensorThatWasCut(Generator generator) throws IOException {
        Grid grid = grid(generator);
        Shape shape = new Shape(grid.sizes());
        byte[] whole = new byte[Math.toIntExact(shape.numel()) * grid.dtype().bytes()];
        new Random(grid.seed()).nextBytes(whole);
        List<Box> boxes = boxes(grid);
        Collections.shuffle(boxes, new Random(grid.seed()));

        assertThat(cutAndRead(grid, whole, boxes)).isEqualTo(whole);
    }

    /// Larger than a block, so that several blocks are made, and a row of it larger than a piece that is read.
    @Property(tries = 3)
    void aTensorOfManyBlocksIsTheTensorThatWasCut(Generator generator) throws IOException {
        Random random = generator.random();
        Grid grid = new Grid(
                DType.F32,
                List.of(3L, 5L, 200_001L),
                List.of(List.of(3L), List.of(2L, 5L), List.of(70_000L, 70_001L, 200_001L)),
                random.nextLong());
        byte[] whole = new byte[4 * 3 * 5 * 200_001];
        random.nextBytes(whole);
        List<Box> boxes = boxes(grid);
        assertThat(cutAndRead(grid, whole, boxes)).isEqualTo(whole);
    }

    /// Only chunks that interleave are assembled; others stay runs of bytes.
    @Property(tries = 100)
    void whatIsCutAlongTheFirstDimensionIsARunOfBytes(Generator generator) {
        Grid grid = grid(generator);
        List<List<Long>> cuts = new ArrayList<>(grid.cuts());
        for (int d = 1; d < cuts.size(); d++) {
            cuts.set(d, List.of(grid.sizes().get(d)));
        }
        Grid rows = new Grid(grid.dtype(), grid.sizes(), cuts, grid.seed());
        assertThat(boxes(rows)).allMatch(box -> box.isContiguousIn(grid.sizes()));
    }

    private static List<Box> boxes(Grid grid) {
        List<Box> boxes = new ArrayList<>(List.of(new Box(List.of(), List.of())));
        for (List<Long> ends : grid.cuts()) {
            List<Box> longer = new ArrayList<>();
            for (Box box : boxes) {
                long start = 0;
                for (long end : ends) {
                    longer.add(new Box(with(box.offsets(), start), with(box.sizes(), end - start)));
                    start = end;
                }
            }
            boxes = longer;
        }
        // Empty parts of one dimension share their place with the next part, and are not written.
        boxes.removeIf(box -> box.numel() == 0 && random(grid, box));
        return onePerPlace(boxes);
    }

    private static boolean random(Grid grid, Box box) {
        return ((grid.seed() ^ box.hashCode()) & 1) == 0;
    }

    private static List<Box> onePerPlace(List<Box> boxes) {
        List<Box> kept = new ArrayList<>();
        for (Box box : boxes) {
            boolean taken = boxes.stream()
                    .anyMatch(other -> other != box && other.offsets().equals(box.offsets()) && other.numel() != 0);
            boolean again = kept.stream().anyMatch(other -> other.offsets().equals(box.offsets()));
            if (box.numel() != 0 || (!taken && !again)) {
                kept.add(box);
            }
        }
        return kept;
    }

    private static List<Long> with(List<Long> list, long value) {
        List<Long> longer = new ArrayList<>(list);
        longer.add(value);
        return longer;
    }

    /// The elements of a part, taken one at a time.
    private static byte[] part(Grid grid, byte[] whole, Box box) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int bytes = grid.dtype().bytes();
        List<Long> strides = new Shape(grid.sizes()).contiguousStrides();
        for (long n = 0; n < box.numel(); n++) {
            long rest = n;
            long position = 0;
            for (int d = box.rank() - 1; d >= 0; d--) {
                position += (box.offset(d) + rest % box.size(d)) * strides.get(d);
                rest /= box.size(d);
            }
            out.write(whole, Math.toIntExact(position * bytes), bytes);
        }
        return out.toByteArray();
    }

    private byte[] cutAndRead(Grid grid, byte[] whole, List<Box> boxes) throws IOException {
        DistributedFolder checkpoint = new DistributedFolder();
        checkpoint.add(
                "model.w",
                grid.dtype(),
                grid.sizes(),
                boxes,
                boxes.stream().map(box -> part(grid, whole, box)).toList());
        return read(checkpoint.write(folder));
    }

    private static byte[] read(Path folder) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(folder, SourceOptions.defaults());
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (FileStorageReader reader = new FileStorageReader()) {
            TensorData.Sink sink = bytes -> {
                byte[] piece = new byte[bytes.remaining()];
                bytes.get(piece);
                out.writeBytes(piece);
            };
            reader.read(checkpoint.entries().getFirst().tensor(), sink);
            reader.verifyChecksums();
        }
        return out.toByteArray();
    }
}

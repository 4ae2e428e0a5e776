package io.github.cogvideo4j.inference.internal.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.device.CountingLane;
import io.github.cogvideo4j.inference.internal.device.SimulatedStreams;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Blocks of any sizes whose weights come one after the other, on a device that counts and copies late, and on streams
/// that go on in any order.
class BlockStreamTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    /// Blocks of random weights, as they are streamed and as they are without it.
    private record Blocks(WeightStore store, BlockStream stream, List<List<Weight>> streamed, List<List<Weight>> plain)
            implements AutoCloseable {
        @Override
        public void close() {
            stream.stop();
            store.close();
        }

        /// What the largest block takes, each of its weights from a multiple of 256 on.
        long largest(Precision precision) {
            long largest = 0;
            for (List<Weight> block : plain) {
                long bytes = 0;
                for (Weight weight : block) {
                    long own = store.shape(weight.name()).stream()
                            .reduce((long) precision.dtype().bytes(), (a, b) -> a * b);
                    bytes += (own + 255) / 256 * 256;
                }
                largest = Math.max(largest, bytes);
            }
            return largest;
        }
    }

    private Blocks blocks(Generator generator, Precision precision) throws IOException {
        int count = generator.integer(1, 7);
        List<TensorFile.Entry> entries = new ArrayList<>();
        List<int[]> sizes = new ArrayList<>();
        for (int block = 0; block < count; block++) {
            int[] widths = new int[generator.integer(1, 4)];
            for (int i = 0; i < widths.length; i++) {
                widths[i] = generator.integer(1, 300);
                entries.add(random(generator.random(), "blocks.%d.w%d".formatted(block, i), widths[i], 3));
            }
            sizes.add(widths);
        }
        Path file = folder.resolve("model.safetensors");
        TensorFile.write(file, true, entries, Map.of());
        WeightStore store = WeightStore.open(file);
        BlockStream stream = new BlockStream();
        Weights all = store.in(precision, ComputeDevice.CPU);
        List<List<Weight>> streamed = new ArrayList<>();
        List<List<Weight>> plain = new ArrayList<>();
        for (int block = 0; block < count; block++) {
            streamed.add(weights(all.at("blocks", block).in(stream.add()), sizes.get(block)));
            plain.add(weights(all.at("blocks", block), sizes.get(block)));
        }
        return new Blocks(store, stream, streamed, plain);
    }

    private static List<Weight> weights(Weights weights, int... widths) {
        List<Weight> all = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) {
            all.add(weights.get("w" + i, widths[i], 3));
        }
        return all;
    }

    private static TensorFile.Entry random(Random random, String name, long... shape) {
        float[] values = new float[Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
        return new TensorFile.Entry(name, DType.F32, Shape.of(shape), memory);
    }

    /// Every block as it is computed: in order again and again, or any of them, as step caches ask.
    private static List<Integer> order(Generator generator, int blocks) {
        boolean cyclic = generator.bool();
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 3 * blocks + 2; i++) {
            order.add(cyclic ? i % blocks : generator.integer(0, blocks - 1));
        }
        return order;
    }

    @Property(tries = 60)
    void aBlockSeesItsOwnWeightsAndTwoBlocksAreThereAtMost(Generator generator) throws IOException {
        Precision precision = generator.of(Precision.values());
        CountingLane.Count count = new CountingLane.Count(_ -> false);
        try (Blocks blocks = blocks(generator, precision)) {
            blocks.stream().start(count.maker());
            for (int index : order(generator, blocks.plain().size())) {
                blocks.stream().run(index, () -> assertSame(blocks, index));
            }
            assertThat(count.most()).isEqualTo(CopyLane.PLACES * blocks.largest(precision));
            blocks.stream().stop();
            assertThat(count.bytes()).isZero();
            assertSame(blocks, 0);
        }
    }

    private static void assertSame(Blocks blocks, int index) {
        for (int i = 0; i < blocks.plain().get(index).size(); i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor there = blocks.streamed().get(index).get(i).tensor();
                Tensor expected = blocks.plain().get(index).get(i).tensor();
                assertThat(torch.equal(there, expected)).isTrue();
            }
        }
    }

    /// In order, every block is on its way before it is asked for: one copy for each.
    @Property(tries = 20)
    void inOrderEachBlockIsCopiedOnceAndAhead(Generator generator) throws IOException {
        CountingLane.Count count = new CountingLane.Count(_ -> false);
        try (Blocks blocks = blocks(generator, Precision.BF16)) {
            int number = blocks.plain().size();
            blocks.stream().start(count.maker());
            for (int i = 0; i < 3 * number; i++) {
                int before = count.sent().size();
                blocks.stream().run(i % number, () -> {});
                int copies = count.sent().size() - before;
                assertThat(copies).isLessThanOrEqualTo(i == 0 ? 2 : 1);
            }
            assertThat(count.sent()).hasSize(number > CopyLane.PLACES ? 3 * number + 1 : number);
        }
    }

    /// What computes on a device's stream begins later than it is asked, and reads what was promised then.
    @Property(tries = 150)
    void whateverTheStreamsDoFirstComputationReadsItsBlock(Generator generator) throws IOException {
        SimulatedStreams streams = new SimulatedStreams(generator.random());
        int[] read = {0};
        int asked = 0;
        try (Blocks blocks = blocks(generator, Precision.FP32)) {
            blocks.stream().start(streams.maker());
            for (int index : order(generator, blocks.plain().size())) {
                asked++;
                blocks.stream().run(index, () -> {
                    List<MemorySegment> there = memory(blocks.streamed().get(index));
                    List<byte[]> expected = memory(blocks.plain().get(index)).stream()
                            .map(bytes -> bytes.toArray(ValueLayout.JAVA_BYTE))
                            .toList();
                    streams.compute(() -> {
                        read[0]++;
                        for (int i = 0; i < expected.size(); i++) {
                            assertThat(there.get(i).toArray(ValueLayout.JAVA_BYTE))
                                    .isEqualTo(expected.get(i));
                        }
                    });
                });
            }
        }
        assertThat(read[0]).isEqualTo(asked);
        assertThat(streams.isAtRest()).isTrue();
    }

    private static List<MemorySegment> memory(List<Weight> weights) {
        try (PointerScope _ = new PointerScope()) {
            return weights.stream()
                    .map(weight -> NativeMemory.of(weight.tensor()))
                    .toList();
        }
    }

    /// The simulation is no proof of what it cannot refute: a lane that forgets to wait is found out.
    @Test
    void aLaneThatDoesNotWaitIsFoundOut() {
        int found = 0;
        for (int seed = 1; seed <= 50; seed++) {
            SimulatedStreams streams = new SimulatedStreams(new Generator(seed).random());
            MemorySegment copies = streams.stream();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment source = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
                MemorySegment target = arena.allocate(ValueLayout.JAVA_INT);
                int[] seen = {0};
                streams.copy(target.address(), source.address(), Integer.BYTES, copies);
                streams.compute(() -> seen[0] = target.get(ValueLayout.JAVA_INT, 0));
                streams.finish(SimulatedStreams.COMPUTE);
                streams.finish(copies);
                found += seen[0] == 0 ? 1 : 0;
            }
        }
        assertThat(found).isBetween(1, 49);
    }

    @Test
    void withoutMemoryNothingIsStarted() throws IOException {
        CountingLane.Count count = new CountingLane.Count(call -> call == 1);
        try (Blocks blocks = blocks(new Generator(3), Precision.BF16)) {
            assertThatThrownBy(() -> blocks.stream().start(count.maker())).hasMessageContaining("out of memory");
            assertThat(count.bytes()).isZero();
            blocks.stream().run(0, () -> assertSame(blocks, 0));
        }
    }

    @Test
    void anElementTypeOfEightBitsIsAViewOfItsBytes() {
        try (PointerScope _ = new PointerScope()) {
            Tensor memory = torch.zeros(512).to(ScalarType.Byte);
            Tensor view = new StreamedWeight.Form(ScalarType.Float8_e4m3fn, 1, List.of(4L, 8L)).view(memory, 256);
            assertThat(view.scalar_type().intern()).isEqualTo(ScalarType.Float8_e4m3fn);
            assertThat(view.shape()).containsExactly(4, 8);
            assertThat(view.data_ptr().address() - memory.data_ptr().address()).isEqualTo(256);
        }
    }
}

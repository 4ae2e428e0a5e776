package io.github.cogvideo4j.checkpoints.internal.lora.delta;

import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A tensor with adapters fused into it: one change after the other, in their order.
///
/// Sums are taken in fp32, step by step as PEFT takes them in libtorch, and rounded at the end to the type they
/// are wanted in.
///
/// @param weight   the model's tensor
/// @param terms    what is done to it; not empty
/// @param dtype    what comes out: F32, BF16 or F16
/// @param measured takes the norms while the tensor is computed, so that no one has to read it again for them
public record FusedWeight(
        StoredTensor weight, List<Term> terms, DType dtype, AtomicReference<Optional<Norms.Pair>> measured)
        implements TensorData.Computed {
    /// A tensor that has not been computed yet.
    public FusedWeight(StoredTensor weight, List<Term> terms, DType dtype) {
        this(weight, terms, dtype, new AtomicReference<>(Optional.empty()));
    }

    /// Copies the list.
    public FusedWeight {
        terms = List.copyOf(terms);
    }

    /// What one adapter does.
    ///
    /// @param delta  the change
    /// @param factor what it is multiplied by
    public record Term(Delta delta, double factor) {}

    @Override
    public String description() {
        return "W + "
                + terms.stream()
                        .map(term ->
                                "%.6g %s".formatted(term.factor(), term.delta().formula()))
                        .collect(Collectors.joining(" + "));
    }

    @Override
    public List<Storage> inputs() {
        return Stream.concat(Stream.of(weight), terms.stream().flatMap(term -> term.delta().tensors().stream()))
                .flatMap(tensor -> tensor.storages().stream())
                .distinct()
                .toList();
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        Norms.Meter meter = new Norms.Meter(this);
        Rounding rounding = new Rounding(dtype, sink);
        compute(reader, (base, sums, count) -> {
            meter.take(base, sums, count);
            rounding.take(base, sums, count);
        });
        measured.set(Optional.of(meter.norms(reader)));
    }

    /// Passes on the sums in fp32, each block with the base's elements.
    void compute(StorageReader reader, Blocks blocks) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            List<Delta.Operation> operations = new ArrayList<>();
            for (Term term : terms) {
                operations.add(term.delta().open(reader, arena, term.factor()));
            }
            boolean whole = terms.stream().anyMatch(term -> term.delta().needsWholeRows());
            Block block = new Block(Math.max(1, Delta.columns(weight.shape())), whole, operations, blocks);
            FloatMatrix.Floats floats = new FloatMatrix.Floats(weight.dtype());
            reader.read(weight, bytes -> floats.each(bytes, block::take));
            block.flush();
        }
    }

    /// Takes blocks of a tensor, in order.
    @FunctionalInterface
    interface Blocks {
        /// Takes one.
        ///
        /// @param base  the base's elements
        /// @param sums  the changed ones
        /// @param count how many
        void take(float[] base, float[] sums, int count) throws IOException;
    }

    /// Rounds sums to the type that is wanted, and passes their bytes on.
    private static final class Rounding implements Blocks {
        private final DType dtype;
        private final Sink sink;
        private final ElementCast cast;
        private final ValueScan scan;
        private ByteBuffer rounded = ByteBuffer.allocate(0);
        private ByteBuffer output = ByteBuffer.allocate(0);

        Rounding(DType dtype, Sink sink) {
            this.dtype = dtype;
            this.sink = sink;
            this.cast = ElementCast.of(DType.F32, dtype, Place.nowhere());
            this.scan = new ValueScan(dtype);
        }

        @Override
        public void take(float[] base, float[] sums, int count) throws IOException {
            if (rounded.capacity() < count * Float.BYTES) {
                rounded = ByteBuffer.allocate(sums.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                output = ByteBuffer.allocate(sums.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            }
            rounded.clear();
            for (int i = 0; i < count; i++) {
                rounded.putFloat(sums[i]);
            }
            cast.cast(rounded.flip(), output.clear(), scan);
            sink.accept(output.flip());
        }
    }

    /// Some rows of the tensor, or a part of a row too long for that, on their way.
    private static final class Block {
        /// 512 KiB: small beside the processor's caches, large beside a call.
        private static final int ELEMENTS = 1 << 17;

        private final long columns;
        private final List<Delta.Operation> operations;
        private final Blocks blocks;
        private final float[] base;
        private final float[] sums;
        private final int capacity;
        private final boolean partial;
        private long first;
        private int held;

        Block(long columns, boolean wholeRows, List<Delta.Operation> operations, Blocks blocks) {
            this.columns = columns;
            this.operations = operations;
            this.blocks = blocks;
            this.partial = columns >= ELEMENTS && !wholeRows;
            this.capacity = (int) (columns >= ELEMENTS ? partial ? ELEMENTS : columns : ELEMENTS - ELEMENTS % columns);
            this.base = new float[capacity];
            this.sums = new float[capacity];
        }

        /// Takes elements of the weight.
        void take(float[] values, int count) throws IOException {
            int taken = 0;
            while (taken < count) {
                // A block is whole rows, or ends where its row does.
                int room = (int) Math.min(capacity, partial ? columns - first % columns : capacity) - held;
                int step = Math.min(count - taken, room);
                for (int i = 0; i < step; i++) {
                    base[held + i] = values[taken + i];
                    sums[held + i] = values[taken + i];
                }
                held += step;
                taken += step;
                if (step == room) {
                    flush();
                }
            }
        }

        /// Changes what is held, and passes it on.
        void flush() throws IOException {
            if (held == 0) {
                return;
            }
            long row = first / columns;
            long column = first % columns;
            int rows = (int) Math.max(1, held / columns);
            int width = (int) Math.min(columns, held);
            for (Delta.Operation operation : operations) {
                operation.apply(sums, row, rows, column, width);
            }
            blocks.take(base, sums, held);
            first += held;
            held = 0;
        }
    }
}

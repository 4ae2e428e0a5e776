package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A weight with adapters fused into it: `W + factor B A`, summed over the adapters.
///
/// Products are summed in double and the sum is rounded to fp32 once, then to the type it is wanted in; so an
/// element is off by half a unit in the last place of fp32, which is less than the sums in fp32 of the
/// reference are among themselves.
///
/// @param weight the model's weight
/// @param terms  what is added to it
/// @param dtype  what comes out: F32, BF16 or F16
record FusedWeight(StoredTensor weight, List<Term> terms, DType dtype) implements TensorData.Computed {
    FusedWeight {
        terms = List.copyOf(terms);
    }

    /// What one adapter adds.
    ///
    /// @param layer  its factors
    /// @param factor what their product is multiplied by
    record Term(LoraLayer layer, double factor) {}

    @Override
    public String description() {
        return "W + "
                + terms.stream()
                        .map(term -> "%.6g B A (rank %d)"
                                .formatted(term.factor(), term.layer().rank()))
                        .collect(Collectors.joining(" + "));
    }

    @Override
    public List<Storage> inputs() {
        return Stream.concat(
                        Stream.of(weight),
                        terms.stream()
                                .flatMap(term ->
                                        Stream.of(term.layer().a(), term.layer().b())))
                .flatMap(FusedWeight::storages)
                .distinct()
                .toList();
    }

    private static Stream<Storage> storages(StoredTensor tensor) {
        return switch (tensor.data()) {
            case Extents extents -> extents.parts().stream().map(Extent::storage);
            case Strided strided -> Stream.of(strided.storage());
            case TensorData.Computed computed -> computed.inputs().stream();
        };
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            List<LowRankProduct> products = new ArrayList<>();
            for (Term term : terms) {
                LoraLayer layer = term.layer();
                products.add(new LowRankProduct(
                        FloatMatrix.read(reader, layer.a(), FloatMatrix.allocate(arena, layer.rank(), layer.in())),
                        FloatMatrix.read(reader, layer.b(), FloatMatrix.allocate(arena, layer.out(), layer.rank())),
                        term.factor()));
            }
            long columns = terms.getFirst().layer().in();
            Block block = new Block(columns, products, dtype, sink);
            FloatMatrix.Floats floats = new FloatMatrix.Floats(weight.dtype());
            reader.read(weight, bytes -> floats.each(bytes, block::take));
            block.flush();
        }
    }

    /// Some rows of the weight, or a part of a row too long for that, on their way.
    private static final class Block {
        /// 1 MiB as doubles: small beside the processor's caches, large beside a call.
        private static final int ELEMENTS = 1 << 17;

        private final long columns;
        private final List<LowRankProduct> products;
        private final Sink sink;
        private final ElementCast cast;
        private final ValueScan scan;
        private final double[] sums;
        private final ByteBuffer rounded;
        private final ByteBuffer output;
        private final int capacity;
        private long first;
        private int held;

        Block(long columns, List<LowRankProduct> products, DType dtype, Sink sink) {
            this.columns = columns;
            this.products = products;
            this.sink = sink;
            this.capacity = (int) (columns >= ELEMENTS ? ELEMENTS : ELEMENTS - ELEMENTS % columns);
            this.sums = new double[capacity];
            this.rounded = ByteBuffer.allocate(capacity * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            this.output = ByteBuffer.allocate(capacity * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            this.cast = ElementCast.of(DType.F32, dtype, Place.nowhere());
            this.scan = new ValueScan(dtype);
        }

        /// Takes elements of the weight.
        void take(float[] values, int count) throws IOException {
            int taken = 0;
            while (taken < count) {
                // A block is whole rows, or ends where its row does.
                int room = (int) Math.min(capacity, columns >= ELEMENTS ? columns - first % columns : capacity) - held;
                int step = Math.min(count - taken, room);
                for (int i = 0; i < step; i++) {
                    sums[held + i] = values[taken + i];
                }
                held += step;
                taken += step;
                if (step == room) {
                    flush();
                }
            }
        }

        /// Adds the products to what is held, and passes it on.
        void flush() throws IOException {
            if (held == 0) {
                return;
            }
            long row = first / columns;
            long column = first % columns;
            int rows = (int) Math.max(1, held / columns);
            int width = (int) Math.min(columns, held);
            for (LowRankProduct product : products) {
                product.addTo(sums, row, rows, column, width);
            }
            rounded.clear();
            for (int i = 0; i < held; i++) {
                rounded.putFloat((float) sums[i]);
            }
            cast.cast(rounded.flip(), output.clear(), scan);
            sink.accept(output.flip());
            first += held;
            held = 0;
        }
    }
}

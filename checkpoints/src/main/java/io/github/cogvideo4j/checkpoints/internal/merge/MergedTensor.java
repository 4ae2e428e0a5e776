package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.internal.cast.ElementCast;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// A floating point tensor that is computed from the same tensor of several models.
///
/// @param models the tensor of every model, in the rule's order; all of the same shape
/// @param rule   the arithmetic
/// @param dtype  what comes out: F32, BF16 or F16
record MergedTensor(List<StoredTensor> models, MergeRule rule, DType dtype) implements TensorData.Computed {
    /// Copies the list.
    MergedTensor {
        models = List.copyOf(models);
    }

    @Override
    public String description() {
        return switch (rule) {
            case MergeRule.WeightedSum sum -> "sum of %d, weights %s".formatted(models.size(), sum.weights());
            case MergeRule.TaskSum task ->
                "base + changes of %d, weights %s".formatted(models.size() - 1, task.weights());
            case MergeRule.Slerp arc -> "slerp at " + arc.share();
            case MergeRule.Ties ties -> "ties, weights %s, density %s".formatted(ties.weights(), ties.density());
        };
    }

    @Override
    public List<Storage> inputs() {
        return models.stream()
                .flatMap(tensor -> tensor.storages().stream())
                .distinct()
                .toList();
    }

    @Override
    public void compute(StorageReader reader, Sink sink) throws IOException {
        long elements = models.getFirst().shape().numel();
        Tensor passes = new Tensor(reader, elements);
        MergeRule.Combination combination = rule.prepare(passes);
        float[] result = new float[TensorBlocks.ELEMENTS];
        Output output = new Output(sink);
        passes.each((inputs, count) -> {
            combination.combine(inputs, count, result);
            output.take(result, count);
        });
        output.flush();
    }

    /// The merged elements on their way to the sink, several blocks at once and in the type that is wanted.
    private final class Output {
        private static final int ELEMENTS = 8 * TensorBlocks.ELEMENTS;

        private final Sink sink;
        private final ElementCast cast = ElementCast.of(DType.F32, dtype, Place.nowhere());
        private final ValueScan scan = new ValueScan(dtype);
        private final ByteBuffer sums = buffer(Float.BYTES);
        private final ByteBuffer rounded = buffer(dtype == DType.F32 ? 0 : dtype.bytes());

        Output(Sink sink) {
            this.sink = sink;
        }

        private static ByteBuffer buffer(int bytes) {
            return ByteBuffer.allocate(ELEMENTS * bytes).order(ByteOrder.LITTLE_ENDIAN);
        }

        void take(float[] values, int count) throws IOException {
            if (sums.remaining() < count * Float.BYTES) {
                flush();
            }
            sums.asFloatBuffer().put(values, 0, count);
            sums.position(sums.position() + count * Float.BYTES);
        }

        void flush() throws IOException {
            sums.flip();
            if (dtype == DType.F32) {
                sink.accept(sums);
            } else {
                cast.cast(sums, rounded.clear(), scan);
                sink.accept(rounded.flip());
            }
            sums.clear();
        }
    }

    /// Takes blocks, and may write what it makes of them.
    private interface Writing {
        void take(float[][] inputs, int count) throws IOException;
    }

    /// The tensor of all models, read in step.
    private final class Tensor implements MergeRule.Passes {
        private final StorageReader reader;
        private final long elements;

        Tensor(StorageReader reader, long elements) {
            this.reader = reader;
            this.elements = elements;
        }

        @Override
        public long elements() {
            return elements;
        }

        @Override
        public void run(MergeRule.Visitor visitor) throws IOException {
            each(visitor::visit);
        }

        void each(Writing taker) throws IOException {
            List<TensorBlocks> open = new ArrayList<>();
            try {
                for (StoredTensor model : models) {
                    open.add(TensorBlocks.open(reader, model));
                }
                float[][] inputs = new float[open.size()][];
                for (long done = 0; done < elements; done += TensorBlocks.ELEMENTS) {
                    int count = (int) Math.min(TensorBlocks.ELEMENTS, elements - done);
                    for (int model = 0; model < inputs.length; model++) {
                        inputs[model] = open.get(model).next(count);
                    }
                    taker.take(inputs, count);
                }
            } finally {
                open.forEach(TensorBlocks::close);
            }
        }
    }
}

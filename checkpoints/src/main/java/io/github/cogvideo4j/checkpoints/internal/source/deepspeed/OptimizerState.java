package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// One rank's optimizer file, as far as conversion needs it: its share of the fp32 master weights and the facts
/// that tell files of different runs apart. The moments of the optimizer, two thirds of the file, are never
/// read.
///
/// @param file         the file
/// @param rank         the data-parallel rank, from the file's name
/// @param stage        the ZeRO stage; empty for `BF16_Optimizer`, which does not record it and lays out like
///                     stage 1
/// @param worldSize    the number of ranks that the file was partitioned for
/// @param flatGroups   the rank's flat fp32 tensors, one a parameter group (stages 1 and 2) or sub-group (stage
///                     3)
/// @param step         the optimizer's own step count
record OptimizerState(
        Path file, int rank, OptionalInt stage, int worldSize, List<StoredTensor> flatGroups, OptionalDouble step) {

    static OptimizerState read(Path file, int rank, StorageReader reader, Warnings warnings) throws IOException {
        Fields root = Fields.root(file, TorchFile.open(file, warnings).root());
        Fields state = root.dict("optimizer_state_dict");
        OptionalInt stage = stage(state);
        List<StoredTensor> flat = stage.orElse(1) == 3
                ? state.flatTensors("fp32_flat_groups")
                : state.flatTensors("single_partition_of_fp32_groups");
        for (StoredTensor tensor : flat) {
            if (tensor.dtype() != DType.F32) {
                throw new InvalidCheckpointException(
                        ProblemCode.NOT_A_CHECKPOINT,
                        Place.of(file).tensor(tensor.name()),
                        "checkpoints.deepspeed.master-dtype",
                        tensor.dtype());
            }
        }
        return new OptimizerState(file, rank, stage, worldSize(state), flat, step(state, reader));
    }

    private static OptionalInt stage(Fields state) {
        if (state.get("zero_stage").isEmpty()
                && state.get("single_partition_of_fp32_groups").isPresent()) {
            return OptionalInt.empty();
        }
        PickleValue value = state.require("zero_stage");
        // The enum is pickled as the class applied to its number.
        PickleValue number =
                value instanceof PickleValue.Instance made && made.arguments().size() == 1
                        ? made.arguments().getFirst()
                        : value;
        long stage = number.asLong().orElse(-1);
        if (stage < 1 || stage > 3) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNKNOWN_STAGE,
                    Place.of(state.file()),
                    "checkpoints.deepspeed.unknown-stage",
                    describe(number));
        }
        return OptionalInt.of((int) stage);
    }

    private static String describe(PickleValue number) {
        return number.asLong().isPresent() ? String.valueOf(number.asLong().getAsLong()) : number.toString();
    }

    /// Stages 1 and 2 list a count for every parameter group (they differ only with experts, which are
    /// refused); stage 3 has one number.
    private static int worldSize(Fields state) {
        PickleValue value = state.require("partition_count");
        List<PickleValue> counts = value.asElements().orElse(List.of(value));
        long size = counts.stream()
                .mapToLong(count -> count.asLong().orElse(-1))
                .max()
                .orElse(-1);
        if (size < 1 || size > 1_000_000) {
            throw state.wrong("partition_count", "a number of ranks", value);
        }
        return (int) size;
    }

    /// `base_optimizer_state.state[*].step` (stages 1 and 2) or `optimizer_state_dict.state[*].step` (stage 3):
    /// a number or a tensor of one element.
    private static OptionalDouble step(Fields state, StorageReader reader) throws IOException {
        for (String holder : List.of("base_optimizer_state", "optimizer_state_dict")) {
            PickleValue base = state.get(holder).orElse(PickleValue.None.INSTANCE);
            PickleValue perParameter =
                    base.asDict().flatMap(dict -> dict.get("state")).orElse(base);
            if (perParameter.asDict().isEmpty()) {
                continue;
            }
            for (Map.Entry<PickleValue, PickleValue> entry :
                    perParameter.asDict().get().entries().entrySet()) {
                PickleValue step = entry.getValue()
                        .asDict()
                        .flatMap(dict -> dict.get("step"))
                        .orElse(PickleValue.None.INSTANCE);
                OptionalDouble number = number(step, reader);
                if (number.isPresent()) {
                    return number;
                }
            }
        }
        return OptionalDouble.empty();
    }

    private static OptionalDouble number(PickleValue value, StorageReader reader) throws IOException {
        if (value.asLong().isPresent()) {
            return OptionalDouble.of((double) value.asLong().getAsLong());
        }
        if (value instanceof PickleValue.Real real) {
            return OptionalDouble.of(real.value());
        }
        if (value instanceof TensorValue tensor) {
            StoredTensor stored = tensor.stored("step");
            if (stored.dtype() == DType.F32 && stored.shape().numel() == 1) {
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
                reader.read(stored, bytes::put);
                return OptionalDouble.of(bytes.getFloat(0));
            }
        }
        return OptionalDouble.empty();
    }
}

package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The weights below a prefix. A module takes the weights that its own class names (`to_q.weight`) and hands
/// the rest on with [#at(String)], so that key paths in the code are those of the checkpoint.
///
/// @param store     where they come from
/// @param prefix    the names' beginning, empty or with a dot at the end
/// @param precision the type in which they are used
/// @param device    where they are used
/// @param format    how those of linear layers are kept
/// @param block     the block with which they come to the device, if they can be streamed
public record Weights(
        WeightStore store,
        String prefix,
        Precision precision,
        ComputeDevice device,
        WeightFormat format,
        Optional<BlockStream.Block> block) {
    /// The weights of a part: `at("attn1")`, `at("transformer_blocks", 3)`.
    public Weights at(String name) {
        return new Weights(store, prefix + name + ".", precision, device, format, block);
    }

    /// The weights of one part of a list.
    public Weights at(String name, int index) {
        return at(name + "." + index);
    }

    /// The same weights used in another type.
    public Weights in(Precision other) {
        return new Weights(store, prefix, other, device, format, block);
    }

    /// The same weights as those of a block that can be streamed.
    public Weights in(BlockStream.Block streamed) {
        return new Weights(store, prefix, precision, device, format, Optional.of(streamed));
    }

    /// Whether there is such a weight.
    public boolean has(String name) {
        return store.find(prefix + name).isPresent();
    }

    /// A weight of a known shape.
    ///
    /// @throws InvalidModelException `missing-tensor` when it is not there, `shape-mismatch` when it has
    /// another shape
    public Weight get(String name, long... shape) {
        String key = prefix + name;
        StoredTensor tensor = store.find(key).orElseThrow(() -> store.missing(key));
        if (!tensor.shape().equals(Shape.of(shape))) {
            throw new InvalidModelException(
                    ProblemCode.SHAPE_MISMATCH,
                    store.place().tensor(key),
                    "inference.weights.shape",
                    key,
                    tensor.shape(),
                    Shape.of(shape));
        }
        return new Weight(store, key, precision, device, block);
    }

    /// A weight that a configuration may leave out.
    public Optional<Weight> find(String name, long... shape) {
        return has(name) ? Optional.of(get(name, shape)) : Optional.empty();
    }

    /// The format of a linear layer with this prefix.
    public WeightFormat linearFormat() {
        return FormatRule.of(format, prefix.isEmpty() ? "" : prefix.substring(0, prefix.length() - 1));
    }

    /// The bytes that all tensors take where they are used: on the CPU as stored, because they are mapped; in
    /// the precision of use on another device, to which they are copied; in a small format what that leaves.
    public long byteLength() {
        return device.isCpu()
                ? store.tensors().stream()
                        .mapToLong(
                                tensor -> isSmall(tensor) ? FormatRule.smallBytes(format, tensor) : tensor.byteLength())
                        .sum()
                : onDevice("").all();
    }

    /// The bytes that tensors take on a device that has memory of its own.
    ///
    /// @param list the name of the model's list of blocks
    public DeviceBytes onDevice(String list) {
        long all = 0;
        Map<String, Long> blocks = new HashMap<>();
        for (StoredTensor tensor : store.tensors()) {
            long bytes = isSmall(tensor)
                    ? FormatRule.smallBytes(format, tensor)
                    : tensor.shape().numel() * precision.dtype().bytes();
            all += bytes;
            String name = tensor.name();
            int number = list.length() + 1;
            int end = name.indexOf('.', Math.min(number, name.length()));
            if (!list.isEmpty() && name.startsWith(list + ".") && end > number) {
                blocks.merge(name.substring(number, end), bytes, Long::sum);
            }
        }
        return new DeviceBytes(
                all,
                blocks.values().stream().mapToLong(Long::longValue).sum(),
                blocks.values().stream().mapToLong(Long::longValue).max().orElse(0));
    }

    /// A component's memory on a device.
    ///
    /// @param all     of all its tensors
    /// @param blocks  of those in blocks
    /// @param largest of the largest block
    public record DeviceBytes(long all, long blocks, long largest) {
        /// Of a component that is not used.
        public static final DeviceBytes NONE = new DeviceBytes(0, 0, 0);

        /// What is there at once when blocks are streamed.
        public long streamed() {
            return all - blocks + CopyLane.PLACES * largest;
        }
    }

    /// The bytes that take memory of their own on the CPU, because they are not mapped: of tensors that do not
    /// lie in one piece and are put together when they are used, and of those in a small format.
    public long ownByteLength() {
        return store.tensors().stream()
                .mapToLong(tensor -> isSmall(tensor)
                        ? FormatRule.smallBytes(format, tensor)
                        : WeightStore.isGathered(tensor) ? tensor.byteLength() : 0)
                .sum();
    }

    private boolean isSmall(StoredTensor tensor) {
        return format != WeightFormat.DENSE && FormatRule.isSmall(format, store, tensor);
    }
}

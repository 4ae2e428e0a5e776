package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.runtime.Precision;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.weights.NativeMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A block of numbers in native memory: latents `[videos, frames, channels, height, width]`, or prompt
/// embeddings `[prompts, tokens, width]`. Closing it frees them.
public final class Latents implements AutoCloseable {
    private final Precision precision;
    private final long[] shape;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment values;

    private Latents(Precision precision, long... shape) {
        this.precision = precision;
        this.shape = shape.clone();
        long bytes = precision.dtype().bytes();
        for (long size : shape) {
            bytes = Math.multiplyExact(bytes, size);
        }
        this.values = arena.allocate(bytes, 64);
    }

    /// Zeros, to be filled through [#values()].
    ///
    /// @param precision the type of the numbers
    /// @param shape     their sizes; each at least 1
    public static Latents allocate(Precision precision, long... shape) {
        if (Arrays.stream(shape).anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException(Arrays.toString(shape));
        }
        return new Latents(precision, shape);
    }

    /// A copy of a tensor, from whatever device it is on.
    static Latents copyOf(Tensor tensor) {
        Latents copy = new Latents(precision(tensor), tensor.shape());
        try (PointerScope _ = new PointerScope()) {
            copy.view().copy_(tensor);
        }
        return copy;
    }

    /// Tensors one after the other along the first dimension.
    static Latents joined(List<Tensor> tensors) {
        try (PointerScope _ = new PointerScope()) {
            return copyOf(torch.cat(new TensorVector(tensors.toArray(Tensor[]::new))));
        }
    }

    /// These numbers as a tensor on the CPU, without a copy: valid while this object is open.
    Tensor view() {
        return NativeMemory.view(values, precision.scalarType(), shape);
    }

    /// The type of the numbers.
    public Precision precision() {
        return precision;
    }

    /// Their sizes.
    public long[] shape() {
        return shape.clone();
    }

    /// All numbers, row-major, little-endian.
    public MemorySegment values() {
        return values;
    }

    /// These numbers as a tensor of a safetensors file.
    ///
    /// @param name the tensor's name
    public TensorFile.Entry entry(String name) {
        return new TensorFile.Entry(name, precision.dtype(), Shape.of(shape), values);
    }

    private static Precision precision(Tensor tensor) {
        ScalarType type = tensor.scalar_type().intern();
        return Arrays.stream(Precision.values())
                .filter(precision -> precision.scalarType() == type)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(type.toString()));
    }

    @Override
    public String toString() {
        return precision + Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(" x ", " [", "]"));
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

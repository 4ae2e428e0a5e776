package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.video.TensorFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

/// A tensor in native memory, outside libtorch: latents `[videos, frames, channels, height, width]`, or prompt
/// embeddings `[prompts, tokens, width]`. Closing it frees the memory.
public final class HostTensor implements AutoCloseable {
    private final Precision precision;
    private final long[] shape;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment values;

    private HostTensor(Precision precision, long... shape) {
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
    public static HostTensor allocate(Precision precision, long... shape) {
        if (Arrays.stream(shape).anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException(Arrays.toString(shape));
        }
        return new HostTensor(precision, shape);
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

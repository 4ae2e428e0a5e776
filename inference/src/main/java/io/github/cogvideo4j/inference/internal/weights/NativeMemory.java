package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Memory segments as libtorch sees them.
public final class NativeMemory {
    private NativeMemory() {}

    /// A tensor over native memory, without a copy. The memory has to outlive it.
    ///
    /// @param segment native memory that holds all elements, row-major
    /// @param type    their type
    /// @param shape   the tensor's sizes
    public static Tensor view(MemorySegment segment, ScalarType type, long... shape) {
        return torch.from_blob(new At(segment.address()), shape, new TensorOptions(type));
    }

    /// The memory of a contiguous tensor on the CPU, valid as long as the tensor is.
    @SuppressWarnings("restricted") // starting libtorch needs native access anyway
    public static MemorySegment of(Tensor tensor) {
        return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
    }

    /// Reads a tensor's values, as they are stored.
    ///
    /// @param memory where to, at least as large as the tensor
    public static void fill(MemorySegment memory, StoredTensor tensor, FileStorageReader reader) throws IOException {
        long[] done = {0};
        reader.read(tensor, bytes -> {
            MemorySegment piece = MemorySegment.ofBuffer(bytes);
            MemorySegment.copy(piece, 0, memory, done[0], piece.byteSize());
            done[0] += piece.byteSize();
            bytes.position(bytes.limit());
        });
    }

    /// A pointer to an address that someone else owns.
    private static final class At extends Pointer {
        At(long address) {
            this.address = address;
        }
    }
}

package io.github.cogvideo4j.inference.internal.weights;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A weight that can come to the device with its block, as one tensor or several.
public interface StreamedWeight {
    /// What it is on the device.
    List<Form> forms();

    /// Writes its values.
    ///
    /// @param into a tensor on the CPU for each form
    void write(List<Tensor> into);

    /// A tensor without its values.
    ///
    /// @param type  the elements' type
    /// @param bytes the bytes of one element
    /// @param shape the sizes
    record Form(ScalarType type, int bytes, List<Long> shape) {
        /// Copies the sizes.
        public Form {
            shape = List.copyOf(shape);
        }

        long byteLength() {
            return shape.stream().reduce((long) bytes, Math::multiplyExact);
        }

        /// A view of memory as a tensor of this form.
        ///
        /// @param memory `uint8`
        /// @param offset where it begins, a multiple of the elements' size
        Tensor view(Tensor memory, long offset) {
            return memory.narrow(0, offset, byteLength())
                    .view(type)
                    .view(shape.stream().mapToLong(Long::longValue).toArray());
        }
    }
}

package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A file of `torch.save` before it is written: a state dict, which is a dictionary of row-major tensors, each
/// with a storage of its own, or one such tensor by itself; byte for byte as torch 2.13 writes it.
public final class TorchLayout {
    /// A tensor to be written.
    ///
    /// @param name         its key in the dictionary
    /// @param dtype        the type of its elements
    /// @param shape        its sizes
    /// @param requiresGrad whether it says that it is being trained, as parameters do
    public record Tensor(String name, DType dtype, Shape shape, boolean requiresGrad) {
        long byteLength() {
            return StoredTensor.byteLength(dtype, shape);
        }
    }

    /// A tensor's place in the file.
    ///
    /// @param tensor the tensor
    /// @param offset its first byte, counted from the start of the file
    /// @param length its bytes
    public record Slot(Tensor tensor, long offset, long length) {}

    private final ArchiveLayout archive;
    private final List<Slot> slots = new ArrayList<>();

    private TorchLayout(String fileName, byte[] pickle, List<Tensor> tensors) {
        archive = ArchiveLayout.of(
                fileName, pickle, tensors.stream().map(Tensor::byteLength).toList());
        List<Long> offsets = archive.storageOffsets();
        for (Tensor tensor : tensors) {
            slots.add(new Slot(tensor, offsets.get(slots.size()), tensor.byteLength()));
        }
    }

    /// Lays out a file.
    ///
    /// @param fileName the file's name, whose stem torch puts before every record
    /// @param tensors  the tensors, in the dictionary's order
    /// @throws UnsupportedFileException `unsupported-tensor` for a dtype that torch has no storage for
    public static TorchLayout of(String fileName, List<Tensor> tensors) {
        return of(fileName, tensors, Optional.empty());
    }

    /// Lays out a file whose dictionary of tensors may lie in another dictionary.
    ///
    /// @param fileName the file's name, whose stem torch puts before every record
    /// @param tensors  the tensors, in the dictionary's order
    /// @param wrapper  the key under which the dictionary lies
    /// @throws UnsupportedFileException `unsupported-tensor` for a dtype that torch has no storage for
    public static TorchLayout of(String fileName, List<Tensor> tensors, Optional<String> wrapper) {
        tensors.forEach(TorchLayout::requireWritable);
        return new TorchLayout(fileName, pickle(tensors, wrapper), tensors);
    }

    /// Lays out a file of one tensor without a dictionary around it, as `torch.save(tensor, file)` makes it.
    ///
    /// @param fileName the file's name, whose stem torch puts before every record
    /// @param tensor   the tensor; its name is not written
    /// @throws UnsupportedFileException `unsupported-tensor` for a dtype that torch has no storage for
    public static TorchLayout ofTensor(String fileName, Tensor tensor) {
        requireWritable(tensor);
        PickleWriter pickle = new PickleWriter();
        value(tensor, 0).write(pickle);
        return new TorchLayout(fileName, pickle.finish(), List.of(tensor));
    }

    private static void requireWritable(Tensor tensor) {
        if (tensor.dtype().bits() % 8 != 0 || tensor.dtype().torchName().isEmpty()) {
            throw new UnsupportedFileException(Problem.of(
                            ProblemCode.UNSUPPORTED_TENSOR,
                            Place.nowhere().tensor(tensor.name()),
                            "formats.torch.unwritable-dtype",
                            tensor.name(),
                            tensor.dtype())
                    .with(Remedy.change(Remedy.Field.DTYPE), Remedy.change(Remedy.Field.FORMAT, "safetensors")));
        }
    }

    private static TensorPickle value(Tensor tensor, int key) {
        return TensorPickle.whole(tensor.dtype(), key, tensor.shape(), tensor.requiresGrad());
    }

    private static byte[] pickle(List<Tensor> tensors, Optional<String> wrapper) {
        PickleWriter pickle = new PickleWriter();
        List<PickleWriter.Item> items = new ArrayList<>();
        for (Tensor tensor : tensors) {
            TensorPickle value = value(tensor, items.size());
            items.add(new PickleWriter.Item(() -> pickle.text(tensor.name()), () -> value.write(pickle)));
        }
        if (wrapper.isPresent()) {
            pickle.dict(List.of(new PickleWriter.Item(() -> pickle.text(wrapper.get()), () -> pickle.dict(items))));
        } else {
            pickle.dict(items);
        }
        return pickle.finish();
    }

    /// Where each tensor goes, in the order given.
    public List<Slot> slots() {
        return List.copyOf(slots);
    }

    /// The size of the whole file in bytes.
    public long fileSize() {
        return archive.fileSize();
    }

    /// Everything but the tensors, in the order of the file.
    ///
    /// @param checksums the CRC-32 of each tensor's bytes, by name
    public List<ArchiveLayout.Piece> structure(Map<String, Long> checksums) {
        List<Long> ordered = new ArrayList<>();
        for (Slot slot : slots) {
            Long crc = checksums.get(slot.tensor().name());
            if (crc == null) {
                throw new IllegalArgumentException(
                        "no checksum for " + slot.tensor().name());
            }
            ordered.add(crc);
        }
        return archive.structure(ordered);
    }
}

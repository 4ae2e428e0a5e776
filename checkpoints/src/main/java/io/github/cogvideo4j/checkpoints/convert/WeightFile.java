package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import io.github.cogvideo4j.formats.internal.torch.TorchLayout;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// A weight file before it is written: its name, its size, and where each tensor's bytes go, so that tensors
/// can be written in any order and several at a time.
public sealed interface WeightFile {
    /// The metadata of every file of model weights, as the reference writers write it.
    Map<String, String> METADATA = Map.of("format", "pt");

    /// The file's path below the output, with `/`.
    String path();

    /// The file's name.
    default String name() {
        return path().substring(path().lastIndexOf('/') + 1);
    }

    /// Its folder below the output, empty for the output itself.
    default String folder() {
        return path().substring(0, Math.max(0, path().lastIndexOf('/')));
    }

    /// The file's final size in bytes.
    long size();

    /// Where each tensor starts, by name.
    SequencedMap<String, Long> offsets();

    /// Whether the container records the checksum of each tensor.
    boolean needsChecksums();

    /// The hash of the bytes before the tensors, for containers that have no others.
    Optional<String> structureSha256();

    /// Writes the bytes before and between the tensors.
    ///
    /// @param channel the file
    /// @param crc32   the checksum of each tensor's bytes, where [#needsChecksums()]
    void writeStructure(FileChannel channel, Map<String, Long> crc32) throws IOException;

    /// A `.safetensors` file.
    ///
    /// @param path    its path below the output
    /// @param layout  its layout
    /// @param offsets where each tensor starts
    record Safetensors(String path, SafetensorsLayout layout, SequencedMap<String, Long> offsets)
            implements WeightFile {
        static Safetensors of(String path, List<PlannedTensor> tensors) {
            List<TensorSpec> specs = tensors.stream().map(PlannedTensor::spec).toList();
            SafetensorsLayout layout = SafetensorsLayout.of(specs, METADATA);
            SequencedMap<String, Long> offsets = new LinkedHashMap<>();
            layout.slots().forEach(slot -> offsets.put(slot.tensor().name(), slot.offset()));
            return new Safetensors(path, layout, offsets);
        }

        @Override
        public long size() {
            return layout.fileSize();
        }

        @Override
        public boolean needsChecksums() {
            return false;
        }

        @Override
        public Optional<String> structureSha256() {
            byte[] head = new byte[layout.head().remaining()];
            layout.head().get(head);
            return Optional.of(Digests.sha256(head));
        }

        @Override
        public void writeStructure(FileChannel channel, Map<String, Long> crc32) throws IOException {
            writeFully(channel, layout.head(), 0);
        }
    }

    /// A `.bin` file, as `torch.save` writes it.
    ///
    /// @param path    its path below the output
    /// @param layout  its layout
    /// @param offsets where each tensor starts
    record TorchContainer(String path, TorchLayout layout, SequencedMap<String, Long> offsets) implements WeightFile {
        static TorchContainer of(String path, List<PlannedTensor> tensors) {
            return of(path, tensors, Optional.empty());
        }

        /// A file whose state dict lies under a key.
        static TorchContainer of(String path, List<PlannedTensor> tensors, Optional<String> wrapper) {
            TorchLayout layout = TorchLayout.of(
                    path.substring(path.lastIndexOf('/') + 1),
                    tensors.stream().map(TorchContainer::layoutTensor).toList(),
                    wrapper);
            SequencedMap<String, Long> offsets = new LinkedHashMap<>();
            layout.slots().forEach(slot -> offsets.put(slot.tensor().name(), slot.offset()));
            return new TorchContainer(path, layout, offsets);
        }

        /// The merge marks what was trained, and the reference converter keeps that.
        private static TorchLayout.Tensor layoutTensor(PlannedTensor tensor) {
            boolean trained = switch (tensor.entry().role()) {
                case PARAMETER, ALIAS -> true;
                case BUFFER, FROZEN -> false;
            };
            return new TorchLayout.Tensor(
                    tensor.name(), tensor.dtype(), tensor.entry().tensor().shape(), trained);
        }

        @Override
        public long size() {
            return layout.fileSize();
        }

        @Override
        public boolean needsChecksums() {
            return true;
        }

        /// The structure holds the tensors' checksums, so their hashes in the manifest cover it.
        @Override
        public Optional<String> structureSha256() {
            return Optional.empty();
        }

        @Override
        public void writeStructure(FileChannel channel, Map<String, Long> crc32) throws IOException {
            for (ArchiveLayout.Piece piece : layout.structure(crc32)) {
                writeFully(channel, piece.bytes(), piece.offset());
            }
        }
    }

    /// Writes a whole buffer at a position.
    static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /// A tensor of the result: where it comes from and the dtype it is written in.
    ///
    /// @param folder the folder of its files below the output: components may share names
    /// @param entry  where it comes from
    /// @param dtype  what its elements become
    record PlannedTensor(String folder, StateEntry entry, DType dtype) {
        /// Its key.
        public String name() {
            return entry.name();
        }

        /// Its name, dtype and shape in the result.
        public TensorSpec spec() {
            return new TensorSpec(name(), dtype, entry.tensor().shape());
        }

        /// Its bytes in the result.
        public long byteLength() {
            return io.github.cogvideo4j.formats.tensor.StoredTensor.byteLength(
                    dtype, entry.tensor().shape());
        }
    }
}

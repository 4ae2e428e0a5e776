package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import io.github.cogvideo4j.formats.internal.torch.TorchLayout;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import tools.jackson.databind.json.JsonMapper;

/// Small weight files of any names, in the container that a file's name says.
final class ContainerFiles {
    private ContainerFiles() {}

    static Path write(Path file, Map<String, WrittenTensors.Raw> tensors) throws IOException {
        return Files.write(
                file,
                file.toString().endsWith(".safetensors")
                        ? safetensors(tensors)
                        : torch(String.valueOf(file.getFileName()), tensors));
    }

    private static byte[] safetensors(Map<String, WrittenTensors.Raw> tensors) throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        tensors.forEach((name, tensor) -> {
            long begin = data.size();
            data.writeBytes(tensor.bytes());
            header.put(
                    name, Map.of("dtype", tensor.dtype(), "shape", tensor.shape(), "data_offsets", List.of(begin, (long)
                            data.size())));
        });
        String json = JsonMapper.shared().writeValueAsString(header);
        byte[] text = (json + " ".repeat(-json.length() & 7)).getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .array());
        file.write(text);
        data.writeTo(file);
        return file.toByteArray();
    }

    private static byte[] torch(String name, Map<String, WrittenTensors.Raw> tensors) {
        List<TorchLayout.Tensor> specs = new ArrayList<>();
        tensors.forEach((key, tensor) -> specs.add(new TorchLayout.Tensor(
                key, DType.bySafetensorsName(tensor.dtype()).orElseThrow(), new Shape(tensor.shape()), true)));
        TorchLayout layout = TorchLayout.of(name, specs, Optional.empty());
        ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
        Map<String, Long> checksums = new LinkedHashMap<>();
        layout.slots().forEach(slot -> {
            byte[] bytes = tensors.get(slot.tensor().name()).bytes();
            file.put(Math.toIntExact(slot.offset()), bytes);
            CRC32 crc = new CRC32();
            crc.update(bytes);
            checksums.put(slot.tensor().name(), crc.getValue());
        });
        for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
            file.put(
                    Math.toIntExact(piece.offset()),
                    piece.bytes(),
                    piece.bytes().position(),
                    piece.bytes().remaining());
        }
        return file.array();
    }
}

package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/// Small files of fp32 tensors, and the values of tensors, for tests.
final class AdapterFiles {
    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();
    private final Random random = new Random(7);

    /// Adds a tensor of random values.
    AdapterFiles with(String name, long... sizes) {
        Shape shape = Shape.of(sizes);
        float[] data = new float[(int) shape.numel()];
        for (int i = 0; i < data.length; i++) {
            data[i] = (float) random.nextGaussian();
        }
        return with(name, data, sizes);
    }

    AdapterFiles with(String name, float[] data, long... sizes) {
        shapes.put(name, Shape.of(sizes));
        values.put(name, data);
        return this;
    }

    float[] get(String name) {
        return values.get(name);
    }

    Path write(Path file) throws IOException {
        return write(file, Map.of("format", "pt"));
    }

    Path write(Path file, Map<String, String> metadata) throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(
                shapes.entrySet().stream()
                        .map(entry -> new TensorSpec(entry.getKey(), DType.F32, entry.getValue()))
                        .toList(),
                metadata);
        ByteBuffer bytes = ByteBuffer.allocate((int) layout.fileSize()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(layout.head());
        for (SafetensorsLayout.Slot slot : layout.slots()) {
            bytes.position((int) slot.offset());
            for (float value : values.get(slot.tensor().name())) {
                bytes.putFloat(value);
            }
        }
        Files.createDirectories(file.getParent());
        return Files.write(file, bytes.array());
    }

    /// The values of a reference's tensor of fp32 or bf16.
    static float[] values(TinySafetensors.Tensor tensor) {
        float[] values = new float[(int) tensor.shape().numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.dtype() == DType.BF16
                    ? Float.intBitsToFloat(tensor.bytes().getShort(i * 2) << 16)
                    : tensor.bytes().getFloat(i * 4);
        }
        return values;
    }

    /// The values of a tensor of fp32 or bf16, which is the upper half of fp32.
    static float[] values(StoredTensor tensor) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) tensor.byteLength()).order(ByteOrder.LITTLE_ENDIAN);
        try (FileStorageReader reader = new FileStorageReader()) {
            reader.read(tensor, bytes::put);
        }
        float[] values = new float[(int) tensor.shape().numel()];
        bytes.flip();
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (tensor.dtype()) {
                case F32 -> bytes.getFloat(i * 4);
                case BF16 -> Float.intBitsToFloat(bytes.getShort(i * 2) << 16);
                default -> throw new IllegalArgumentException(tensor.name() + " is " + tensor.dtype());
            };
        }
        return values;
    }
}

package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// A safetensors file of weights that nobody trained: normally distributed and as small as trained ones. One
/// megabyte of them is repeated, on the disk nonetheless.
final class RandomFile {
    private static final int PATTERN = 1 << 20;
    private static final double SCALE = 0.02;

    private RandomFile() {}

    /// Writes one, and the folders that it lies in.
    static void write(Path file, List<NamedShape> weights, Precision precision) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        SafetensorsLayout layout = SafetensorsLayout.of(
                weights.stream()
                        .map(weight -> new TensorSpec(weight.name(), precision.dtype(), weight.shape()))
                        .toList(),
                Map.of());
        ByteBuffer pattern = pattern(precision);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            write(channel, layout.head());
            for (long left = layout.fileSize() - channel.position(); left > 0; ) {
                write(channel, pattern.duplicate().limit((int) Math.min(left, pattern.capacity())));
                left = layout.fileSize() - channel.position();
            }
            channel.force(true);
        }
    }

    private static ByteBuffer pattern(Precision precision) {
        Random random = new Random(1);
        ByteBuffer pattern = ByteBuffer.allocate(PATTERN).order(ByteOrder.LITTLE_ENDIAN);
        while (pattern.hasRemaining()) {
            int bits = Float.floatToRawIntBits((float) (random.nextGaussian() * SCALE));
            if (precision == Precision.BF16) {
                pattern.putShort((short) (bits >>> 16));
            } else {
                pattern.putInt(bits);
            }
        }
        return pattern.flip();
    }

    private static void write(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }
}

package io.github.cogvideo4j.inference.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// WebP images against the pixels of libwebp's own decoder.
class WebpFileTest {
    private static final Path IMAGES = Resources.fixture("").resolve("../webp").normalize();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"lossy-odd", "lossy-even", "lossy-one", "lossy-alpha", "lossless-odd"})
    void everyPixelIsLibwebps(String name) throws IOException {
        byte[] expected = Files.readAllBytes(IMAGES.resolve(name + ".ppm"));
        try (Image image = Image.read(IMAGES.resolve(name + ".webp"))) {
            byte[] head =
                    "P6\n%d %d\n255\n".formatted(image.width(), image.height()).getBytes(StandardCharsets.US_ASCII);
            assertThat(Arrays.copyOf(expected, head.length)).isEqualTo(head);
            byte[] row = new byte[3 * image.width()];
            for (int y = 0; y < image.height(); y++) {
                row = image.row(y).toArray(ValueLayout.JAVA_BYTE);
                int at = head.length + y * row.length;
                assertThat(row).as("row " + y).isEqualTo(Arrays.copyOfRange(expected, at, at + row.length));
            }
        }
    }

    @Test
    void aDamagedOneIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(IMAGES.resolve("lossless-odd.webp"));
        for (int length : new int[] {12, 16, 20, 25, whole.length / 2}) {
            Path cut = Files.write(folder.resolve("cut.webp"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Image.read(cut)).isInstanceOf(InvalidRequestException.class);
        }
    }

    /// Lossy, but what is smooth stays within what eyes see.
    @Test
    void whatIsWrittenIsReadAgainNearlyAsItWas(@TempDir Path written) throws IOException {
        try (Image image = Image.allocate(33, 50)) {
            for (int y = 0; y < image.height(); y++) {
                for (int x = 0; x < image.width(); x++) {
                    image.row(y).set(ValueLayout.JAVA_BYTE, 3L * x, (byte) (5 * x));
                    image.row(y).set(ValueLayout.JAVA_BYTE, 3L * x + 1, (byte) (6 * y));
                    image.row(y).set(ValueLayout.JAVA_BYTE, 3L * x + 2, (byte) (4 * x));
                }
            }
            Path file = written.resolve("image.webp");
            image.saveWebp(file, false);
            try (Image again = Image.read(file)) {
                assertThat(List.of(again.height(), again.width())).containsExactly(33, 50);
                long difference = 0;
                for (long i = 0; i < image.pixels().byteSize(); i++) {
                    difference += Math.abs(Byte.toUnsignedInt(image.pixels().get(ValueLayout.JAVA_BYTE, i))
                            - Byte.toUnsignedInt(again.pixels().get(ValueLayout.JAVA_BYTE, i)));
                }
                assertThat((double) difference / image.pixels().byteSize()).isLessThan(8);
            }
        }
    }
}

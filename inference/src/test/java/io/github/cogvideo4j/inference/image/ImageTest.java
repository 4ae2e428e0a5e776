package io.github.cogvideo4j.inference.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {
    @TempDir
    private Path folder;

    /// What stands at the four corners after turning: a file of 3 x 2 pixels numbered row by row from 0, and
    /// the number that has to be seen top left, top right, bottom left. Source: the figure of Exif's tag
    /// `Orientation`.
    @ParameterizedTest
    @CsvSource({
        "1, 2, 3, 0, 2, 3",
        "2, 2, 3, 2, 0, 5",
        "3, 2, 3, 5, 3, 2",
        "4, 2, 3, 3, 5, 0",
        "5, 3, 2, 0, 3, 2",
        "6, 3, 2, 3, 0, 5",
        "7, 3, 2, 5, 2, 3",
        "8, 3, 2, 2, 5, 0",
        "9, 2, 3, 0, 2, 3",
    })
    void exifOrientationIsApplied(int orientation, int height, int width, int topLeft, int topRight, int bottomLeft)
            throws IOException {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            Path file = Files.write(folder.resolve("photo.png"), withChunk(numbered(), exif(orientation, order)));
            try (Image image = Image.read(file)) {
                assertThat(image.height()).isEqualTo(height);
                assertThat(image.width()).isEqualTo(width);
                assertThat(red(image, 0, 0)).isEqualTo(topLeft);
                assertThat(red(image, 0, width - 1)).isEqualTo(topRight);
                assertThat(red(image, height - 1, 0)).isEqualTo(bottomLeft);
            }
        }
    }

    @Test
    void exifOrientationOfJpegIsApplied() throws IOException {
        BufferedImage wide = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(wide, "jpeg", plain);
        byte[] tiff = exif(6, ByteOrder.BIG_ENDIAN);
        ByteBuffer segment = ByteBuffer.allocate(10 + tiff.length);
        segment.putShort((short) 0xFFE1).putShort((short) (8 + tiff.length));
        segment.put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1)).put(tiff);
        Path file = Files.write(folder.resolve("photo.jpg"), inserted(plain.toByteArray(), 2, segment.array()));
        try (Image image = Image.read(file)) {
            assertThat(image.height()).isEqualTo(32);
            assertThat(image.width()).isEqualTo(16);
        }
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Path file = folder.resolve("copy.png");
        try (Image image = Image.read(Resources.golden("preprocess/wide_100x57_RGB.png"))) {
            image.savePng(file);
            try (Image copy = Image.read(file)) {
                assertThat(copy.pixels().mismatch(image.pixels())).isEqualTo(-1);
            }
        }
        assertThat(folder.toFile().list()).containsExactly("copy.png");
    }

    @Test
    void aLargeImageIsReadInBands() throws IOException {
        int width = 5000;
        int height = 4000;
        BufferedImage large = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
        for (int y = 0; y < height; y++) {
            large.getRaster().setSample(y, y, 0, 1 + y % 255);
        }
        Path file = folder.resolve("large.png");
        ImageIO.write(large, "png", file.toFile());
        try (Image image = Image.read(file)) {
            for (int y = 0; y < height; y++) {
                assertThat(red(image, y, y)).isEqualTo(1 + y % 255);
            }
        }
    }

    @Test
    void aBombIsRefusedByItsHeader() throws IOException {
        byte[] png = numbered();
        ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000);
        fixCrc(png, 12, 17);
        assertImageProblem(Files.write(folder.resolve("bomb.png"), png), "89478485");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "not an image at all", "GIF89a", "BM"})
    void whatIsNoImageIsOneClearError(String content) throws IOException {
        assertImageProblem(Files.writeString(folder.resolve("input.png"), content), "");
    }

    /// The first bytes as their specifications have them.
    @ParameterizedTest
    @CsvSource({
        "49492a000800000000000000, TIFF",
        "4d4d002a0000000800000000, TIFF",
        "000000206674797061766966, AVIF",
        "000000186674797068656963, HEIF"
    })
    void anImageThatIsNotReadIsNamed(String head, String format) throws IOException {
        Path file = Files.write(folder.resolve("photo.png"), HexFormat.of().parseHex(head));
        assertThat(Image.isStill(file)).isTrue();
        assertImageProblem(file, "a " + format + " image");
    }

    @Test
    void aVideoIsNoImage() throws IOException {
        Path file = Files.write(folder.resolve("video.mp4"), HexFormat.of().parseHex("000000206674797069736f6d"));
        assertThat(Image.isStill(file)).isFalse();
    }

    @Test
    void aMissingFileIsSaidToBeMissing() {
        assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> Image.read(folder.resolve("no.png")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pal_70x45_P.png", "rgba_64x40_RGBA.png", "gray_50x50_L.png"})
    void everyCutAndEveryFlippedByteIsReadOrRefused(String name) throws IOException {
        byte[] whole = Files.readAllBytes(Resources.golden("preprocess/" + name));
        for (int length = 0; length < whole.length; length += Math.max(1, whole.length / 100)) {
            readOrRefuse(Arrays.copyOf(whole, length));
        }
        for (int i = 0; i < whole.length; i += Math.max(1, whole.length / 200)) {
            byte[] changed = whole.clone();
            changed[i] ^= (byte) 0x55;
            readOrRefuse(changed);
        }
    }

    private void readOrRefuse(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("hurt.png"), bytes);
        try (Image image = Image.read(file)) {
            assertThat(image.pixels().byteSize()).isEqualTo(3L * image.height() * image.width());
        } catch (InvalidRequestException e) {
            assertThat(e.problem().code()).isEqualTo(ProblemCode.IMAGE);
        }
    }

    private static void assertImageProblem(Path file, String part) {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> Image.read(file))
                .withMessageContaining(part)
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.IMAGE))
                .satisfies(e -> assertThat(e.problem().place().file()).contains(file));
    }

    private static int red(Image image, int y, int x) {
        return Byte.toUnsignedInt(image.row(y).get(ValueLayout.JAVA_BYTE, 3L * x));
    }

    /// A PNG of 3 x 2 pixels whose red is their number.
    private static byte[] numbered() throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 6; i++) {
            image.setRGB(i % 3, i / 3, i << 16);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    private static byte[] exif(int orientation, ByteOrder order) {
        ByteBuffer tiff = ByteBuffer.allocate(26).order(order);
        tiff.put((order == ByteOrder.LITTLE_ENDIAN ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
        tiff.putShort((short) 42).putInt(8).putShort((short) 1);
        tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return tiff.array();
    }

    /// A PNG with a chunk `eXIf` after its header, which is 25 bytes long and follows 8 bytes of signature.
    private static byte[] withChunk(byte[] png, byte[] exif) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + exif.length);
        chunk.putInt(exif.length)
                .put("eXIf".getBytes(StandardCharsets.US_ASCII))
                .put(exif);
        byte[] bytes = chunk.array();
        fixCrc(bytes, 4, 4 + exif.length);
        return inserted(png, 33, bytes);
    }

    private static void fixCrc(byte[] bytes, int start, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, start, length);
        ByteBuffer.wrap(bytes).putInt(start + length, (int) crc.getValue());
    }

    private static byte[] inserted(byte[] bytes, int position, byte[] more) {
        return ByteBuffer.allocate(bytes.length + more.length)
                .put(bytes, 0, position)
                .put(more)
                .put(bytes, position, bytes.length - position)
                .array();
    }

    /// Numbers of Pillow's filter by hand: twice as wide, the weights at a quarter are -9/128, 111/128, 29/128 and
    /// -3/128 of the neighbours; at the border those outside are left out and the rest is scaled.
    @Test
    void bicubicWeightsAreThoseOfTheFormula() {
        try (Image line = Image.allocate(1, 8)) {
            for (int x = 0; x < 8; x++) {
                for (int channel = 0; channel < Image.CHANNELS; channel++) {
                    line.pixels().set(ValueLayout.JAVA_BYTE, x * 3L + channel, (byte) (x == 4 ? 128 : 0));
                }
            }
            try (Image wide = line.resizedCubic(1, 16)) {
                int[] values = IntStream.range(0, 16)
                        .map(x -> Byte.toUnsignedInt(wide.pixels().get(ValueLayout.JAVA_BYTE, x * 3L)))
                        .toArray();
                assertThat(values).containsExactly(0, 0, 0, 0, 0, 0, 0, 29, 111, 111, 29, 0, 0, 0, 0, 0);
            }
            try (Image same = line.resizedCubic(1, 8)) {
                assertThat(same.pixels().mismatch(line.pixels())).isEqualTo(-1);
            }
        }
    }
}

package io.github.cogvideo4j.inference.video;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is written comes back: the same size, number and rate, and frames as near as the format allows.
class VideoFilesTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"9, 48, 64, 8", "17, 64, 96, 16", "1, 32, 32, 8", "49, 96, 160, 8", "5, 64, 48, 29.97"})
    void mp4KeepsSizeCountRateAndPicture(int frames, int height, int width, double rate) throws IOException {
        Path file = folder.resolve("video.mp4");
        try (Video written = moving(frames, height, width, rate)) {
            written.save(file);
            try (Video read = Video.read(file)) {
                assertSameKind(read, written);
                // 4:2:0 halves the colours' resolution; what is left of a smooth picture is above this
                // everywhere.
                assertThat(worstSignalToNoise(read, written)).isGreaterThan(34);
            }
        }
        assertThat(folder).isDirectoryContaining("glob:**/video.mp4");
        assertThat(folder.toFile().list()).containsExactly("video.mp4");
    }

    @Test
    void oddSizesGrowByOneInMp4() throws IOException {
        Path file = folder.resolve("odd.mp4");
        try (Video written = moving(3, 33, 47, 8)) {
            written.save(file);
        }
        try (Video read = Video.read(file)) {
            assertThat(read.height()).isEqualTo(34);
            assertThat(read.width()).isEqualTo(48);
        }
    }

    @ParameterizedTest
    @CsvSource({"9, 48, 64, 8", "17, 33, 47, 16", "1, 24, 24, 8", "20, 40, 40, 10"})
    void gifKeepsSizeCountRateAndPicture(int frames, int height, int width, double rate) throws IOException {
        Path file = folder.resolve("video.gif");
        try (Video written = moving(frames, height, width, rate)) {
            written.save(file);
            try (Video read = Video.read(file)) {
                assertThat(read.frames()).isEqualTo(written.frames());
                assertThat(read.height()).isEqualTo(height);
                assertThat(read.width()).isEqualTo(width);
                // 255 colours for all frames.
                assertThat(worstSignalToNoise(read, written)).isGreaterThan(24);
            }
        }
        // Pauses are in hundredths of a second: their sum is exact to one of them.
        assertThat(pauses(Files.readAllBytes(file)))
                .isBetween((int) Math.floor(100 * frames / rate) - 1, (int) Math.ceil(100 * frames / rate) + 1);
    }

    @Test
    void pngFramesAreExact() throws IOException {
        Path frames = folder.resolve("frames");
        try (Video written = moving(3, 33, 47, 8)) {
            written.save(frames);
            written.save(frames, true);
            for (int i = 0; i < 3; i++) {
                try (Image read = Image.read(frames.resolve("frame_0000" + i + ".png"))) {
                    assertThat(read.pixels().mismatch(written.frame(i))).isEqualTo(-1);
                }
            }
        }
        assertThat(frames.toFile().list()).hasSize(3);
    }

    @Test
    void safetensorsFramesAreExact() throws IOException {
        Path file = folder.resolve("frames.safetensors");
        try (Video written = moving(4, 24, 40, 16)) {
            written.save(file);
            SafetensorsFile read = SafetensorsFile.open(file, Strictness.STRICT, new Warnings());
            var tensor = read.tensor("frames").orElseThrow();
            assertThat(tensor.shape().sizes()).containsExactly(4L, 24L, 40L, 3L);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            try (FileStorageReader reader = new FileStorageReader()) {
                reader.read(tensor, piece -> {
                    byte[] part = new byte[piece.remaining()];
                    piece.get(part);
                    bytes.writeBytes(part);
                });
            }
            assertThat(bytes.toByteArray()).isEqualTo(written.pixels().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    @Test
    void contactSheetShowsTheFirstAndTheLastFrame() {
        try (Video video = Video.allocate(40, 16, 16, 8)) {
            video.frame(0).fill((byte) 100);
            video.frame(39).fill((byte) 200);
            try (Image sheet = video.contactSheet()) {
                assertThat(sheet.height()).isEqualTo(4 * 20 + 4);
                assertThat(Byte.toUnsignedInt(sheet.row(10).get(ValueLayout.JAVA_BYTE, 30)))
                        .isEqualTo(100);
                assertThat(Byte.toUnsignedInt(sheet.row(70).get(ValueLayout.JAVA_BYTE, 70 * 3)))
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void chosenFramesAreReadAlone() throws IOException {
        Path file = folder.resolve("video.gif");
        try (Video written = moving(12, 32, 32, 8)) {
            written.save(file);
        }
        try (Video all = Video.read(file);
                Video some = VideoFile.read(file, count -> new int[] {0, 5, 11}, VideoLimits.DEFAULT)) {
            assertThat(some.frames()).isEqualTo(3);
            assertThat(some.frame(1).mismatch(all.frame(5))).isEqualTo(-1);
            assertThat(some.frame(2).mismatch(all.frame(11))).isEqualTo(-1);
            try (Image first = VideoFile.firstFrame(file, VideoLimits.DEFAULT)) {
                assertThat(first.pixels().mismatch(all.frame(0))).isEqualTo(-1);
            }
        }
    }

    @Property(tries = 300)
    void spreadFramesHaveBothEndsAndPausesThatDifferByOneAtMost(Generator random) {
        int count = random.integer(1, 300);
        int most = random.integer(2, 60);
        int[] chosen = FrameChoice.spread(most).of(count);
        assertThat(chosen).hasSize(Math.min(count, most)).startsWith(0).endsWith(count - 1);
        IntSummaryStatistics pauses = IntStream.range(1, chosen.length)
                .map(i -> chosen[i] - chosen[i - 1])
                .summaryStatistics();
        assertThat(count == 1 || pauses.getMin() >= 1 && pauses.getMax() - pauses.getMin() <= 1)
                .isTrue();
    }

    /// The counts that `get_video_frames` of CogVideo's ddim_inversion.py gives for the same arguments.
    @ParameterizedTest
    @CsvSource({
        "100, 0, 0, 0, 81, 81",
        "49, 0, 0, 0, 81, 49",
        "50, 0, 0, 0, 81, 49",
        "100, 10, 10, 0, 81, 77",
        "200, 0, 0, 4, 81, 49",
        "5, 9, 0, 0, 81, 1"
    })
    void sampledFramesAreOneMoreThanAMultipleOfFour(int count, int start, int end, int step, int most, int expected) {
        assertThat(FrameChoice.sampled(start, end, step, most).of(count)).hasSize(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not a video", "GIF89a", "\u0000\u0000\u0000\u0020ftypisom"})
    void whatIsNoVideoIsOneClearError(String content) throws IOException {
        Path file = Files.writeString(folder.resolve("input.mp4"), content);
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> Video.read(file))
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.VIDEO))
                .satisfies(e -> assertThat(e.problem().place().file()).contains(file));
    }

    @Test
    void aPlaylistOpensNothing() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret.txt"), "secret");
        Path file = Files.writeString(folder.resolve("list.mp4"), "#EXTM3U\n#EXTINF:1,\nfile://" + secret + "\n");
        assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> Video.read(file));
        Path concat = Files.writeString(folder.resolve("concat.mp4"), "ffconcat version 1.0\nfile " + secret + "\n");
        assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> Video.read(concat));
    }

    @Test
    void limitsAreKept() throws IOException {
        Path file = folder.resolve("video.mp4");
        try (Video written = moving(9, 64, 64, 8)) {
            written.save(file);
        }
        for (VideoLimits limits : new VideoLimits[] {
            new VideoLimits(8, 1 << 20, 1 << 30),
            new VideoLimits(9, 64 * 63, 1 << 30),
            new VideoLimits(9, 1 << 20, 1000)
        }) {
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> VideoFile.read(file, FrameChoice.all(), limits));
        }
    }

    @Test
    void everyCutOfAVideoIsReadOrRefused() throws IOException {
        Path file = folder.resolve("video.mp4");
        try (Video written = moving(9, 64, 64, 8)) {
            written.save(file);
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length += Math.max(1, whole.length / 60)) {
            Path cut = Files.write(folder.resolve("cut.mp4"), Arrays.copyOf(whole, length));
            try (Video read = Video.read(cut)) {
                assertThat(read.frames()).isBetween(1, 9);
            } catch (InvalidRequestException e) {
                assertThat(e.problem().code()).isEqualTo(ProblemCode.VIDEO);
            }
        }
    }

    @Test
    void foreignThingsAreNotReplaced() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.writeString(other.resolve("diary.txt"), "mine");
        Path link = Files.createSymbolicLink(folder.resolve("link.mp4"), folder.resolve("elsewhere.mp4"));
        try (Video video = moving(1, 32, 32, 8)) {
            assertThatExceptionOfType(OutputException.class).isThrownBy(() -> video.save(other));
            assertThatExceptionOfType(OutputException.class).isThrownBy(() -> video.save(link));
            assertThatExceptionOfType(OutputException.class).isThrownBy(() -> video.save(other));
        }
        assertThat(other.resolve("diary.txt")).hasContent("mine");
        assertThat(folder.resolve("elsewhere.mp4")).doesNotExist();
    }

    @Test
    void anOutputThatExistsNeedsLeave() throws IOException {
        Path file = Files.writeString(folder.resolve("video.mp4"), "old");
        assertThatExceptionOfType(OutputException.class).isThrownBy(() -> VideoFormat.check(file, false));
        VideoFormat.check(file, true);
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> VideoFormat.check(folder.resolve("video.wmv"), false));
    }

    /// H.264 ends at level 5.2, which has 36,864 macroblocks of 16 x 16: 4096 x 2304.
    @Test
    void aSizeBeyondTheEncoderIsRefusedBeforeThereAreFramesAndUnderTheFilesName() {
        Path file = folder.resolve("video.mp4");
        assertThatExceptionOfType(MissingCapabilityException.class)
                .isThrownBy(() -> VideoFormat.checkFrames(file, 2320, 4096, 8))
                .satisfies(e -> assertNamed(e, file));
        try (Video large = Video.allocate(1, 2320, 4096, 8)) {
            assertThatExceptionOfType(MissingCapabilityException.class)
                    .isThrownBy(() -> large.save(file))
                    .satisfies(e -> assertNamed(e, file));
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static void assertNamed(MissingCapabilityException e, Path file) {
        assertThat(e.problem().code()).isEqualTo(ProblemCode.ENCODER);
        assertThat(e.problem().place().file()).contains(file);
        assertThat(e.problem().message().text()).contains("4096 x 2320");
    }

    @ParameterizedTest
    @CsvSource({
        "video.mp4, 2304, 4096",
        "video.mp4, 33, 47",
        "video.mp4, 16, 16",
        "video.gif, 2320, 4096",
        "frames, 2320, 4096",
        "video.safetensors, 2320, 4096"
    })
    void aSizeThatPassesTheCheckCanBeWritten(String name, int height, int width) throws IOException {
        Path file = folder.resolve(name);
        VideoFormat.checkFrames(file, height, width, 8);
        try (Video video = Video.allocate(1, height, width, 8)) {
            video.save(file);
        }
        assertThat(file).exists();
    }

    /// What a model with wrong weights makes: the hardest pictures that there are.
    @ParameterizedTest
    @CsvSource({"1, 48, 80, 8", "9, 48, 80, 8", "9, 32, 32, 30", "5, 480, 720, 8"})
    void noiseIsWrittenAsWell(int frames, int height, int width, double rate) throws IOException {
        Path file = folder.resolve("noise.mp4");
        Random random = new Random(1);
        try (Video noise = Video.allocate(frames, height, width, rate)) {
            for (long i = 0; i < noise.pixels().byteSize(); i++) {
                noise.pixels().set(ValueLayout.JAVA_BYTE, i, random.nextBoolean() ? (byte) 255 : 0);
            }
            noise.save(file);
            try (Video read = Video.read(file)) {
                assertSameKind(read, noise);
            }
        }
    }

    private static void assertSameKind(Video read, Video written) {
        assertThat(read.frames()).isEqualTo(written.frames());
        assertThat(read.height()).isEqualTo(written.height());
        assertThat(read.width()).isEqualTo(written.width());
        assertThat(read.framesPerSecond())
                .isCloseTo(written.framesPerSecond(), org.assertj.core.data.Offset.offset(0.01));
    }

    /// The worst frame's ratio in decibels.
    private static double worstSignalToNoise(Video one, Video other) {
        return IntStream.range(0, one.frames())
                .mapToDouble(i -> signalToNoise(one.frame(i), other.frame(i)))
                .min()
                .orElseThrow();
    }

    private static double signalToNoise(MemorySegment one, MemorySegment other) {
        double squares = 0;
        for (long i = 0; i < one.byteSize(); i++) {
            double difference = Byte.toUnsignedInt(one.get(ValueLayout.JAVA_BYTE, i))
                    - Byte.toUnsignedInt(other.get(ValueLayout.JAVA_BYTE, i));
            squares += difference * difference;
        }
        return 10 * Math.log10(255.0 * 255 * one.byteSize() / Math.max(squares, 1e-9));
    }

    /// A smooth picture with a bright disk that moves.
    static Video moving(int frames, int height, int width, double rate) {
        Video video = Video.allocate(frames, height, width, rate);
        for (int f = 0; f < frames; f++) {
            double centre = width * (0.2 + 0.6 * f / Math.max(1, frames - 1));
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    double disk = Math.exp(
                            -(Math.pow(x - centre, 2) + Math.pow(y - height / 2.0, 2)) / (height * height / 16.0));
                    double[] colours = {60 + 150.0 * x / width, 60 + 120.0 * y / height + 60 * disk, 200 - 100 * disk};
                    for (int c = 0; c < 3; c++) {
                        video.frame(f).set(ValueLayout.JAVA_BYTE, ((long) y * width + x) * 3 + c, (byte)
                                Math.clamp((long) colours[c], 0, 255));
                    }
                }
            }
        }
        return video;
    }

    /// The sum of the pauses of a GIF, in hundredths of a second. Source: GIF89a, section 23.
    private static int pauses(byte[] gif) {
        int sum = 0;
        for (int i = 0; i + 6 < gif.length; i++) {
            boolean control = gif[i] == 0x21 && Byte.toUnsignedInt(gif[i + 1]) == 0xF9 && gif[i + 2] == 4;
            if (control && gif[i + 7] == 0) {
                sum += Byte.toUnsignedInt(gif[i + 4]) + (Byte.toUnsignedInt(gif[i + 5]) << 8);
            }
        }
        return sum;
    }
}

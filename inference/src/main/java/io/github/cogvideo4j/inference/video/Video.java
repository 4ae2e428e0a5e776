package io.github.cogvideo4j.inference.video;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Frames of one size, in 8 bits of red, green and blue, and how fast they follow one another.
///
/// The pixels lie in native memory, `[frames, height, width, 3]` row-major, so their number is not bounded by
/// the heap. They may be written by several threads, each its own frames. Closing the video frees them.
public final class Video implements AutoCloseable {
    /// Bytes of a pixel.
    public static final int CHANNELS = 3;

    private final int frames;
    private final int height;
    private final int width;
    private final double framesPerSecond;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment pixels;

    private Video(int frames, int height, int width, double framesPerSecond) {
        this.frames = frames;
        this.height = height;
        this.width = width;
        this.framesPerSecond = framesPerSecond;
        long bytes = Math.multiplyExact(Math.multiplyExact((long) frames, height), (long) width * CHANNELS);
        this.pixels = arena.allocate(bytes, 64);
    }

    /// A black video.
    ///
    /// @param frames          how many frames; at least 1
    /// @param height          their height in pixels; at least 1
    /// @param width           their width in pixels; at least 1
    /// @param framesPerSecond how many frames make a second; above 0
    public static Video allocate(int frames, int height, int width, double framesPerSecond) {
        if (frames < 1 || height < 1 || width < 1 || !(framesPerSecond > 0) || Double.isInfinite(framesPerSecond)) {
            throw new IllegalArgumentException(
                    "%d frames of %d x %d at %s/s".formatted(frames, width, height, framesPerSecond));
        }
        return new Video(frames, height, width, framesPerSecond);
    }

    /// How many frames there are.
    public int frames() {
        return frames;
    }

    /// The frames' height in pixels.
    public int height() {
        return height;
    }

    /// The frames' width in pixels.
    public int width() {
        return width;
    }

    /// How many frames make a second.
    public double framesPerSecond() {
        return framesPerSecond;
    }

    /// How long the video plays, in seconds.
    public double seconds() {
        return frames / framesPerSecond;
    }

    /// All pixels, `[frames, height, width, 3]`.
    public MemorySegment pixels() {
        return pixels;
    }

    /// The pixels of one frame, `[height, width, 3]`: a view, not a copy.
    ///
    /// @param index which frame, counted from 0
    public MemorySegment frame(int index) {
        if (index < 0 || index >= frames) {
            throw new IndexOutOfBoundsException(index);
        }
        long bytes = (long) height * width * CHANNELS;
        return pixels.asSlice(index * bytes, bytes);
    }

    /// One frame as an image: a view, not a copy.
    public Image image(int index) {
        return Image.view(frame(index), height, width);
    }

    /// One colour of one pixel, 0 to 255.
    ///
    /// @param channel 0 red, 1 green, 2 blue
    public int value(int frame, int y, int x, int channel) {
        if (y < 0 || y >= height || x < 0 || x >= width || channel < 0 || channel >= CHANNELS) {
            throw new IndexOutOfBoundsException("pixel (%d, %d), channel %d".formatted(x, y, channel));
        }
        long position = ((long) y * width + x) * CHANNELS + channel;
        return Byte.toUnsignedInt(frame(frame).get(ValueLayout.JAVA_BYTE, position));
    }

    /// Reads all frames of an MP4, MOV, MKV, WebM, AVI or GIF file, or of a folder of PNG files.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `video` when it is no such file, damaged,
    /// without frames, or larger than [VideoLimits#DEFAULT] allows
    public static Video read(Path file) throws IOException {
        return VideoFile.read(file, FrameChoice.all(), VideoLimits.DEFAULT);
    }

    /// Writes the video in the format that the name's ending says, see [VideoFormat]; an odd height or width
    /// grows by one in an MP4 file, which knows even ones only.
    ///
    /// @param output    the file, or the folder of PNG files `frame_00000.png` and so on
    /// @param overwrite whether an earlier result is replaced, in one step
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when something is there that
    /// may not be replaced
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `encoder` when this machine has none
    public void save(Path output, boolean overwrite) throws IOException {
        switch (VideoFormat.of(output)) {
            case MP4 -> Mp4File.write(this, output, overwrite);
            case GIF -> GifFile.write(this, output, overwrite);
            case PNG_FOLDER -> FrameFolder.write(this, output, overwrite);
            case SAFETENSORS -> saveTensor(output, overwrite);
        }
    }

    /// Writes the video where nothing is yet, see [#save(Path, boolean)].
    public void save(Path output) throws IOException {
        save(output, false);
    }

    /// The frames as they are, as tensor `frames`, and the rate as metadata `fps`.
    private void saveTensor(Path file, boolean overwrite) throws IOException {
        Shape shape = Shape.of(frames, height, width, CHANNELS);
        TensorFile.write(
                file,
                overwrite,
                List.of(new TensorFile.Entry("frames", DType.U8, shape, pixels)),
                Map.of("fps", String.valueOf(framesPerSecond)));
    }

    /// Up to 16 frames side by side on one image.
    public Image contactSheet() {
        return ContactSheet.of(this);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

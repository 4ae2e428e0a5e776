package io.github.cogvideo4j.inference.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// A still image in 8 bits of red, green and blue, `[height, width, 3]` row-major in native memory.
///
/// An image that was read, resized or allocated owns its memory and frees it when it is closed. One that shows
/// memory of something else, such as a video's frame, owns nothing.
public final class Image implements AutoCloseable {
    /// Bytes of a pixel.
    public static final int CHANNELS = 3;

    private final MemorySegment pixels;
    private final int height;
    private final int width;
    private final Arena arena = Arena.ofShared();

    private Image(int height, int width) {
        this.pixels = arena.allocate(bytes(height, width), 64);
        this.height = height;
        this.width = width;
    }

    private Image(MemorySegment pixels, int height, int width) {
        this.pixels = pixels;
        this.height = height;
        this.width = width;
    }

    /// A black image.
    public static Image allocate(int height, int width) {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(width + " x " + height);
        }
        return new Image(height, width);
    }

    /// Pixels that lie somewhere already: a view, not a copy.
    ///
    /// @param pixels `[height, width, 3]`
    public static Image view(MemorySegment pixels, int height, int width) {
        if (height < 1 || width < 1 || pixels.byteSize() != bytes(height, width)) {
            throw new IllegalArgumentException("%d bytes for %d x %d".formatted(pixels.byteSize(), width, height));
        }
        return new Image(pixels, height, width);
    }

    /// Reads a PNG, JPEG, BMP, GIF or still WebP file (of an animation the first frame), upright as its Exif
    /// orientation says, without its transparency. The same pixels as `Image.open(path)`, `exif_transpose` and
    /// `convert("RGB")` of Pillow.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException `image` when it is none of these,
    /// damaged, or larger than 89,478,485 pixels
    public static Image read(Path file) throws IOException {
        return ImageFile.read(file);
    }

    /// Whether a file is a still image, be it one that [#read] takes or one that it refuses by its name, such
    /// as WebP. A GIF file counts as a video.
    public static boolean isStill(Path file) throws IOException {
        return ImageType.of(file).filter(type -> type != ImageType.GIF).isPresent()
                || ForeignImage.of(file).isPresent();
    }

    /// The image stretched to another size with Pillow's Lanczos filter, to the bit.
    public Image resized(int newHeight, int newWidth) {
        return Resampling.LANCZOS.resize(this, newHeight, newWidth);
    }

    /// The image stretched to another size with Pillow's usual filter, the bicubic one, to the bit.
    public Image resizedCubic(int newHeight, int newWidth) {
        return Resampling.BICUBIC.resize(this, newHeight, newWidth);
    }

    /// Writes a PNG file where nothing is yet.
    public void savePng(Path file) throws IOException {
        savePng(file, false);
    }

    /// Writes a PNG file.
    ///
    /// @param overwrite whether one that is there is replaced, in one step
    public void savePng(Path file, boolean overwrite) throws IOException {
        PngFile.write(this, file, overwrite);
    }

    /// Writes a WebP file, lossy, at libwebp's usual quality.
    ///
    /// @param overwrite whether one that is there is replaced, in one step
    /// @throws io.github.cogvideo4j.inference.MissingCapabilityException `encoder` when this machine has none
    public void saveWebp(Path file, boolean overwrite) throws IOException {
        WebpEncoder.write(this, file, overwrite);
    }

    /// The image's height in pixels.
    public int height() {
        return height;
    }

    /// The image's width in pixels.
    public int width() {
        return width;
    }

    /// All pixels, `[height, width, 3]`.
    public MemorySegment pixels() {
        return pixels;
    }

    /// One row, `[width, 3]`.
    public MemorySegment row(int y) {
        long length = (long) width * CHANNELS;
        return pixels.asSlice(y * length, length);
    }

    private static long bytes(int height, int width) {
        return Math.multiplyExact((long) height * width, CHANNELS);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}

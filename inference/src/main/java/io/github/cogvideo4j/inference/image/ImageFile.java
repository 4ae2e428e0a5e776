package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;

/// The reader of image files. The size is known from the header before a pixel is decoded; large images are decoded in
/// bands, so that the heap holds a part of them only.
final class ImageFile {
    /// Where Pillow begins to suspect a decompression bomb.
    static final long MOST_PIXELS = 89_478_485;

    private static final long LARGEST_FILE = 512L << 20;
    private static final int BAND_PIXELS = 16 << 20;
    private static final int HIGH_BYTE = 8;

    private ImageFile() {}

    static Image read(Path file) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            if (channel.size() > LARGEST_FILE) {
                throw refused(file, "inference.image.file-size", channel.size(), LARGEST_FILE);
            }
        }
        Optional<ForeignImage> foreign = ForeignImage.of(file);
        if (foreign.equals(Optional.of(ForeignImage.WEBP))) {
            return WebpFile.read(file);
        }
        if (foreign.isPresent()) {
            throw refused(file, "inference.image.foreign", foreign.get());
        }
        ImageType type = ImageType.of(file).orElseThrow(() -> refused(file, "inference.image.unknown"));
        Orientation orientation = Orientation.of(file, type);
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(type.readerName());
        ImageReader reader = readers.next();
        try (ImageInputStream stream = new FileImageInputStream(file.toFile())) {
            // Texts and profiles are of no use here, and compressed ones are another way to fill the memory.
            reader.setInput(stream, true, true);
            Image decoded = decode(reader, file);
            return orientation.upright(decoded);
        } catch (IIOException | EOFException | RuntimeException e) {
            // The decoders of the JDK answer some damaged files with an unchecked exception.
            if (e instanceof InvalidRequestException ours) {
                throw ours;
            }
            throw new InvalidRequestException(
                    e, ProblemCode.IMAGE, Place.of(file), "inference.image.damaged", String.valueOf(e.getMessage()));
        } finally {
            reader.dispose();
        }
    }

    private static Image decode(ImageReader reader, Path file) throws IOException {
        int height = reader.getHeight(0);
        int width = reader.getWidth(0);
        if (height < 1 || width < 1 || (long) height * width > MOST_PIXELS) {
            throw refused(file, "inference.image.pixels", width, height, MOST_PIXELS);
        }
        Image image = Image.allocate(height, width);
        boolean whole = false;
        try {
            int rows = Math.clamp(BAND_PIXELS / width, 1, height);
            for (int top = 0; top < height; top += rows) {
                ImageReadParam band = reader.getDefaultReadParam();
                band.setSourceRegion(new Rectangle(0, top, width, Math.min(rows, height - top)));
                copy(reader.read(0, band), image, top);
            }
            whole = true;
            return image;
        } finally {
            if (!whole) {
                image.close();
            }
        }
    }

    /// Takes the stored samples as they are: colour management would change them, where Pillow does not.
    private static void copy(BufferedImage band, Image image, int top) {
        Raster raster = band.getRaster();
        int bands = raster.getNumBands();
        int shift = raster.getSampleModel().getSampleSize(0) > Byte.SIZE ? HIGH_BYTE : 0;
        int[] samples = new int[image.width() * bands];
        byte[] row = new byte[image.width() * Image.CHANNELS];
        for (int y = 0; y < band.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, image.width(), 1, samples);
            if (band.getColorModel() instanceof IndexColorModel palette) {
                lookUp(samples, palette, row);
            } else {
                for (int x = 0; x < image.width(); x++) {
                    for (int channel = 0; channel < Image.CHANNELS; channel++) {
                        int sample = samples[x * bands + (bands < Image.CHANNELS ? 0 : channel)];
                        row[x * Image.CHANNELS + channel] = (byte) (sample >> shift);
                    }
                }
            }
            MemorySegment.copy(row, 0, image.row(top + y), ValueLayout.JAVA_BYTE, 0, row.length);
        }
    }

    private static void lookUp(int[] samples, IndexColorModel palette, byte[] row) {
        for (int x = 0; x < samples.length; x++) {
            // A sample beyond the palette is black, as in Pillow.
            boolean known = samples[x] < palette.getMapSize();
            row[x * Image.CHANNELS] = (byte) (known ? palette.getRed(samples[x]) : 0);
            row[x * Image.CHANNELS + 1] = (byte) (known ? palette.getGreen(samples[x]) : 0);
            row[x * Image.CHANNELS + 2] = (byte) (known ? palette.getBlue(samples[x]) : 0);
        }
    }

    private static InvalidRequestException refused(Path file, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.IMAGE, Place.of(file), key, arguments);
    }
}

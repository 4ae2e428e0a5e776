package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.inference.output.OutputFile;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.FileImageOutputStream;

/// The writer of PNG files.
final class PngFile {
    private PngFile() {}

    static void write(Image image, Path file, boolean overwrite) throws IOException {
        OutputFile.write(file, overwrite, unfinished -> {
            try (FileImageOutputStream stream = new FileImageOutputStream(unfinished.toFile())) {
                if (!ImageIO.write(inHeap(image), "png", stream)) {
                    throw new IOException("this runtime has no writer for PNG");
                }
            } catch (IIOException e) {
                // What the system said, a full disk for one, is only in the cause.
                throw e.getCause() instanceof IOException said ? said : e;
            }
        });
    }

    private static BufferedImage inHeap(Image image) {
        BufferedImage copy = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        WritableRaster raster = copy.getRaster();
        byte[] row = new byte[image.width() * Image.CHANNELS];
        int[] samples = new int[row.length];
        for (int y = 0; y < image.height(); y++) {
            MemorySegment.copy(image.row(y), ValueLayout.JAVA_BYTE, 0, row, 0, row.length);
            for (int i = 0; i < row.length; i++) {
                samples[i] = Byte.toUnsignedInt(row[i]);
            }
            raster.setPixels(0, y, image.width(), 1, samples);
        }
        return copy;
    }
}

package io.github.cogvideo4j.inference.image;

import io.github.cogvideo4j.formats.internal.container.RegularFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/// The turn that brings stored pixels upright: the Exif tag `Orientation` (0x0112), which cameras write instead of
/// turning the pixels. Source: Exif 2.32, section 4.6.4; values 1 to 8.
///
/// @param value 1 for upright
record Orientation(int value) {
    private static final Orientation UPRIGHT = new Orientation(1);
    private static final int TAG = 0x0112;
    private static final int LONGEST = 1 << 16;
    private static final int JPEG_MARKER = 0xFF;
    private static final int APP1 = 0xE1;
    private static final int START_OF_SCAN = 0xDA;
    private static final int PNG_SIGNATURE = 8;
    private static final int EXIF_CHUNK = 0x65584966; // "eXIf"
    private static final int DATA_CHUNK = 0x49444154; // "IDAT"
    private static final long EXIF_HEADER = 0x457869660000L; // "Exif" and two zeros
    private static final int MOST_SEGMENTS = 1000;

    /// The orientation that a file states; upright when it states none or an unknown one.
    static Orientation of(Path file, ImageType type) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            return switch (type) {
                case JPEG -> ofJpeg(channel);
                case PNG -> ofPng(channel);
                case GIF, BMP -> UPRIGHT;
            };
        }
    }

    private static Orientation ofJpeg(FileChannel channel) throws IOException {
        long position = 2;
        for (int i = 0; i < MOST_SEGMENTS; i++) {
            ByteBuffer head = read(channel, position, 4);
            if (head.remaining() < 4
                    || Byte.toUnsignedInt(head.get(0)) != JPEG_MARKER
                    || Byte.toUnsignedInt(head.get(1)) == START_OF_SCAN) {
                return UPRIGHT;
            }
            int length = Short.toUnsignedInt(head.getShort(2));
            if (Byte.toUnsignedInt(head.get(1)) == APP1) {
                ByteBuffer segment = read(channel, position + 4, length - 2);
                if (segment.remaining() > 6 && segment.getLong(0) >>> 16 == EXIF_HEADER) {
                    return ofTiff(segment.slice(6, segment.remaining() - 6));
                }
            }
            position += 2 + Math.max(length, 2);
        }
        return UPRIGHT;
    }

    private static Orientation ofPng(FileChannel channel) throws IOException {
        long position = PNG_SIGNATURE;
        for (int i = 0; i < MOST_SEGMENTS; i++) {
            ByteBuffer head = read(channel, position, 8);
            if (head.remaining() < 8 || head.getInt(4) == DATA_CHUNK) {
                return UPRIGHT;
            }
            long length = Integer.toUnsignedLong(head.getInt(0));
            if (head.getInt(4) == EXIF_CHUNK) {
                return ofTiff(read(channel, position + 8, (int) Math.min(length, LONGEST)));
            }
            position += 12 + length;
        }
        return UPRIGHT;
    }

    /// The first directory of a TIFF structure: 2 bytes of byte order, 42, its position; entries of 12 bytes.
    private static Orientation ofTiff(ByteBuffer tiff) {
        if (tiff.remaining() < 8) {
            return UPRIGHT;
        }
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = tiff.getInt(4);
        if (directory < 8 || directory > tiff.limit() - 2) {
            return UPRIGHT;
        }
        int entries = Short.toUnsignedInt(tiff.getShort(directory));
        for (int i = 0; i < entries; i++) {
            int entry = directory + 2 + i * 12;
            if (entry > tiff.limit() - 12) {
                return UPRIGHT;
            }
            if (Short.toUnsignedInt(tiff.getShort(entry)) == TAG) {
                int value = Short.toUnsignedInt(tiff.getShort(entry + 8));
                return value >= 1 && value <= 8 ? new Orientation(value) : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    private static ByteBuffer read(FileChannel channel, long position, int length) throws IOException {
        return RegularFile.read(channel, position, ByteBuffer.allocate(Math.clamp(length, 0, LONGEST)));
    }

    /// The image as it should be seen: the very image when it is upright, else a new one, and the old one
    /// closed.
    Image upright(Image stored) {
        if (value == 1) {
            return stored;
        }
        boolean sideways = value >= 5;
        int height = sideways ? stored.width() : stored.height();
        int width = sideways ? stored.height() : stored.width();
        Image turned = Image.allocate(height, width);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                long from = position(stored, y, x);
                long to = ((long) y * width + x) * Image.CHANNELS;
                MemorySegment.copy(stored.pixels(), from, turned.pixels(), to, Image.CHANNELS);
            }
        }
        stored.close();
        return turned;
    }

    /// Where the pixel that is seen at a place is stored.
    private long position(Image stored, int y, int x) {
        int bottom = stored.height() - 1;
        int right = stored.width() - 1;
        int row = switch (value) {
            case 2 -> y;
            case 3, 4 -> bottom - y;
            case 5, 8 -> x;
            default -> bottom - x; // 6, 7
        };
        int column = switch (value) {
            case 2, 3 -> right - x;
            case 4 -> x;
            case 5, 6 -> y;
            default -> right - y; // 7, 8
        };
        return ((long) row * stored.width() + column) * Image.CHANNELS;
    }
}

package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// The end of a ZIP: where its central directory is. The ZIP64 record counts where there is one; torch writes
/// both always.
///
/// Source: PKWARE's APPNOTE 6.3, sections 4.3.14 to 4.3.16.
///
/// @param entries         records in the directory
/// @param directoryOffset where the directory starts, from the container's start
/// @param directorySize   its bytes
record ZipEnd(long entries, long directoryOffset, long directorySize) {
    static final int SIGNATURE = 0x06054b50;
    static final int SIZE = 22;
    static final int LOCATOR_SIGNATURE = 0x07064b50;
    static final int LOCATOR_SIZE = 20;
    static final int ZIP64_SIGNATURE = 0x06064b50;
    static final int ZIP64_SIZE = 56;
    private static final int LONGEST_COMMENT = 0xffff;

    static ZipEnd find(FileWindow window) throws IOException {
        // torch writes no comment, so that the last few bytes mostly suffice: a distributed checkpoint is
        // thousands of small archives.
        for (int comment : new int[] {0, LONGEST_COMMENT}) {
            int tailSize = (int) Math.min(window.length(), SIZE + comment);
            ByteBuffer tail = window.read(window.length() - tailSize, tailSize);
            for (int position = tailSize - SIZE; position >= 0; position--) {
                // The comment's length distinguishes a true end record from bytes that look like one.
                if (tail.getInt(position) == SIGNATURE
                        && Short.toUnsignedInt(tail.getShort(position + 20)) == tailSize - SIZE - position) {
                    long offset = window.length() - tailSize + position;
                    return read(window, tail.slice(position, SIZE).order(ByteOrder.LITTLE_ENDIAN), offset);
                }
            }
        }
        throw new MalformedFileException(
                ProblemCode.TRUNCATED, window.at(window.length()), "formats.torch.zip-no-end", window.length());
    }

    private static ZipEnd read(FileWindow window, ByteBuffer end, long offset) throws IOException {
        int disk = Short.toUnsignedInt(end.getShort(4));
        int directoryDisk = Short.toUnsignedInt(end.getShort(6));
        ZipEnd classic = new ZipEnd(
                Short.toUnsignedLong(end.getShort(10)),
                Integer.toUnsignedLong(end.getInt(16)),
                Integer.toUnsignedLong(end.getInt(12)));
        if (disk != directoryDisk || (disk != 0 && disk != 0xffff) || end.getShort(8) != end.getShort(10)) {
            throw structure(window, offset, "formats.torch.zip-disks");
        }
        ZipEnd result = classic;
        long limit = offset;
        if (offset >= LOCATOR_SIZE) {
            ByteBuffer locator = window.read(offset - LOCATOR_SIZE, LOCATOR_SIZE);
            if (locator.getInt(0) == LOCATOR_SIGNATURE) {
                limit = locator.getLong(8);
                result = readZip64(window, limit, offset - LOCATOR_SIZE);
                classic.checkAgrees(result, window, offset);
            }
        }
        if (result.directorySize < 0
                || result.directoryOffset < 0
                || result.directoryOffset > limit - result.directorySize) {
            throw structure(window, offset, "formats.torch.zip-directory-bounds");
        }
        return result;
    }

    private static ZipEnd readZip64(FileWindow window, long offset, long limit) throws IOException {
        if (offset < 0 || offset > limit - ZIP64_SIZE) {
            throw structure(window, limit, "formats.torch.zip-directory-bounds");
        }
        ByteBuffer record = window.read(offset, ZIP64_SIZE);
        if (record.getInt(0) != ZIP64_SIGNATURE || record.getLong(24) != record.getLong(32)) {
            throw structure(window, offset, "formats.torch.zip-directory-bounds");
        }
        return new ZipEnd(record.getLong(32), record.getLong(48), record.getLong(40));
    }

    /// A field of the old record is either saturated or equal to the ZIP64 record's.
    private void checkAgrees(ZipEnd zip64, FileWindow window, long offset) {
        boolean agrees = (entries == 0xffff || entries == zip64.entries)
                && (directoryOffset == 0xffffffffL || directoryOffset == zip64.directoryOffset)
                && (directorySize == 0xffffffffL || directorySize == zip64.directorySize);
        if (!agrees) {
            throw structure(window, offset, "formats.torch.zip-ends-differ");
        }
    }

    static MalformedFileException structure(FileWindow window, long offset, String key, Object... arguments) {
        return new MalformedFileException(ProblemCode.ZIP_STRUCTURE, window.at(offset), key, arguments);
    }
}

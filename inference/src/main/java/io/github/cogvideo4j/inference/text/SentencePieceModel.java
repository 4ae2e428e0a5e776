package io.github.cogvideo4j.inference.text;

import io.github.cogvideo4j.formats.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A `spiece.model` as bytes, looked through before the library gets it: a protocol buffer whose fields end
/// where they say.
final class SentencePieceModel {
    private static final long LARGEST = 64L << 20;
    private static final int PIECES = 1;
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;
    private static final int VARINT_BITS = 63;

    private final byte[] bytes;
    private final int pieces;

    private SentencePieceModel(byte[] bytes, int pieces) {
        this.bytes = bytes;
        this.pieces = pieces;
    }

    /// The whole file.
    byte[] bytes() {
        return bytes;
    }

    /// How many pieces it has.
    int pieces() {
        return pieces;
    }

    /// Reads the file.
    ///
    /// @throws InvalidModelException `config-missing` when it is not there, `config-invalid` when it is none
    static SentencePieceModel read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidModelException(
                    ProblemCode.CONFIG_MISSING, Place.of(file), "inference.text.no-pieces", file.getFileName());
        }
        try (FileChannel channel = RegularFile.open(file)) {
            long size = channel.size();
            if (size > LARGEST) {
                throw invalid(file, 0);
            }
            ByteBuffer content = ByteBuffer.allocate((int) size);
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // Until the whole file is there.
            }
            content.flip();
            int pieces = count(file, content);
            return new SentencePieceModel(Arrays.copyOf(content.array(), content.limit()), pieces);
        }
    }

    private static int count(Path file, ByteBuffer content) {
        int pieces = 0;
        while (content.hasRemaining()) {
            int at = content.position();
            long tag = varint(file, content);
            long field = tag >>> 3;
            long length = switch ((int) tag & 7) {
                case VARINT -> {
                    varint(file, content);
                    yield 0;
                }
                case FIXED64 -> Long.BYTES;
                case FIXED32 -> Integer.BYTES;
                case BYTES -> varint(file, content);
                default -> -1;
            };
            if (field == 0 || length < 0 || length > content.remaining()) {
                throw invalid(file, at);
            }
            content.position(content.position() + (int) length);
            if (field == PIECES) {
                pieces++;
            }
        }
        if (pieces == 0) {
            throw invalid(file, 0);
        }
        return pieces;
    }

    private static long varint(Path file, ByteBuffer content) {
        long value = 0;
        for (int shift = 0; shift <= VARINT_BITS; shift += 7) {
            if (!content.hasRemaining()) {
                break;
            }
            byte next = content.get();
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw invalid(file, content.position());
    }

    private static InvalidModelException invalid(Path file, long offset) {
        return new InvalidModelException(
                ProblemCode.CONFIG_INVALID, Place.at(file, offset), "inference.text.not-pieces", file.getFileName());
    }
}

package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A `spiece.model`, looked through before the library gets it: its bytes, and the pieces with their scores.
///
/// Source: `sentencepiece_model.proto` of SentencePiece (`ModelProto`, `TrainerSpec`).
final class SentencePieceModel {
    private static final long LARGEST = 64L << 20;

    /// Bounds the memory. T5 has 32,000.
    private static final int LARGEST_VOCABULARY = 1 << 20;

    /// Bounds the work at every character of a prompt. SentencePiece's trainer makes them of 16 at most by default.
    private static final int LONGEST_PIECE = 1 << 8;

    private static final int PIECES = 1;
    private static final int TRAINER = 2;
    private static final int PIECE_TEXT = 1;
    private static final int PIECE_SCORE = 2;
    private static final int PIECE_TYPE = 3;
    private static final int MODEL_TYPE = 3;
    private static final int BYTE_FALLBACK = 35;
    private static final long UNIGRAM = 1;

    /// The kinds of pieces; in the file the first is 1.
    enum PieceType {
        NORMAL,
        UNKNOWN,
        CONTROL,
        USER_DEFINED,
        UNUSED,
        BYTE
    }

    /// A token of the vocabulary; its place in the list is its number.
    ///
    /// @param score the logarithm of its probability
    record Piece(String text, float score, PieceType type) {}

    private final byte[] bytes;
    private final List<Piece> pieces;

    private SentencePieceModel(byte[] bytes, List<Piece> pieces) {
        this.bytes = bytes;
        this.pieces = pieces;
    }

    /// The whole file.
    byte[] bytes() {
        return bytes;
    }

    /// Its pieces, one of which stands for the unknown.
    List<Piece> pieces() {
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
                throw invalid(file, "inference.text.not-pieces");
            }
            ByteBuffer content = ByteBuffer.allocate((int) size);
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // Until the whole file is there.
            }
            content.flip();
            List<Piece> pieces = pieces(file, new ProtocolFields(file, content));
            return new SentencePieceModel(Arrays.copyOf(content.array(), content.limit()), pieces);
        }
    }

    private static List<Piece> pieces(Path file, ProtocolFields model) {
        List<Piece> pieces = new ArrayList<>();
        while (model.next()) {
            if (model.number() == PIECES) {
                if (pieces.size() == LARGEST_VOCABULARY) {
                    throw model.invalid();
                }
                pieces.add(piece(model.message()));
            } else if (model.number() == TRAINER && !isPlainUnigram(model.message())) {
                throw invalid(file, "inference.text.not-unigram");
            }
        }
        if (pieces.stream().noneMatch(piece -> piece.type() == PieceType.UNKNOWN)) {
            throw invalid(file, "inference.text.not-pieces");
        }
        return List.copyOf(pieces);
    }

    private static Piece piece(ProtocolFields fields) {
        String text = "";
        float score = 0;
        long type = 1;
        while (fields.next()) {
            switch (fields.number()) {
                case PIECE_TEXT -> text = fields.text();
                case PIECE_SCORE -> score = fields.fp32();
                case PIECE_TYPE -> type = fields.integer();
                default -> {
                    // Nothing that a text is cut by.
                }
            }
        }
        if (text.isEmpty() || text.length() > LONGEST_PIECE || type < 1 || type > PieceType.values().length) {
            throw fields.invalid();
        }
        return new Piece(text, score, PieceType.values()[(int) type - 1]);
    }

    /// Whether texts are cut as T5's are: into the likeliest pieces, an unknown character being one token.
    private static boolean isPlainUnigram(ProtocolFields trainer) {
        long type = UNIGRAM;
        boolean fallsBack = false;
        while (trainer.next()) {
            if (trainer.number() == MODEL_TYPE) {
                type = trainer.integer();
            } else if (trainer.number() == BYTE_FALLBACK) {
                fallsBack = trainer.integer() != 0;
            }
        }
        return type == UNIGRAM && !fallsBack;
    }

    private static InvalidModelException invalid(Path file, String key) {
        return new InvalidModelException(ProblemCode.CONFIG_INVALID, Place.at(file, 0), key, file.getFileName());
    }
}

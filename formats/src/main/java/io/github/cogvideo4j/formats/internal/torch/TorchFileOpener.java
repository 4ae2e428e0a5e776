package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleDisassembler;
import io.github.cogvideo4j.formats.internal.pickle.PickleFactory;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleReader;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// The opener of files of `torch.save`, which tells the container by the first bytes, or says what the file is
/// instead.
final class TorchFileOpener {
    private static final int ZIP_RECORD = 0x04034b50;
    private static final byte PROTO = (byte) 0x80;
    private static final int HEAD = 512;

    private TorchFileOpener() {}

    static TorchFile open(FileWindow window, Warnings problems) throws IOException {
        if (window.length() == 0) {
            throw new MalformedFileException(ProblemCode.TRUNCATED, window.place(), "formats.torch.empty");
        }
        ByteBuffer head = window.read(0, Math.min(HEAD, window.length()));
        if (startsWithInt(head, ZIP_RECORD) || startsWithInt(head, ZipEnd.SIGNATURE)) {
            return TorchZip.read(window, problems);
        }
        if (contains(head, 0, "version https://git-lfs.github.com/")) {
            throw new UnsupportedFileException(
                    ProblemCode.GIT_LFS_POINTER, window.place(), "formats.torch.git-lfs-pointer");
        }
        if (looksLikeSafetensors(head, window.length())) {
            throw new UnsupportedFileException(
                    ProblemCode.WRONG_CONTAINER, window.place(), "formats.torch.is-safetensors");
        }
        if (contains(head, 257, "ustar")) {
            throw new UnsupportedFileException(ProblemCode.UNKNOWN_CONTAINER, window.place(), "formats.torch.is-tar");
        }
        return openPickle(window);
    }

    private static TorchFile openPickle(FileWindow window) throws IOException {
        PickleSource source = PickleSource.at(
                window.read(0, Math.min(window.limits().pickle(), window.length())), window.place(), window.start());
        if (source.bytes().get(0) != PROTO
                && !isPickleOfProtocol0(source, window.limits().pickles())) {
            throw new UnsupportedFileException(
                    ProblemCode.UNKNOWN_CONTAINER, window.place(), "formats.torch.unknown-container");
        }
        PickleReader.Result first =
                PickleReader.read(source, PickleFactory.INERT, window.limits().pickles());
        if (first.value() instanceof PickleValue.Int number && number.value().equals(LegacyTorch.MAGIC)) {
            return LegacyTorch.read(window, source, first.end());
        }
        throw new UnsupportedFileException(ProblemCode.NOT_WEIGHTS, window.place(), "formats.torch.bare-pickle");
    }

    /// Nearly every byte may start a pickle of protocol 0, so only a text that goes on to its STOP counts as
    /// one.
    private static boolean isPickleOfProtocol0(PickleSource source, PickleLimits limits) {
        try {
            PickleDisassembler.disassemble(source, limits, line -> {});
            return true;
        } catch (FormatException notOne) {
            return false;
        }
    }

    /// A header length that fits the file, then the header's JSON object.
    private static boolean looksLikeSafetensors(ByteBuffer head, long fileLength) {
        if (head.limit() < 9) {
            return false;
        }
        long headerLength = head.getLong(0);
        return headerLength > 1 && headerLength <= fileLength - Long.BYTES && head.get(8) == '{';
    }

    private static boolean startsWithInt(ByteBuffer head, int signature) {
        return head.limit() >= Integer.BYTES && head.getInt(0) == signature;
    }

    private static boolean contains(ByteBuffer head, int offset, String text) {
        byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
        return head.limit() >= offset + wanted.length
                && head.slice(offset, wanted.length).equals(ByteBuffer.wrap(wanted));
    }
}

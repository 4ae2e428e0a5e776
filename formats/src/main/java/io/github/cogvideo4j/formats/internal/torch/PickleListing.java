package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.container.RegularFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleDisassembler;
import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// A listing of every pickle in a file, opcode by opcode, whatever the file turns out to be worth otherwise: the
/// records `*.pkl` of a ZIP, the pickles at the start of the legacy container, a bare pickle. Nothing is built and
/// nothing is looked up.
public final class PickleListing {
    /// What the five pickles of the legacy container hold, in their order.
    private static final List<String> LEGACY =
            List.of("magic number", "protocol version", "system information", "object", "storage keys");

    // What telling kinds apart takes.
    private static final int HEAD = 512;

    /// Told what is found.
    public interface Listener {
        /// A pickle begins.
        ///
        /// @param name   what it is in the file
        /// @param source its bytes
        void begin(String name, PickleSource source);

        /// The next opcode of the current pickle.
        void line(PickleDisassembler.Line line);

        /// The current pickle cannot be followed any further.
        void brokenOff(FormatException reason);
    }

    private PickleListing() {}

    /// Lists the pickles of a file. Nothing is reported for a file of a kind that holds none.
    ///
    /// @throws FormatException when the ZIP that holds them cannot be read
    public static void list(Path file, Listener listener) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            list(FileWindow.whole(channel, file), listener);
        }
    }

    /// Lists the pickles of one of several files that lie one after another in a file, as in a distributed
    /// checkpoint.
    ///
    /// @param offset where it starts, in bytes
    /// @param length its bytes
    /// @throws FormatException when the run leaves the file, or the ZIP that holds the pickles cannot be read
    public static void list(Path file, long offset, long length, Listener listener) throws IOException {
        try (FileChannel channel = RegularFile.open(file)) {
            list(FileWindow.inside(new FileBlocks(channel), file, offset, length, TorchLimits.WEIGHTS), listener);
        }
    }

    private static void list(FileWindow window, Listener listener) throws IOException {
        switch (ContainerKind.of(window.read(0, Math.min(HEAD, window.length())))) {
            case ZIP -> listRecords(window, listener);
            case TORCH_LEGACY -> listSequence(source(window), LEGACY, listener);
            case PICKLE -> listSequence(source(window), List.of("pickle"), listener);
            // Pickles of protocol 0 have no mark.
            case UNKNOWN -> listSequence(source(window), List.of("pickle, if it is one"), listener);
            default -> {}
        }
    }

    private static PickleSource source(FileWindow window) throws IOException {
        return PickleSource.at(
                window.read(0, Math.min(window.limits().pickle(), window.length())), window.place(), window.start());
    }

    private static void listRecords(FileWindow window, Listener listener) throws IOException {
        for (ZipRecord record : ZipDirectory.read(window).values()) {
            if (record.name().endsWith(".pkl")) {
                PickleSource source = new PickleSource(
                        ZipContents.read(window, record, window.limits().pickle()),
                        window.place(),
                        record.deflated()
                                ? OptionalLong.empty()
                                : OptionalLong.of(window.start() + record.dataOffset()));
                listOne(source, record.name(), listener);
            }
        }
    }

    private static void listSequence(PickleSource first, List<String> names, Listener listener) {
        PickleSource source = first;
        for (String name : names) {
            int end = listOne(source, name, listener);
            if (end < 0) {
                return;
            }
            source = source.from(end);
        }
    }

    /// Where it ends, negative when it cannot be followed to its end.
    private static int listOne(PickleSource source, String name, Listener listener) {
        listener.begin(name, source);
        try {
            return PickleDisassembler.disassemble(source, PickleLimits.DISTRIBUTED_METADATA, listener::line);
        } catch (FormatException e) {
            listener.brokenOff(e);
            return -1;
        }
    }
}

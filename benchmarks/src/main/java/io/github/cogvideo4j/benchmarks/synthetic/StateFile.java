package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/// A file of `torch.save` that is put together: the values of a pickle as Java has them, and the storages that
/// its tensors name.
///
/// Maps become dictionaries, lists lists, strings, numbers and truth values what they are, [#NONE] becomes
/// `None`, and an action writes whatever it likes.
final class StateFile {
    /// Stands for `None`.
    static final Object NONE = new Object();

    private static final int BUFFER_BYTES = 1 << 20;

    private final PickleWriter pickle = new PickleWriter();
    private final List<Content> storages = new ArrayList<>();

    /// The pickle, for values that need more than [#value(Object)].
    PickleWriter pickle() {
        return pickle;
    }

    /// Adds a storage.
    ///
    /// @return its key
    int storage(Content content) {
        storages.add(content);
        return storages.size() - 1;
    }

    /// A dictionary's entries, from keys and values in turn.
    static Map<Object, Object> map(Object... keysAndValues) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    /// Writes one value.
    void value(Object value) {
        switch (value) {
            case Runnable action -> action.run();
            case Map<?, ?> map -> pickle.dict(items(map));
            case List<?> list -> pickle.list(actions(list));
            case String text -> pickle.text(text);
            case Boolean bool -> pickle.bool(bool);
            case Double real -> pickle.real(real);
            case Number number -> pickle.integer(number.longValue());
            case Object none when none == NONE -> pickle.none();
            default -> throw new IllegalArgumentException("no value of a pickle: " + value);
        }
    }

    /// An `OrderedDict`.
    Runnable orderedDict(Map<?, ?> entries) {
        return () -> {
            pickle.call("collections", "OrderedDict", List.of());
            pickle.setItems(items(entries));
        };
    }

    /// A tuple.
    Runnable tuple(List<?> elements) {
        return () -> pickle.tuple(actions(elements));
    }

    /// What a function or a class makes of arguments.
    Runnable call(String module, String name, Object... arguments) {
        return () -> pickle.call(module, name, actions(List.of(arguments)));
    }

    /// An object with attributes.
    Runnable object(String module, String name, Map<?, ?> attributes) {
        return () -> pickle.object(module, name, items(attributes));
    }

    List<PickleWriter.Item> items(Map<?, ?> map) {
        List<PickleWriter.Item> items = new ArrayList<>();
        map.forEach((key, value) -> items.add(new PickleWriter.Item(() -> value(key), () -> value(value))));
        return items;
    }

    private List<Runnable> actions(List<?> values) {
        return values.stream().<Runnable>map(value -> () -> value(value)).toList();
    }

    /// Writes the file. Storages that are named while the root is written are among its storages.
    ///
    /// @param file a new file
    /// @param root what the pickle holds
    void write(Path file, Object root) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            write(channel, 0, String.valueOf(file.getFileName()), root);
        }
    }

    /// Writes it into a file that holds others.
    ///
    /// @param start where, in bytes
    /// @param name  what it would be called alone
    /// @param root  what the pickle holds
    /// @return its bytes
    long write(FileChannel channel, long start, String name, Object root) throws IOException {
        ArchiveLayout layout = ArchiveLayout.of(
                name, pickle(root), storages.stream().map(Content::byteLength).toList());
        List<Long> checksums = new ArrayList<>();
        for (Content storage : storages) {
            checksums.add(write(channel, start + layout.storageOffsets().get(checksums.size()), storage));
        }
        for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
            writeFully(channel, piece.bytes(), start + piece.offset());
        }
        return layout.fileSize();
    }

    /// The pickle alone.
    ///
    /// @param root what it holds
    byte[] pickle(Object root) {
        value(root);
        return pickle.finish();
    }

    /// Writes a storage and returns its checksum.
    private static long write(FileChannel channel, long offset, Content content) throws IOException {
        CRC32 crc = new CRC32();
        switch (content) {
            case Content.Hole hole -> addZeros(crc, hole.byteLength());
            case Content.Scalar scalar -> {
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putFloat(0, scalar.value());
                crc.update(bytes.duplicate());
                writeFully(channel, bytes, offset);
            }
            case Content.Parameters parameters -> writeParameters(channel, offset, parameters, crc);
        }
        return crc.getValue();
    }

    private static void writeParameters(FileChannel channel, long offset, Content.Parameters parameters, CRC32 crc)
            throws IOException {
        DType dtype = parameters.dtype();
        ParameterValues values = new ParameterValues();
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        long position = offset;
        for (Content.Run run : parameters.runs()) {
            for (long done = 0; done < run.numel(); ) {
                int elements = (int) Math.min(BUFFER_BYTES / dtype.bytes(), run.numel() - done);
                values.fill(dtype, run.start() + done, buffer.clear().limit(elements * dtype.bytes()));
                crc.update(buffer.flip());
                writeFully(channel, buffer.rewind(), position);
                position += (long) elements * dtype.bytes();
                done += elements;
            }
            addZeros(crc, run.padding() * dtype.bytes());
            position += run.padding() * dtype.bytes();
        }
    }

    private static void addZeros(CRC32 crc, long bytes) {
        byte[] zeros = new byte[(int) Math.min(BUFFER_BYTES, bytes)];
        for (long left = bytes; left > 0; left -= zeros.length) {
            crc.update(zeros, 0, (int) Math.min(zeros.length, left));
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }
}

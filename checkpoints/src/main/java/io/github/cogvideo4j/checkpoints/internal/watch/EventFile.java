package io.github.cogvideo4j.checkpoints.internal.watch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.zip.CRC32C;

/// An event file of TensorBoard, read for its scalars.
///
/// It is a sequence of TFRecords: the length in 8 bytes, its masked CRC-32C, the bytes, and theirs (TensorFlow's
/// `core/lib/io/record_writer.h`), little-endian. Each is an `Event`: `wall_time` 1, `step` 2, `summary` 5 with
/// values 1, a value with `tag` 1 and either `simple_value` 2 or a `tensor` 8 of one float (`core/util/event.proto`,
/// `core/framework/summary.proto`, `core/framework/tensor.proto`).
///
/// The end of a file that is being written is half a record, so that whatever is not as it should be ends the
/// reading, and what came before counts. Records above 64 KiB (images, videos, graphs) are skipped unread.
final class EventFile {
    private static final int HEADER = 12;
    private static final int CHECKSUM = 4;
    private static final int LARGEST = 1 << 16;
    private static final int BUFFER = 1 << 18;
    /// A million values of each of two scalars; nothing is kept of them here.
    private static final int MOST = 2_000_000;
    private static final int MASK = 0xa282ead8;
    private static final long FLOATS = 1;

    private final FileChannel channel;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN).limit(0);

    /// A scalar.
    ///
    /// @param tag   what it is called
    /// @param step  the step that it is of
    /// @param time  when it was logged, in seconds since 1970
    /// @param value its value
    record Entry(String tag, long step, double time, float value) {
        /// Whether it is of a later step, or was logged later for the same one.
        boolean isAfter(Entry other) {
            return step > other.step || (step == other.step && time >= other.time);
        }
    }

    private EventFile(FileChannel channel) {
        this.channel = channel;
    }

    /// Hands out the scalars with certain tags, as they were written.
    static void each(Path file, Predicate<String> tags, Consumer<Entry> sink) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            EventFile events = new EventFile(channel);
            Optional<ProtobufMessage> event = events.next();
            for (int found = 0; event.isPresent() && found < MOST; event = events.next()) {
                List<Entry> entries = scalars(event.get(), tags);
                entries.forEach(sink);
                found += entries.size();
            }
        } catch (ProtobufMessage.Malformed _) {
            // What came before it counts.
        }
    }

    /// The next record that is not too long; none at the end of what is sound.
    private Optional<ProtobufMessage> next() throws IOException {
        while (has(HEADER)) {
            int checksum = buffer.getInt(buffer.position() + Long.BYTES);
            long length = buffer.getLong(buffer.position());
            if (masked(buffer.position(), Long.BYTES) != checksum || length < 0) {
                return Optional.empty();
            }
            buffer.position(buffer.position() + HEADER);
            if (length > LARGEST) {
                if (length > channel.size()) {
                    return Optional.empty();
                }
                skip(length + CHECKSUM);
                continue;
            }
            int size = (int) length;
            if (!has(size + CHECKSUM) || masked(buffer.position(), size) != buffer.getInt(buffer.position() + size)) {
                return Optional.empty();
            }
            byte[] bytes = new byte[size];
            buffer.get(bytes);
            buffer.position(buffer.position() + CHECKSUM);
            return Optional.of(new ProtobufMessage(ByteBuffer.wrap(bytes)));
        }
        return Optional.empty();
    }

    /// Reads on until so many bytes are in the buffer.
    private boolean has(int bytes) throws IOException {
        if (buffer.remaining() < bytes) {
            buffer.compact();
            while (buffer.position() < bytes) {
                if (channel.read(buffer) < 0) {
                    buffer.flip();
                    return false;
                }
            }
            buffer.flip();
        }
        return true;
    }

    private void skip(long bytes) throws IOException {
        if (bytes <= buffer.remaining()) {
            buffer.position(buffer.position() + (int) bytes);
        } else {
            channel.position(channel.position() + bytes - buffer.remaining());
            buffer.position(buffer.limit());
        }
    }

    private int masked(int from, int bytes) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.array(), from, bytes);
        int value = (int) crc.getValue();
        return (value >>> 15 | value << 17) + MASK;
    }

    private static List<Entry> scalars(ProtobufMessage event, Predicate<String> tags) {
        List<Entry> entries = new ArrayList<>();
        long step = event.number(2).orElse(0);
        double time = event.number(1).stream()
                .mapToDouble(Double::longBitsToDouble)
                .findFirst()
                .orElse(0);
        for (ByteBuffer summary : event.parts(5)) {
            for (ByteBuffer part : new ProtobufMessage(summary).parts(1)) {
                ProtobufMessage value = new ProtobufMessage(part);
                Optional<String> tag = value.parts(1).stream()
                        .map(bytes ->
                                StandardCharsets.UTF_8.decode(bytes.duplicate()).toString())
                        .filter(tags)
                        .findFirst();
                if (tag.isPresent()) {
                    scalar(value).ifPresent(number -> entries.add(new Entry(tag.get(), step, time, (float) number)));
                }
            }
        }
        return entries;
    }

    private static OptionalDouble scalar(ProtobufMessage value) {
        if (value.number(2).isPresent()) {
            return OptionalDouble.of(number((int) value.number(2).getAsLong()));
        }
        for (ByteBuffer part : value.parts(8)) {
            ProtobufMessage tensor = new ProtobufMessage(part);
            if (tensor.number(1).orElse(0) != FLOATS) {
                return OptionalDouble.empty();
            }
            // One by itself, or a list of one: `float_val`; or its bytes: `tensor_content`.
            if (tensor.number(5).isPresent()) {
                return OptionalDouble.of(number((int) tensor.number(5).getAsLong()));
            }
            for (int field : new int[] {5, 4}) {
                for (ByteBuffer content : tensor.parts(field)) {
                    if (content.remaining() == Float.BYTES) {
                        return OptionalDouble.of(
                                content.order(ByteOrder.LITTLE_ENDIAN).getFloat(0));
                    }
                }
            }
        }
        return OptionalDouble.empty();
    }

    private static double number(int bits) {
        return Float.intBitsToFloat(bits);
    }
}

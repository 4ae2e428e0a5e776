package io.github.cogvideo4j.formats.internal.pickle;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A writer of pickles, value by value, opcode for opcode as Python's pickler does at protocol 2.
///
/// A container takes its parts as actions that write one value each, so the caller's code has the pickle's
/// nesting.
///
/// Source: CPython's `Modules/_pickle.c` for opcodes, batches and the memo.
public final class PickleWriter {
    // The pickler sends a dictionary's items in batches of this many.
    private static final int BATCH = 1_000;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    // Globals and repeated words: what is written once and recalled after. The rest takes a number too.
    private final Map<String, Integer> memo = new HashMap<>();
    private int memorised;

    /// An entry of a dictionary.
    ///
    /// @param key   writes the key
    /// @param value writes the value
    public record Item(Runnable key, Runnable value) {}

    /// Starts a pickle.
    public PickleWriter() {
        opcode(0x80).opcode(2);
    }

    /// Ends it.
    ///
    /// @return all of its bytes
    public byte[] finish() {
        opcode('.');
        return out.toByteArray();
    }

    /// `None`.
    public void none() {
        opcode('N');
    }

    /// `True` or `False`.
    public void bool(boolean value) {
        opcode(value ? 0x88 : 0x89);
    }

    /// An integer.
    public void integer(long value) {
        if (value >= 0 && value <= 0xff) {
            opcode('K').littleEndian(value, 1);
        } else if (value >= 0 && value <= 0xffff) {
            opcode('M').littleEndian(value, 2);
        } else if (value == (int) value) {
            opcode('J').littleEndian(value, 4);
        } else {
            // Two's complement in as few bytes as hold the sign.
            int bytes = (Long.SIZE - Long.numberOfLeadingZeros(value < 0 ? ~value : value)) / 8 + 1;
            opcode(0x8a).opcode(bytes).littleEndian(value, bytes);
        }
    }

    /// A floating point number.
    public void real(double value) {
        opcode('G');
        out.writeBytes(ByteBuffer.allocate(Double.BYTES).putDouble(value).array());
    }

    /// A string that is an object of its own each time. (CPython keeps one object for each single character,
    /// which matters to a dictionary whose keys are single digits; torch's bytes differ from ours there and
    /// mean the same.)
    public void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        opcode('X').littleEndian(utf8.length, 4);
        out.writeBytes(utf8);
        memorise();
    }

    /// A string that is one object in the code that is imitated.
    public void word(String word) {
        if (!recall(word)) {
            memo.put(word, memorised);
            text(word);
        }
    }

    /// A class or function by its name.
    public void global(String module, String name) {
        String key = module + " " + name;
        if (!recall(key)) {
            opcode('c');
            out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
            memo.put(key, memorised);
            memorise();
        }
    }

    /// A tuple.
    public void tuple(List<Runnable> elements) {
        if (elements.isEmpty()) {
            opcode(')');
            return;
        }
        if (elements.size() > 3) {
            opcode('(');
        }
        elements.forEach(Runnable::run);
        opcode(
                switch (elements.size()) {
                    case 1 -> 0x85;
                    case 2 -> 0x86;
                    case 3 -> 0x87;
                    default -> 't';
                });
        memorise();
    }

    /// A list.
    public void list(List<Runnable> elements) {
        opcode(']').memorise();
        batches(elements, 'a', 'e');
    }

    /// A dictionary.
    public void dict(List<Item> items) {
        opcode('}').memorise();
        setItems(items);
    }

    /// Puts entries into the dictionary that was written last.
    public void setItems(List<Item> items) {
        batches(items.stream().map(PickleWriter::entry).toList(), 's', 'u');
    }

    /// The result of a function, or of a class that is called as one.
    public void call(String module, String name, List<Runnable> arguments) {
        global(module, name);
        tuple(arguments);
        opcode('R').memorise();
    }

    /// An object made without arguments and then given its attributes.
    public void object(String module, String name, List<Item> attributes) {
        global(module, name);
        opcode(')').opcode(0x81).memorise();
        dict(attributes);
        opcode('b');
    }

    /// A reference to something outside the pickle.
    public void persistent(Runnable id) {
        id.run();
        opcode('Q');
    }

    private static Runnable entry(Item item) {
        return () -> {
            item.key().run();
            item.value().run();
        };
    }

    /// The pickler learns that it is done from a batch that is not full: behind a full one comes another, be it
    /// empty.
    private void batches(List<Runnable> parts, int one, int many) {
        if (parts.size() == 1) {
            parts.getFirst().run();
            opcode(one);
        } else if (!parts.isEmpty()) {
            for (int start = 0; start <= parts.size(); start += BATCH) {
                opcode('(');
                parts.subList(start, Math.min(start + BATCH, parts.size())).forEach(Runnable::run);
                opcode(many);
            }
        }
    }

    private boolean recall(String key) {
        Integer index = memo.get(key);
        if (index == null) {
            return false;
        }
        if (index <= 0xff) {
            opcode('h').littleEndian(index, 1);
        } else {
            opcode('j').littleEndian(index, 4);
        }
        return true;
    }

    private void memorise() {
        if (memorised <= 0xff) {
            opcode('q').littleEndian(memorised, 1);
        } else {
            opcode('r').littleEndian(memorised, 4);
        }
        memorised++;
    }

    private PickleWriter opcode(int code) {
        out.write(code);
        return this;
    }

    private void littleEndian(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)));
        }
    }
}

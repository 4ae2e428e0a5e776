package io.github.cogvideo4j.formats.internal.pickle;

import java.util.List;

/// The memory that values take, roughly, in bytes: on the generous side, so that the sum keeps a hostile pickle
/// within its limit. Text is not counted here but where it is decoded.
final class PickleCosts {
    static final long MEMO_ENTRY = 56;

    private static final long SCALAR = 96;
    private static final long BYTES = 160;
    // The value, its empty collection, and what the check of the whole graph notes about it.
    private static final long CONTAINER = 160;
    // A storage comes with what is known of it.
    private static final long REFERENCE = 320;
    private static final long ELEMENT = 8;
    // A node of a hash table, and its slot.
    private static final long ENTRY = 56;

    private PickleCosts() {}

    /// What an instruction makes, but for the elements of what it makes.
    static long of(Opcode opcode) {
        return switch (opcode) {
            case PROTO, FRAME, STOP, MARK, POP, POP_MARK, DUP, NONE, NEWTRUE, NEWFALSE -> 0;
            case GET, BINGET, LONG_BINGET, APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS, BUILD -> 0;
            case NEXT_BUFFER, READONLY_BUFFER, EXT1, EXT2, EXT4 -> 0;
            case PUT, BINPUT, LONG_BINPUT, MEMOIZE -> MEMO_ENTRY;
            case INT, BININT, BININT1, BININT2, LONG, LONG1, LONG4, FLOAT, BINFLOAT -> SCALAR;
            case UNICODE, SHORT_BINUNICODE, BINUNICODE, BINUNICODE8, GLOBAL, STACK_GLOBAL -> SCALAR;
            case STRING, BINSTRING, SHORT_BINSTRING -> BYTES;
            case SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8 -> BYTES;
            case EMPTY_LIST, LIST, EMPTY_TUPLE, TUPLE, TUPLE1, TUPLE2, TUPLE3 -> CONTAINER;
            case EMPTY_DICT, DICT, EMPTY_SET, FROZENSET -> CONTAINER;
            case INST, OBJ, NEWOBJ, NEWOBJ_EX, REDUCE -> CONTAINER;
            case PERSID, BINPERSID -> REFERENCE;
        };
    }

    /// Elements of a list or a tuple.
    static long elements(int count) {
        return ELEMENT * count;
    }

    /// Entries of a map or members of a set.
    static long entries(int count) {
        return ENTRY * count;
    }

    /// What a call may copy of its arguments: what they hold, and what tuples in them hold. A pickle can
    /// share one large argument among many calls.
    static long copyOf(List<PickleValue> arguments) {
        long bytes = elements(arguments.size());
        for (PickleValue argument : arguments) {
            bytes += contents(argument);
            if (argument instanceof PickleValue.Tuple tuple) {
                for (PickleValue element : tuple.elements()) {
                    bytes += contents(element);
                }
            }
        }
        return bytes;
    }

    private static long contents(PickleValue value) {
        return switch (value) {
            case PickleValue.Sequence list -> entries(list.elements().size());
            case PickleValue.Tuple tuple -> entries(tuple.elements().size());
            case PickleValue.Dict dict -> entries(dict.entries().size());
            case PickleValue.Members set -> entries(set.elements().size());
            case PickleValue.Text text -> text.value().length();
            default -> 0;
        };
    }
}

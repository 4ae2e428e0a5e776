package io.github.cogvideo4j.formats.internal.pickle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// The opcodes of protocols 0 to 5, as Python's `pickletools` names them.
enum Opcode {
    MARK('(', Argument.NONE),
    STOP('.', Argument.NONE),
    POP('0', Argument.NONE),
    POP_MARK('1', Argument.NONE),
    DUP('2', Argument.NONE),
    PROTO(0x80, Argument.UINT1),
    FRAME(0x95, Argument.UINT8),

    NONE('N', Argument.NONE),
    NEWTRUE(0x88, Argument.NONE),
    NEWFALSE(0x89, Argument.NONE),
    INT('I', Argument.DECIMAL_INT),
    BININT('J', Argument.INT4),
    BININT1('K', Argument.UINT1),
    BININT2('M', Argument.UINT2),
    LONG('L', Argument.DECIMAL_LONG),
    LONG1(0x8a, Argument.LONG1),
    LONG4(0x8b, Argument.LONG4),
    FLOAT('F', Argument.DECIMAL_FLOAT),
    BINFLOAT('G', Argument.FLOAT8),

    STRING('S', Argument.QUOTED),
    BINSTRING('T', Argument.STRING4),
    SHORT_BINSTRING('U', Argument.STRING1),
    UNICODE('V', Argument.ESCAPED),
    SHORT_BINUNICODE(0x8c, Argument.UNICODE1),
    BINUNICODE('X', Argument.UNICODE4),
    BINUNICODE8(0x8d, Argument.UNICODE8),
    SHORT_BINBYTES('C', Argument.BYTES1),
    BINBYTES('B', Argument.BYTES4),
    BINBYTES8(0x8e, Argument.BYTES8),
    BYTEARRAY8(0x96, Argument.BYTES8),
    NEXT_BUFFER(0x97, Argument.NONE),
    READONLY_BUFFER(0x98, Argument.NONE),

    EMPTY_LIST(']', Argument.NONE),
    LIST('l', Argument.NONE),
    APPEND('a', Argument.NONE),
    APPENDS('e', Argument.NONE),
    EMPTY_TUPLE(')', Argument.NONE),
    TUPLE('t', Argument.NONE),
    TUPLE1(0x85, Argument.NONE),
    TUPLE2(0x86, Argument.NONE),
    TUPLE3(0x87, Argument.NONE),
    EMPTY_DICT('}', Argument.NONE),
    DICT('d', Argument.NONE),
    SETITEM('s', Argument.NONE),
    SETITEMS('u', Argument.NONE),
    EMPTY_SET(0x8f, Argument.NONE),
    ADDITEMS(0x90, Argument.NONE),
    FROZENSET(0x91, Argument.NONE),

    GET('g', Argument.DECIMAL_INDEX),
    BINGET('h', Argument.INDEX1),
    LONG_BINGET('j', Argument.INDEX4),
    PUT('p', Argument.DECIMAL_INDEX),
    BINPUT('q', Argument.INDEX1),
    LONG_BINPUT('r', Argument.INDEX4),
    MEMOIZE(0x94, Argument.NONE),

    GLOBAL('c', Argument.GLOBAL),
    STACK_GLOBAL(0x93, Argument.NONE),
    INST('i', Argument.GLOBAL),
    OBJ('o', Argument.NONE),
    NEWOBJ(0x81, Argument.NONE),
    NEWOBJ_EX(0x92, Argument.NONE),
    REDUCE('R', Argument.NONE),
    BUILD('b', Argument.NONE),
    EXT1(0x82, Argument.UINT1),
    EXT2(0x83, Argument.UINT2),
    EXT4(0x84, Argument.INT4),
    PERSID('P', Argument.LINE),
    BINPERSID('Q', Argument.NONE);

    /// How the bytes after an opcode are laid out.
    enum Argument {
        NONE,
        UINT1,
        UINT2,
        UINT8,
        INT4,
        /// A place in the memo.
        INDEX1,
        INDEX4,
        LONG1,
        LONG4,
        FLOAT8,
        STRING1,
        STRING4,
        UNICODE1,
        UNICODE4,
        UNICODE8,
        BYTES1,
        BYTES4,
        BYTES8,
        /// Lines of text that end in a newline: protocol 0.
        LINE,
        DECIMAL_INT,
        DECIMAL_LONG,
        DECIMAL_FLOAT,
        DECIMAL_INDEX,
        QUOTED,
        ESCAPED,
        /// Two lines: module and name.
        GLOBAL
    }

    // Indexed by the code, which is read millions of times.
    private static final List<Optional<Opcode>> BY_CODE;

    static {
        List<Optional<Opcode>> byCode = new ArrayList<>(Collections.nCopies(256, Optional.empty()));
        for (Opcode opcode : values()) {
            byCode.set(opcode.code, Optional.of(opcode));
        }
        BY_CODE = List.copyOf(byCode);
    }

    private final int code;
    private final Argument argument;

    Opcode(int code, Argument argument) {
        this.code = code;
        this.argument = argument;
    }

    Argument argument() {
        return argument;
    }

    static Optional<Opcode> of(int code) {
        return BY_CODE.get(code);
    }
}

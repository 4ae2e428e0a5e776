package io.github.cogvideo4j.formats.internal.pickle;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A reader of pickles of protocols 0 to 5 into inert values. It imports nothing and calls nothing: names outside
/// [AllowedGlobals] end the reading with `unsafe-pickle`, and what the others would have made is described by
/// values.
///
/// Source of the opcodes' meaning: Python's `pickletools` and PEP 307, 3154 and 574.
public final class PickleReader {
    /// A pickle that has been read.
    ///
    /// @param value what it describes
    /// @param end   where it ends, in bytes from the source's start
    public record Result(PickleValue value, int end) {}

    private final PickleFactory factory;
    private final PickleSource source;
    private final PickleDecoder decoder;
    private final PickleStack stack;
    private final PickleLimits limits;
    private final PickleMemo memo = new PickleMemo();

    private PickleReader(PickleSource source, PickleFactory factory, PickleLimits limits) {
        this.source = source;
        this.factory = factory;
        this.limits = limits;
        this.decoder = new PickleDecoder(source, limits);
        this.stack = new PickleStack(decoder, limits);
    }

    /// Reads one pickle of a file of weights, keeping everything inert.
    public static Result read(PickleSource source) {
        return read(source, PickleFactory.INERT, PickleLimits.WEIGHTS);
    }

    /// Reads one pickle from the source's start.
    ///
    /// @throws UnsafeFileException    when it names something outside [AllowedGlobals] or exceeds a limit
    /// @throws MalformedFileException when it is no valid pickle
    public static Result read(PickleSource source, PickleFactory factory, PickleLimits limits) {
        try {
            return new PickleReader(source, factory, limits).run();
        } catch (MalformedFileException malformed) {
            // A broken program that still names something dangerous is a failed attack before it is a damaged
            // file.
            throw PickleDisassembler.firstRefusal(source, limits)
                    .<FormatException>map(refused -> refused)
                    .orElse(malformed);
        }
    }

    private Result run() {
        while (true) {
            Opcode opcode = decoder.next();
            if (opcode == Opcode.STOP) {
                PickleValue value = stack.pop();
                ValueGraph.check(value, limits, decoder);
                return new Result(value, decoder.position());
            }
            decoder.charge(PickleCosts.of(opcode));
            execute(opcode);
        }
    }

    private void execute(Opcode opcode) {
        switch (opcode) {
            case PROTO -> checkProtocol(decoder.argument());
            case FRAME, STOP -> {}
            case MARK -> stack.mark();
            case POP -> stack.popValueOrMark();
            case POP_MARK -> stack.popMark();
            case DUP -> stack.push(stack.peek());
            case NONE -> stack.push(PickleValue.None.INSTANCE);
            case NEWTRUE -> stack.push(new PickleValue.Bool(true));
            case NEWFALSE -> stack.push(new PickleValue.Bool(false));
            case INT, BININT, BININT1, BININT2, LONG, LONG1, LONG4, FLOAT, BINFLOAT -> stack.push(decoder.argument());
            case STRING, BINSTRING, SHORT_BINSTRING, UNICODE -> stack.push(decoder.argument());
            case SHORT_BINUNICODE, BINUNICODE, BINUNICODE8 -> stack.push(decoder.argument());
            case SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8 -> stack.push(decoder.argument());
            case NEXT_BUFFER, READONLY_BUFFER -> throw decoder.syntax("formats.pickle.out-of-band");
            case EMPTY_LIST -> stack.push(new PickleValue.Sequence());
            case LIST -> stack.push(list(stack.popMark()));
            case APPEND -> {
                PickleValue element = stack.pop();
                append(List.of(element));
            }
            case APPENDS -> append(stack.popMark());
            case EMPTY_TUPLE -> stack.push(new PickleValue.Tuple(List.of()));
            case TUPLE -> stack.push(new PickleValue.Tuple(stack.popMark()));
            case TUPLE1 -> stack.push(new PickleValue.Tuple(List.of(stack.pop())));
            case TUPLE2 -> {
                PickleValue second = stack.pop();
                stack.push(new PickleValue.Tuple(List.of(stack.pop(), second)));
            }
            case TUPLE3 -> {
                PickleValue third = stack.pop();
                PickleValue second = stack.pop();
                stack.push(new PickleValue.Tuple(List.of(stack.pop(), second, third)));
            }
            case EMPTY_DICT -> stack.push(new PickleValue.Dict());
            case DICT -> {
                List<PickleValue> items = stack.popMark();
                stack.push(new PickleValue.Dict());
                setItems(items);
            }
            case SETITEM -> {
                PickleValue value = stack.pop();
                setItems(List.of(stack.pop(), value));
            }
            case SETITEMS -> setItems(stack.popMark());
            case EMPTY_SET -> stack.push(new PickleValue.Members());
            case ADDITEMS -> addMembers(stack.popMark());
            case FROZENSET -> stack.push(members(stack.popMark()));
            case GET, BINGET, LONG_BINGET -> stack.push(recall());
            case PUT, BINPUT, LONG_BINPUT -> memo.put(memoIndex(decoder.index()), stack.peek());
            case MEMOIZE -> memo.put(memoIndex(memo.size()), stack.peek());
            case GLOBAL -> stack.push(allowed(decoder.argument()));
            case STACK_GLOBAL -> stack.push(allowed(stackGlobal()));
            case INST -> {
                PickleValue callable = allowed(decoder.argument());
                stack.push(call(callable, stack.popMark()));
            }
            case OBJ -> {
                List<PickleValue> parts = stack.popMark();
                if (parts.isEmpty()) {
                    throw decoder.syntax("formats.pickle.stack-underflow");
                }
                stack.push(call(parts.getFirst(), parts.subList(1, parts.size())));
            }
            case NEWOBJ, REDUCE -> {
                PickleValue arguments = stack.pop();
                stack.push(call(stack.pop(), arguments(arguments)));
            }
            case NEWOBJ_EX -> {
                PickleValue keywords = stack.pop();
                List<PickleValue> arguments = withKeywords(stack.pop(), keywords);
                stack.push(call(stack.pop(), arguments));
            }
            case BUILD -> {
                PickleValue state = stack.pop();
                build(stack.peek(), state);
            }
            case EXT1, EXT2, EXT4 ->
                throw new UnsafeFileException(
                        ProblemCode.UNSAFE_PICKLE,
                        source.placeOf(decoder.opcodePosition()),
                        "formats.pickle.extension",
                        opcode);
            case PERSID -> stack.push(factory.persistent(decoder.argument()));
            case BINPERSID -> stack.push(factory.persistent(stack.pop()));
        }
    }

    private void checkProtocol(PickleValue version) {
        if (version.asLong().orElseThrow() > 5) {
            throw decoder.syntax("formats.pickle.protocol", version.asLong().orElseThrow());
        }
    }

    private PickleValue.Sequence list(List<PickleValue> elements) {
        decoder.charge(PickleCosts.elements(elements.size()));
        PickleValue.Sequence list = new PickleValue.Sequence();
        elements.forEach(list::add);
        return list;
    }

    private PickleValue.Members members(List<PickleValue> elements) {
        decoder.charge(PickleCosts.entries(elements.size()));
        PickleValue.Members set = new PickleValue.Members();
        elements.forEach(set::add);
        return set;
    }

    private void append(List<PickleValue> elements) {
        if (!(stack.peek() instanceof PickleValue.Sequence list)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        decoder.charge(PickleCosts.elements(elements.size()));
        elements.forEach(list::add);
    }

    private void addMembers(List<PickleValue> elements) {
        if (!(stack.peek() instanceof PickleValue.Members set)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        decoder.charge(PickleCosts.entries(elements.size()));
        elements.forEach(set::add);
    }

    private void setItems(List<PickleValue> keysAndValues) {
        if (keysAndValues.size() % 2 != 0 || !(stack.peek() instanceof PickleValue.Dict dict)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        decoder.charge(PickleCosts.entries(keysAndValues.size() / 2));
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            dict.put(keysAndValues.get(i), keysAndValues.get(i + 1));
        }
    }

    private PickleValue recall() {
        int index = memoIndex(decoder.index());
        PickleValue value = memo.get(index);
        if (value == null) {
            throw decoder.syntax("formats.pickle.memo-absent", index);
        }
        return value;
    }

    private int memoIndex(long index) {
        if (index < 0 || index >= limits.memoEntries()) {
            throw decoder.limit("formats.pickle.memo-index", index, limits.memoEntries());
        }
        return (int) index;
    }

    private PickleValue.Global stackGlobal() {
        PickleValue last = stack.pop();
        if (!(stack.pop() instanceof PickleValue.Text module) || !(last instanceof PickleValue.Text name)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        return new PickleValue.Global(module.value(), name.value());
    }

    private PickleValue.Global allowed(PickleValue value) {
        if (!(value instanceof PickleValue.Global global)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        // The table's own object: it is found again by its identity, each time that it is called.
        return AllowedGlobals.find(global)
                .orElseThrow(() -> AllowedGlobals.refusal(global, source.placeOf(decoder.opcodePosition())))
                .global();
    }

    private List<PickleValue> arguments(PickleValue tuple) {
        if (!(tuple instanceof PickleValue.Tuple arguments)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        return arguments.elements();
    }

    private List<PickleValue> withKeywords(PickleValue tuple, PickleValue keywords) {
        List<PickleValue> positional = arguments(tuple);
        decoder.charge(PickleCosts.elements(positional.size()));
        List<PickleValue> arguments = new ArrayList<>(positional);
        if (!(keywords instanceof PickleValue.Dict dict)) {
            throw decoder.syntax("formats.pickle.wrong-operand");
        }
        if (!dict.entries().isEmpty()) {
            arguments.add(dict);
        }
        return arguments;
    }

    /// What a call makes. Only listed names can be called: a callee that is anything else would have to be the
    /// result of another call, which is how attacks reach functions that they do not name.
    private PickleValue call(PickleValue callee, List<PickleValue> arguments) {
        if (!(callee instanceof PickleValue.Global function)) {
            throw new UnsafeFileException(
                    ProblemCode.UNSAFE_PICKLE, source.placeOf(decoder.opcodePosition()), "formats.pickle.call", callee);
        }
        AllowedGlobals.Entry entry = AllowedGlobals.find(function)
                .orElseThrow(() -> AllowedGlobals.refusal(function, source.placeOf(decoder.opcodePosition())));
        decoder.charge(PickleCosts.copyOf(arguments));
        Optional<PickleValue> container = switch (entry.becomes()) {
            case DICT -> PythonContainers.dict(arguments);
            case SET -> PythonContainers.elements(arguments).map(this::members);
            case TUPLE -> PythonContainers.elements(arguments).map(PickleValue.Tuple::new);
            case BYTES -> PythonContainers.bytes(arguments);
            default -> Optional.of(factory.call(function, arguments));
        };
        return container.orElseThrow(() -> decoder.syntax("formats.pickle.arguments", function));
    }

    private void build(PickleValue target, PickleValue state) {
        switch (target) {
            case PickleValue.Instance instance -> instance.setState(state);
            case PickleValue.Dict dict -> dict.setAttributes(state);
            default -> throw decoder.syntax("formats.pickle.wrong-operand");
        }
    }
}

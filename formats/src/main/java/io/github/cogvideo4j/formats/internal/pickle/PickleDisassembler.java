package io.github.cogvideo4j.formats.internal.pickle;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A listing of a pickle's opcodes with a verdict on every name it mentions, without building anything. It goes on
/// after a refused name, and does not need the program to make sense: it follows the text of the pickle, not its
/// stack.
public final class PickleDisassembler {
    /// One line of the listing.
    ///
    /// @param position where the opcode starts, in bytes from the pickle's start
    /// @param opcode   the opcode's name, as `pickletools` has it
    /// @param argument its argument, if it has one
    /// @param global   the name it brings in, if it does
    /// @param allowed  the entry that allows that name; empty when there is no name or it is refused
    public record Line(
            int position,
            String opcode,
            Optional<PickleValue> argument,
            Optional<PickleValue.Global> global,
            Optional<AllowedGlobals.Entry> allowed) {
        /// Whether this line alone makes the pickle unsafe: a refused name, or an extension code.
        public boolean refused() {
            return opcode.startsWith("EXT") || (global.isPresent() && allowed.isEmpty());
        }

        /// Why this line is refused, when it is.
        ///
        /// @param place where the line is
        public Optional<Problem> refusal(Place place) {
            return refused() ? Optional.of(exception(place).problem()) : Optional.empty();
        }

        private UnsafeFileException exception(Place place) {
            return global.map(name -> AllowedGlobals.refusal(name, place))
                    .orElseGet(() -> new UnsafeFileException(
                            ProblemCode.UNSAFE_PICKLE, place, "formats.pickle.extension", opcode));
        }
    }

    private final PickleDecoder decoder;
    private final Map<Long, PickleValue> memo = new HashMap<>();
    private PickleValue previous = PickleValue.None.INSTANCE;
    private PickleValue last = PickleValue.None.INSTANCE;

    private PickleDisassembler(PickleSource source, PickleLimits limits) {
        this.decoder = new PickleDecoder(source, limits);
    }

    /// Passes every line to the consumer, up to and including STOP.
    ///
    /// @return where the pickle ends
    /// @throws FormatException where the text of the pickle breaks off or exceeds a limit; the lines before it
    ///     have been passed on
    public static int disassemble(PickleSource source, PickleLimits limits, Consumer<Line> lines) {
        PickleDisassembler disassembler = new PickleDisassembler(source, limits);
        Line line;
        do {
            line = disassembler.next();
            lines.accept(line);
        } while (!line.opcode().equals(Opcode.STOP.name()));
        return disassembler.decoder.position();
    }

    /// The refusal of the first name that is not allowed, whatever else is wrong with the pickle.
    static Optional<UnsafeFileException> firstRefusal(PickleSource source, PickleLimits limits) {
        PickleDisassembler disassembler = new PickleDisassembler(source, limits);
        try {
            while (!disassembler.decoder.atEnd()) {
                Line line = disassembler.next();
                if (line.refused()) {
                    return Optional.of(line.exception(source.placeOf(line.position())));
                }
                if (line.opcode().equals(Opcode.STOP.name())) {
                    break;
                }
            }
        } catch (FormatException endOfText) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    private Line next() {
        Opcode opcode = decoder.next();
        PickleValue argument = decoder.argument();
        Optional<PickleValue.Global> global = switch (opcode) {
            case GLOBAL, INST -> argument instanceof PickleValue.Global named ? Optional.of(named) : Optional.empty();
            case STACK_GLOBAL ->
                Optional.of(new PickleValue.Global(
                        previous.asText().orElse("?"), last.asText().orElse("?")));
            default -> Optional.empty();
        };
        remember(opcode, argument);
        return new Line(
                decoder.opcodePosition(),
                opcode.name(),
                argument instanceof PickleValue.None ? Optional.empty() : Optional.of(argument),
                global,
                global.flatMap(AllowedGlobals::find));
    }

    /// Follows strings through the memo, as picklers use it: a module's name is written once and recalled
    /// later.
    private void remember(Opcode opcode, PickleValue argument) {
        switch (opcode) {
            case PUT, BINPUT, LONG_BINPUT -> store(decoder.index());
            case MEMOIZE -> store(memo.size());
            case GET, BINGET, LONG_BINGET -> push(memo.getOrDefault(decoder.index(), PickleValue.None.INSTANCE));
            case PROTO, FRAME, MARK -> {}
            default -> push(argument instanceof PickleValue.Text ? argument : PickleValue.None.INSTANCE);
        }
    }

    private void store(long index) {
        decoder.charge(PickleCosts.MEMO_ENTRY);
        memo.put(index, last);
    }

    private void push(PickleValue value) {
        previous = last;
        last = value;
    }
}

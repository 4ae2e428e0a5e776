package io.github.cogvideo4j.formats.internal.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Pickles are spelled in Latin-1, where a character is a byte.
class PickleReaderTest {
    @ParameterizedTest
    @CsvSource({
        "'I42\n.',42",
        "'I-7\n.',-7",
        "'J\u00ff\u00ff\u00ff\u00ff.',-1",
        "'K\u00ff.',255",
        "'M\u0001\u0002.',513",
        "'L123456789012345678901234567890L\n.',123456789012345678901234567890",
        "'\u008a\u0000.',0",
        "'\u008a\u0002\u00ff\u0000.',255",
        "'\u008a\u0001\u00ff.',-1"
    })
    void integersOfEverySpelling(String pickle, String value) {
        assertThat(read(pickle)).isEqualTo(new PickleValue.Int(new BigInteger(value)));
    }

    @Test
    void booleansOfProtocol0AreIntegersOfTwoDigits() {
        assertThat(read("I01\n.")).isEqualTo(new PickleValue.Bool(true));
        assertThat(read("I00\n.")).isEqualTo(new PickleValue.Bool(false));
    }

    @Test
    void floatsOfBothSpellings() {
        assertThat(read("F1.5\n.")).isEqualTo(new PickleValue.Real(1.5));
        assertThat(read("F1e-05\n.")).isEqualTo(new PickleValue.Real(1e-5));
        assertThat(read("F-inf\n.")).isEqualTo(new PickleValue.Real(Double.NEGATIVE_INFINITY));
        assertThat(read("G\u003f\u00f8\0\0\0\0\0\0.")).isEqualTo(new PickleValue.Real(1.5));
    }

    @Test
    void stringsOfEverySpelling() {
        PickleValue expected = new PickleValue.Text("a\u00e9");
        assertThat(read("Va\\u00e9\n.")).isEqualTo(expected);
        assertThat(read("X\u0003\0\0\0a\u00c3\u00a9.")).isEqualTo(expected);
        assertThat(read("\u008c\u0003a\u00c3\u00a9.")).isEqualTo(expected);
        assertThat(read("U\u0003a\u00c3\u00a9.")).isEqualTo(expected);
        assertThat(read("S'a\\x41\\n'\n.")).isEqualTo(new PickleValue.Text("aA\n"));
    }

    @Test
    void aListPutInPiecesTogether() {
        List<PickleValue> elements =
                read("(lp0\nK\u0001aK\u0002a.").asElements().orElseThrow();
        assertThat(elements).containsExactly(PickleValue.Int.of(1), PickleValue.Int.of(2));
    }

    @Test
    void aLaterEntryOfTheSameKeyWins() {
        PickleValue.Dict dict =
                read("}(U\u0001aK\u0001U\u0001aK\u0002u.").asDict().orElseThrow();
        assertThat(dict.get("a")).contains(PickleValue.Int.of(2));
        assertThat(dict.entries()).hasSize(1);
    }

    @Test
    void anAllowedClassBecomesADescription() {
        PickleValue.Instance stage =
                (PickleValue.Instance) read("cdeepspeed.runtime.zero.config\nZeroStageEnum\nK\u0002\u0085R.");
        assertThat(stage.type()).hasToString("deepspeed.runtime.zero.config.ZeroStageEnum");
        assertThat(stage.arguments()).containsExactly(PickleValue.Int.of(2));
    }

    @Test
    void protocolTwoSpellsBytesAsEncodedText() {
        assertThat(read("c_codecs\nencode\nX\u0002\0\0\0\u00c3\u00bfU\u0006latin1\u0086R."))
                .isEqualTo(new PickleValue.Bytes(ByteBuffer.wrap(new byte[] {-1})));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cos\nsystem\n.",
                "(U\u0004echoios\nsystem\n.",
                "(cos\nsystem\nU\u0004echoo.",
                "U\u0002osU\u0006system\u0093.",
                // The name takes a detour through the memo.
                "\u0080\u0004\u008c\u0002os\u00940\u008c\u0006system\u0094h\u0000h\u0001\u0093."
            })
    void aNameThatIsNotListedEndsTheReadingHoweverItIsSpelled(String pickle) {
        refused(() -> read(pickle), ProblemCode.UNSAFE_PICKLE, "os.system");
    }

    @Test
    void onlyListedNamesCanBeCalled() {
        refused(() -> read("U\u0006system)R."), ProblemCode.UNSAFE_PICKLE, "");
        refused(() -> read("ccollections\nOrderedDict\n)RU\u0001x\u0085R."), ProblemCode.UNSAFE_PICKLE, "dict of 0");
    }

    @Test
    void aDottedPathThroughAnAllowedNameIsAnotherName() {
        refused(
                () -> read("ccollections\nOrderedDict.__init__\n."),
                ProblemCode.UNSAFE_PICKLE,
                "collections.OrderedDict.__init__");
    }

    @Test
    void aBrokenPickleThatNamesSomethingDangerousIsUnsafeFirst() {
        refused(() -> read("acos\nsystem\n."), ProblemCode.UNSAFE_PICKLE, "os.system");
        refused(() -> read("a."), ProblemCode.PICKLE_SYNTAX, "stack");
    }

    @Test
    void deepNestingThroughTheMemoIsRefusedWithoutRecursion() {
        StringBuilder pickle = new StringBuilder("]q\0");
        for (int i = 0; i < 50_000; i++) {
            pickle.append("0]h\0aq\0");
        }
        refused(() -> read(pickle.append('.').toString()), ProblemCode.PICKLE_LIMIT, "depth");
    }

    @Test
    void nestedPersistentIdsAsKeysDoNotOverflowTheStack() {
        String pickle = "}N" + "Q".repeat(100_000) + "Ns.";
        refused(() -> read(pickle), ProblemCode.PICKLE_LIMIT, "depth");
    }

    @Test
    void keysThatCollideDoNotSlowAMapDown() {
        // What java.util.HashMap asks for, to search a bucket by order instead of one by one.
        assertThat(new PickleValue.Text("key")).isInstanceOf(Comparable.class);
        assertThat(PickleValue.Int.of(1)).isInstanceOf(Comparable.class);
        assertThat(new PickleValue.Real(1)).isInstanceOf(Comparable.class);

        StringBuilder pickle = new StringBuilder("}(");
        int count = 0;
        for (int bits = 0; bits < 1 << 16; bits++) {
            // "Aa" and "BB" have equal hash codes in Java.
            StringBuilder key = new StringBuilder();
            for (int i = 0; i < 16; i++) {
                key.append((bits >> i & 1) == 0 ? "Aa" : "BB");
            }
            pickle.append("U\u0020").append(key).append('N');
            if (++count % 1_000 == 0) {
                pickle.append("u(");
            }
        }
        assertThat(read(pickle.append("u.").toString()).asDict().orElseThrow().entries())
                .hasSize(1 << 16);
    }

    @Test
    void theLimitsHold() {
        refused(() -> read("N0".repeat(500_001) + "N."), ProblemCode.PICKLE_LIMIT, "1000000");
        refused(() -> read("(".repeat(10_001)), ProblemCode.PICKLE_LIMIT, "depth");
        refused(() -> read("L" + "1".repeat(2_000) + "\n."), ProblemCode.PICKLE_LIMIT, "1024");
        refused(() -> read("Nr\u00a0\u0086\u0001\0."), ProblemCode.PICKLE_LIMIT, "100000");
    }

    @Test
    void theDisassemblerListsEveryOpcodeAndJudgesEveryName() {
        List<PickleDisassembler.Line> lines = disassemble("\u0080\u0002ccollections\nOrderedDict\n)Rcos\nsystem\n.");
        assertThat(lines)
                .extracting(PickleDisassembler.Line::opcode)
                .containsExactly("PROTO", "GLOBAL", "EMPTY_TUPLE", "REDUCE", "GLOBAL", "STOP");
        assertThat(lines).extracting(PickleDisassembler.Line::position).containsExactly(0, 2, 27, 28, 29, 40);
        assertThat(lines.get(1).allowed().orElseThrow().reason()).contains("state dict");
        assertThat(lines.get(1).refused()).isFalse();
        assertThat(lines.get(4).global()).contains(new PickleValue.Global("os", "system"));
        assertThat(lines.get(4).refused()).isTrue();
    }

    @Test
    void everyAllowedNameHasAReason() {
        assertThat(AllowedGlobals.all())
                .isNotEmpty()
                .allSatisfy(entry -> assertThat(entry.reason()).isNotBlank());
    }

    private static List<PickleDisassembler.Line> disassemble(String pickle) {
        List<PickleDisassembler.Line> lines = new ArrayList<>();
        Consumer<PickleDisassembler.Line> sink = lines::add;
        PickleDisassembler.disassemble(source(pickle), PickleLimits.WEIGHTS, sink);
        return lines;
    }

    private static PickleValue read(String pickle) {
        return PickleReader.read(source(pickle)).value();
    }

    private static PickleSource source(String pickle) {
        return PickleSource.at(ByteBuffer.wrap(pickle.getBytes(StandardCharsets.ISO_8859_1)), Place.nowhere(), 0);
    }

    private static void refused(ThrowingCallable reading, ProblemCode code, String mentioned) {
        assertThatThrownBy(reading).isInstanceOfSatisfying(FormatException.class, e -> {
            assertThat(e.problem().code()).isEqualTo(code);
            assertThat(e.problem().message().text()).contains(mentioned);
        });
    }
}

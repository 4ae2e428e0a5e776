package io.github.cogvideo4j.formats.attacks;

import static io.github.cogvideo4j.formats.attacks.Abuse.int32;
import static io.github.cogvideo4j.formats.attacks.Abuse.pickle;
import static io.github.cogvideo4j.formats.attacks.Abuse.refused;
import static io.github.cogvideo4j.formats.attacks.Abuse.refusedAsItsCaseSays;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.internal.pickle.PickleLimits;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pickles that take memory, time or the stack. These tests run in the heap of 256 MB that conversion has.
class PickleBombAttacksTest {
    private static final String LIMIT = "pickle-limit";
    private static final int LARGE = 60 << 20;

    @Test
    @Attack(
            name = "pickle-billion-laughs",
            tries = "shared lists in shared lists stand for 10^9 values",
            fails = "shared parts are counted wherever they occur, in one pass over the distinct ones")
    void billionLaughs() throws IOException {
        refusedAsItsCaseSays("pickle-billion-laughs");
    }

    @Test
    @Attack(
            name = "pickle-deep-nesting",
            tries = "values nested so deep that whoever walks them runs off the stack",
            fails = "nothing here recurses, and more than 1,000 levels are refused")
    void deepNesting() throws IOException {
        refusedAsItsCaseSays("pickle-deep-nesting");
    }

    @Test
    @Attack(
            name = "pickle-cycle",
            tries = "a list that contains itself keeps a consumer going for ever",
            fails = "a cycle is refused before anyone sees the value")
    void cycle() throws IOException {
        refusedAsItsCaseSays("pickle-self-reference");
    }

    @Test
    @Attack(
            name = "pickle-huge-length",
            tries = "a declared length of up to 2^64 bytes makes the reader allocate, or turns negative",
            fails = "a length is compared with the bytes that remain before anything is made of it")
    void hugeLength() throws IOException {
        refusedAsItsCaseSays("pickle-huge-binunicode8", "pickle-huge-long4", "pickle-negative-binstring");
    }

    @Test
    @Attack(
            name = "pickle-memo-index",
            tries = "a memo index of 2^32 makes an array of that size",
            fails = "the memo is a map, and indexes beyond what picklers count to are refused")
    void memoIndex() throws IOException {
        refusedAsItsCaseSays("pickle-huge-binput");
    }

    @Test
    @Attack(
            name = "pickle-endless-number",
            tries = "an integer of 60 million digits, for whose text and value memory and time run out",
            fails = "a number is measured before it is decoded; 1,024 digits are the most")
    void endlessNumber() {
        byte[] bytes = new byte[LARGE];
        Arrays.fill(bytes, (byte) '1');
        bytes[0] = 'I';
        bytes[LARGE - 2] = '\n';
        bytes[LARGE - 1] = '.';
        refused(LIMIT, () -> pickle(ByteBuffer.wrap(bytes), PickleLimits.WEIGHTS));
    }

    @Test
    @Attack(
            name = "pickle-huge-text",
            tries = "60 MB of text whose last character doubles what it takes in memory",
            fails = "text is charged to the pickle's memory, two bytes a byte, before it is decoded")
    void hugeText() {
        byte[] wide = "\u4e2d".getBytes(UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(LARGE);
        bytes.put((byte) 'X').putInt(Integer.reverseBytes(LARGE - 6));
        while (bytes.remaining() > wide.length + 1) {
            bytes.put((byte) 'a');
        }
        bytes.put(wide).put((byte) '.');
        refused(LIMIT, () -> pickle(bytes.flip(), PickleLimits.WEIGHTS));
    }

    @Test
    @Attack(
            name = "pickle-copies",
            tries = "100,000 calls each copy the same large map, list, tuple or text out of the memo",
            fails = "a call is charged for all that its arguments hold, before it is made")
    void copies() {
        String calls = "h\1h\0\u0085Ra".repeat(100_000) + ".";
        StringBuilder map = new StringBuilder("}q\0");
        StringBuilder list = new StringBuilder("]q\0");
        for (int i = 0; i < 100; i++) {
            map.append('(');
            list.append('(');
            for (int j = 0; j < 500; j++) {
                map.append('J').append(int32(500 * i + j)).append('N');
                list.append('J').append(int32(500 * i + j));
            }
            map.append('u');
            list.append('e');
        }
        refused(LIMIT, () -> pickle(map + "0ccollections\nOrderedDict\nq\0010]" + calls));
        refused(LIMIT, () -> pickle(list + "0cbuiltins\nset\nq\0010]" + calls));
        String text = "X" + int32(1 << 20) + "a".repeat(1 << 20) + "q\0";
        refused(LIMIT, () -> pickle(text + "0c_codecs\nencode\nq\0010]" + calls));
        String tuple = "(" + "N".repeat(9_000) + "tq\0" + "0}q\2NNs0cargparse\nNamespace\nq\0010]";
        refused(LIMIT, () -> pickle(tuple + "h\1h\0h\2\u0092a".repeat(100_000) + "."));
    }

    @Test
    @Attack(
            name = "pickle-many-values",
            tries = "millions of empty maps or numbers, a byte or five each in the file, a hundred in memory",
            fails = "values are charged to the pickle's memory as they are made")
    void manyValues() {
        PickleLimits limits = PickleLimits.DISTRIBUTED_METADATA;
        String batch = "(" + "}".repeat(9_000) + "e";
        refused(LIMIT, () -> pickle(ByteBuffer.wrap(("]" + batch.repeat(400) + ".").getBytes(ISO_8859_1)), limits));
        String numbers = "(" + ("J" + int32(1 << 20)).repeat(9_000) + "e";
        refused(LIMIT, () -> pickle(ByteBuffer.wrap(("]" + numbers.repeat(400) + ".").getBytes(ISO_8859_1)), limits));
    }

    @Test
    @Attack(
            name = "pickle-colliding-keys",
            tries = "tens of thousands of texts and integers with one hash code make a map a list to search",
            fails = "keys of one kind are ordered and found by comparison; keys of two kinds never collide")
    void collidingKeys() {
        int each = 30_000;
        StringBuilder pickle = new StringBuilder("}");
        for (int bits = 0; bits < each; bits++) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 16; i++) {
                // Equal hash codes in Java.
                text.append((bits >> i & 1) == 0 ? "Aa" : "BB");
            }
            int low = text.toString().hashCode() - 31 * (bits + 1);
            BigInteger number = BigInteger.valueOf((bits + 1L) << Integer.SIZE | Integer.toUnsignedLong(low));
            assertThat(number.hashCode()).isEqualTo(text.toString().hashCode());
            pickle.append("U\u0020").append(text).append("Ns");
            pickle.append('L').append(number).append("L\nNs");
        }
        assertThat(pickle(pickle.append('.')).asDict().orElseThrow().entries()).hasSize(2 * each);
    }

    @Test
    @Attack(
            name = "pickle-tensor-as-key",
            tries = "a tensor whose attribute is a tensor, and so on 20,000 times, as the key of a map",
            fails = "tensors are equal only to themselves, so that hashing one looks at nothing inside it")
    void tensorAsKey(@TempDir Path folder) throws IOException {
        String magic = "\u0080\2\u008a\12\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.";
        String rebuild = "ctorch._utils\n_rebuild_parameter_with_state\nq\0000ctorch._utils\n_rebuild_tensor_v2\n";
        String tensor = "((U\7storagectorch\nFloatStorage\nU\0010U\3cpuK\1tQK\0))\u0089NtRq\1";
        String object = "\u0080\2" + rebuild + tensor + "q\0020h\0(h\1\u0089Nh\2tR".repeat(20_000) + "q\0020}h\2Ns.";
        String file =
                magic + "\u0080\2M\u00e9\3." + "\u0080\2}." + object + "\u0080\2]U\0010a." + "\1\0\0\0\0\0\0\0\0\0\0\0";
        Path path = Files.write(folder.resolve("key.pt"), file.getBytes(ISO_8859_1));
        refused(LIMIT, () -> Abuse.openTorch(path));
    }
}

package io.github.cogvideo4j.formats.attacks;

import static io.github.cogvideo4j.formats.attacks.Abuse.refused;
import static io.github.cogvideo4j.formats.attacks.Abuse.refusedAsItsCaseSays;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Headers that lie about lengths, or are made to be expensive.
class SafetensorsAttacksTest {
    @TempDir
    Path folder;

    /// A header of strings, made piece by piece: the test has no more memory than the reader.
    private void open(String start, int strings) throws IOException {
        String rest = start.substring(start.indexOf(':') + 2);
        String more = "," + rest;
        long length = start.length() + (strings - 1L) * more.length() + 2;
        Path file = folder.resolve("model.safetensors");
        try (OutputStream output = Files.newOutputStream(file)) {
            output.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array());
            output.write(start.getBytes(UTF_8));
            byte[] again = more.getBytes(UTF_8);
            for (int i = 1; i < strings; i++) {
                output.write(again);
            }
            output.write("}}".getBytes(UTF_8));
        }
        SafetensorsFile.open(file, Strictness.LENIENT, new Warnings());
    }

    private void open(String header) throws IOException {
        byte[] json = header.getBytes(UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + json.length).order(ByteOrder.LITTLE_ENDIAN);
        Path file = folder.resolve("model.safetensors");
        Files.write(file, bytes.putLong(json.length).put(json).array());
        SafetensorsFile.open(file, Strictness.LENIENT, new Warnings());
    }

    @Test
    @Attack(
            name = "header-bomb",
            tries = "a header length of 2^64 - 1, of more than the file or of hundreds of megabytes",
            fails = "the length is compared with the file and with the format's own limit; the header is then read "
                    + "token by token, never as a tree")
    void headerBomb() throws IOException {
        refusedAsItsCaseSays("st-header-u64max", "st-header-too-big", "st-header-beyond-file");
    }

    @Test
    @Attack(
            name = "header-deep-json",
            tries = "brackets in brackets, until the parser runs off the stack",
            fails = "100 levels are the most")
    void deepJson() throws IOException {
        refusedAsItsCaseSays("st-deep-json");
    }

    @Test
    @Attack(
            name = "header-many-entries",
            tries = "a legal header of 100 MB that describes a million empty tensors",
            fails = "entries are charged to a budget of 128 MB as they are read")
    void manyEntries() {
        StringBuilder header = new StringBuilder("{");
        for (int i = 0; i < 300_000; i++) {
            header.append('"').append(i).append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},");
        }
        refused("st-header", () -> open(header.append("\"x\":{}}").toString()));
    }

    @Test
    @Attack(
            name = "json-huge-number",
            tries = "a number of a million digits, or `1e999999999`, which an exact type would write out",
            fails = "numbers have 100 characters at most, and only whole ones are read")
    void hugeNumber() {
        for (String number : new String[] {"9".repeat(1_000_000), "1e999999999", "1e-999999999", "9".repeat(99)}) {
            String entry = "{\"x\":{\"dtype\":\"U8\",\"data_offsets\":[0,0],\"shape\":[0," + number + "]}}";
            refused(number.length() == 99 ? "st-offsets" : "st-header", () -> open(entry));
        }
    }

    @Test
    @Attack(
            name = "json-huge-string",
            tries = "names and strings of many megabytes",
            fails = "a name has 65,536 characters at most, a string 16 million, all of them together 128 MB")
    void hugeString() {
        refused("st-header", () -> open("{\"" + "n".repeat(70_000) + "\":{}}"));
        refused("st-header", () -> open("{\"__metadata__\":{\"x\":\"" + "v".repeat((16 << 20) + 1) + "\"}}"));
        // Seven of 10 MB each are below every limit but that on their sum.
        refused("st-header", () -> open("{\"__metadata__\":{" + "\"x\":\"" + "v".repeat(10 << 20) + "\"", 7));
    }

    @Test
    @Attack(
            name = "shape-overflow",
            tries = "sizes whose product wraps around to the size of the data; negative or reversed offsets",
            fails = "products are computed with overflow checks, offsets must be counts in order")
    void overflow() throws IOException {
        refusedAsItsCaseSays("st-shape-overflow", "st-negative-offset", "st-reversed-offset");
    }

    @Test
    @Attack(
            name = "data-overlap",
            tries = "tensors that share bytes, or leave bytes between them for something else",
            fails = "tensors must cover the data from its first byte to its last, each byte once")
    void overlap() throws IOException {
        refusedAsItsCaseSays("st-overlap", "st-hole", "st-trailing-data", "st-beyond-file");
    }

    @Test
    @Attack(
            name = "header-two-of-a-name",
            tries = "a tensor described twice: a checker reads the one, the loader the other",
            fails = "descriptions that differ are refused")
    void twoOfAName() throws IOException {
        refusedAsItsCaseSays("st-duplicate-key");
    }
}

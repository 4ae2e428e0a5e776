package io.github.cogvideo4j.formats.attacks;

import static io.github.cogvideo4j.formats.attacks.Abuse.refused;
import static io.github.cogvideo4j.formats.attacks.Abuse.refusedAsItsCaseSays;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Archives, storages and tensors that claim what is not there.
class TorchFileAttacksTest {
    private static final String STRUCTURE = "zip-structure";

    @TempDir
    Path folder;

    @Test
    @Attack(
            name = "zip-bomb",
            tries = "a few kilobytes inflate to gigabytes",
            fails = "a pickle's recorded size is limited before it is inflated, and no more than that is; a storage "
                    + "streams through a bounded buffer and must have exactly the size that its tensors declare")
    void bomb() throws IOException {
        refusedAsItsCaseSays("zip-deflate-bomb");
    }

    @Test
    @Attack(
            name = "zip-overlap",
            tries = "one run of bytes is listed as many records, so that a small file holds a large model",
            fails = "records must be disjoint, headers included")
    void overlap() throws IOException {
        byte[] inner = ZipWriter.local("a/inner", 4, "data");
        String outerData = new String(inner, ISO_8859_1);
        ZipWriter zip = new ZipWriter();
        int outer = zip.add("a/outer", outerData);
        zip.list("a/inner", 4, "data", outer + ZipWriter.LOCAL + "a/outer".length());
        refused(STRUCTURE, () -> Abuse.openTorch(zip.write(folder.resolve("overlap.pt"))));
    }

    @Test
    @Attack(
            name = "zip-two-of-a-name",
            tries = "two records of one name: a checker reads the one, the loader the other",
            fails = "a name may occur once")
    void twoOfAName() throws IOException {
        refusedAsItsCaseSays("zip-duplicate-entry");
    }

    @Test
    @Attack(
            name = "zip-lies",
            tries = "the directory lies about its own place or size, about encryption, or differs from the local "
                    + "headers",
            fails = "each record's two headers must agree in name, method, sizes and checksum, and all lie before the "
                    + "directory")
    void lies() throws IOException {
        refusedAsItsCaseSays("zip-cd-offset-lie", "zip-cd-size-lie", "zip-encrypted-flag");
        ZipWriter zip = new ZipWriter();
        zip.addAs("a/data.pkl", "a/other", "N.");
        refused(STRUCTURE, () -> Abuse.openTorch(zip.write(folder.resolve("renamed.pt"))));
    }

    @Test
    @Attack(
            name = "zip-negative-sizes",
            tries = "ZIP64 sizes and offsets of 2^63 and more turn negative in a sum, or wrap around",
            fails = "numbers are compared with what the file holds by subtraction, never by addition")
    void negativeSizes() throws IOException {
        for (long size : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 30}) {
            for (int field = 0; field < 3; field++) {
                long[] sizes = {2, 2, 0};
                sizes[field] = size;
                ZipWriter zip = new ZipWriter();
                zip.addZip64("a/data.pkl", "N.", sizes);
                refused(STRUCTURE, () -> Abuse.openTorch(zip.write(folder.resolve("negative.pt"))));
            }
        }
    }

    @Test
    @Attack(
            name = "zip-traversal",
            tries = "a record called `../../.bashrc`",
            fails = "records are never unpacked, only read by the names that torch gives them; such a name is reported")
    void traversal() throws IOException {
        Warnings warnings = new Warnings();
        try (var files = Files.walk(Resources.fixture("broken/zip-traversal-entry/input"))) {
            for (Path file : files.filter(path -> path.toString().matches(".*\\.(pt|bin)"))
                    .toList()) {
                TorchFile.open(file, warnings);
            }
        }
        assertThat(warnings.all())
                .anySatisfy(problem -> assertThat(problem.code()).isEqualTo(ProblemCode.UNSAFE_PATH));
    }

    @Test
    @Attack(
            name = "zip-many-names",
            tries = "100,000 records, each with a name worth a warning",
            fails = "the directory is limited to 16 MB, and one warning stands for all")
    void manyNames() throws IOException {
        ZipWriter zip = new ZipWriter();
        for (int i = 0; i < 50_000; i++) {
            zip.add("../" + Integer.toString(i, Character.MAX_RADIX), "");
        }
        zip.add("a/data.pkl", "N.");
        Warnings warnings = new Warnings();
        TorchFile.open(zip.write(folder.resolve("names.pt")), warnings);
        assertThat(warnings.all()).hasSize(1);
    }

    @Test
    @Attack(
            name = "torchscript",
            tries = "a model with code in it, under the name of weights",
            fails = "TorchScript is recognised and refused; nothing here can run it")
    void torchscript() throws IOException {
        refusedAsItsCaseSays("zip-torchscript");
    }

    @Test
    @Attack(
            name = "storage-key-traversal",
            tries = "a storage whose key is `../../secret`",
            fails = "keys with separators are refused; and a key is only looked up among the records of the archive")
    void storageKey() throws IOException {
        refusedAsItsCaseSays("storage-key-traversal");
    }

    @Test
    @Attack(
            name = "storage-claims",
            tries = "a storage that claims more elements than its record has, is missing, or has no known type",
            fails = "a record must have exactly the bytes that the pickle declares")
    void storageClaims() throws IOException {
        refusedAsItsCaseSays("storage-huge-claim", "storage-missing-record", "storage-unknown-type");
    }

    @Test
    @Attack(
            name = "tensor-expand-bomb",
            tries = "a stride of zero makes terabytes of one element",
            fails = "a view may repeat its storage 64 times, or up to a megabyte; the sum of all tensors is compared"
                    + " with the free disk before the first byte is written")
    void expandBomb() throws IOException {
        refusedAsItsCaseSays("tensor-expand-bomb");
    }

    @Test
    @Attack(
            name = "tensor-out-of-bounds",
            tries = "offset, sizes and strides lead outside the storage, by being large, negative or by overflow",
            fails = "the last element that the view reaches is computed with overflow checks before anything is read")
    void outOfBounds() throws IOException {
        refusedAsItsCaseSays(
                "tensor-out-of-bounds",
                "tensor-offset-out-of-bounds",
                "tensor-negative-offset",
                "tensor-negative-size",
                "tensor-negative-stride",
                "tensor-stride-overflow",
                "tensor-rank-mismatch");
    }

    @Test
    @Attack(
            name = "tensor-of-many-dimensions",
            tries = "a view of 100,000 dimensions, each step of which costs 100,000 steps",
            fails = "torch sums over 64 dimensions at most, and more are refused")
    void manyDimensions() throws IOException {
        List<String> batches = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            batches.add("(" + "K\1".repeat(5_000) + "e");
        }
        String ones = "]" + String.join("", batches);
        String pickle = "\u0080\2ctorch._utils\n_rebuild_tensor_v2\n("
                + "(U\7storagectorch\nFloatStorage\nU\0010U\3cpuK\1tQK\0" + ones + ones + "\u0089NtR.";
        ZipWriter zip = new ZipWriter();
        zip.add("a/data.pkl", pickle);
        zip.add("a/data/0", "\0\0\0\0");
        refused("pickle-syntax", () -> Abuse.openTorch(zip.write(folder.resolve("dimensions.pt"))));
    }
}

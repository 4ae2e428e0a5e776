package io.github.cogvideo4j.formats.attacks;

import static io.github.cogvideo4j.formats.attacks.Abuse.refused;
import static io.github.cogvideo4j.formats.attacks.Abuse.refusedAsItsCaseSays;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.internal.torch.TorchSequence;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Names that lead elsewhere, and files that are not what a file is.
class FolderAttacksTest {
    @TempDir
    Path folder;

    @Test
    @Attack(
            name = "index-traversal",
            tries = "an index whose shard is `../../etc/passwd`, an absolute path, or one with backslashes",
            fails = "a shard's name must be plain on every system: no separator, drive, control character or `..`")
    void indexTraversal() throws IOException {
        refusedAsItsCaseSays("index-traversal", "index-absolute", "index-backslash-traversal");
    }

    @Test
    @Attack(
            name = "index-huge-number",
            tries = "a `total_size` of `1e999999999`, which an exact type would write out",
            fails = "the exponent is judged in floating point first")
    void indexHugeNumber() throws IOException {
        Path file = folder.resolve("model.safetensors.index.json");
        for (String size : new String[] {"1e999999999", "-1e999999999", "1e-999999999", "1e18999999"}) {
            Files.writeString(file, "{\"metadata\":{\"total_size\":" + size + "},\"weight_map\":{}}");
            assertThat(WeightIndex.read(file, Strictness.LENIENT, new Warnings())
                            .totalSize())
                    .isEqualTo(OptionalLong.empty());
        }
    }

    @Test
    @Attack(
            name = "pipe-for-a-file",
            tries = "a named pipe under a file's name, on which a reader waits for ever",
            fails = "only regular files are opened")
    void pipe() throws IOException, InterruptedException {
        Path pipe = folder.resolve("model.bin");
        assumeThat(Files.exists(Path.of("/usr/bin/mkfifo"))).isTrue();
        assertThat(new ProcessBuilder("/usr/bin/mkfifo", pipe.toString())
                        .start()
                        .waitFor())
                .isZero();
        String code = "unsafe-path";
        refused(code, () -> TorchFile.open(pipe, new Warnings()));
        refused(code, () -> TorchSequence.open(pipe));
        refused(code, () -> SafetensorsFile.open(pipe, Strictness.LENIENT, new Warnings()));
        refused(code, () -> WeightIndex.read(pipe, Strictness.LENIENT, new Warnings()));
        refused(code, () -> JsonFile.readObject(pipe, 1 << 20, ProblemCode.CONFIG_INVALID));
        refused(code, () -> ContainerKind.of(pipe));
    }

    @Test
    @Attack(
            name = "shrinking-file",
            tries = "the file is cut while it is read, which faults a program that has mapped it",
            fails = "files are read through channels: what is missing is an error with the place")
    void shrinkingFile() throws IOException {
        Path file = folder.resolve("model.safetensors");
        byte[] header = "{\"x\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}      ".getBytes();
        Files.write(file, HexFormat.of().parseHex("%02x00000000000000".formatted(header.length)));
        try (RandomAccessFile output = new RandomAccessFile(file.toFile(), "rw")) {
            output.seek(Long.BYTES);
            output.write(header);
            output.write(new byte[8]);
        }
        StoredTensor tensor = SafetensorsFile.open(file, Strictness.LENIENT, new Warnings())
                .tensor("x")
                .orElseThrow();
        try (FileStorageReader reader = new FileStorageReader();
                RandomAccessFile output = new RandomAccessFile(file.toFile(), "rw")) {
            output.setLength(output.length() - 4);
            refused("source-changed", () -> reader.read(tensor, bytes -> bytes.position(bytes.limit())));
        }
    }
}

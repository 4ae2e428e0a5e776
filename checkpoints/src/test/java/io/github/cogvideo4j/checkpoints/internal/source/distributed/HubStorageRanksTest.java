package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.junit.jupiter.api.io.TempDir;

/// Hugging Face storage writes no whole sizes: when the files of the last ranks are lost, what is left is
/// consistent in itself. It is refused or warned of, never taken in silence; and what is whole is not doubted where
/// a model's own sizes prove it.
class HubStorageRanksTest {
    @TempDir
    private Path folder;

    private int folders;

    @Property(tries = 300)
    void lostRanksAreNeverTakenInSilence(Generator generator) throws IOException {
        int ranks = generator.integer(1, 12);
        int present = generator.integer(1, ranks);
        int width = generator.integer(1, 40);
        Map<String, int[]> tensors = new LinkedHashMap<>();
        tensors.put("embedding.weight", new int[] {generator.integer(1, 60), 3});
        if (generator.integer(0, 3) > 0) {
            int inner = generator.integer(1, 40);
            tensors.put("blocks.0.attn.to_q.weight", new int[] {inner, width});
            tensors.put("blocks.0.attn.to_out.0.weight", new int[] {width, inner});
        }
        if (generator.integer(0, 1) > 0) {
            int inner = generator.integer(1, 90);
            tensors.put("blocks.0.ff.net.0.proj.weight", new int[] {inner, width});
            tensors.put("blocks.0.ff.net.2.weight", new int[] {width, inner});
        }
        boolean all = tensors.values().stream().allMatch(sizes -> {
            long rows = -Math.floorDiv(-sizes[0], ranks);
            return present * rows >= sizes[0];
        });
        Path state = write(tensors, ranks, present);

        String said;
        try {
            said = Checkpoints.open(state, SourceOptions.defaults()).warnings().stream()
                            .anyMatch(warning -> warning.code() == ProblemCode.MISSING_RANK)
                    ? "warned"
                    : "";
        } catch (InvalidCheckpointException e) {
            said = e.problem().code().toString();
        }
        if (all) {
            assertThat(said).isIn("", "warned");
        } else {
            assertThat(said).isIn("warned", "missing-rank");
        }
    }

    /// The sizes of CogVideoX-2B's and -5B's blocks prove any number of ranks that divides them.
    @Property(tries = 40)
    void aWholeModelIsNotDoubted(Generator generator) throws IOException {
        int width = generator.of(30, 48) * 4;
        int ranks = generator.of(1, 2, 4, 8);
        Map<String, int[]> tensors = new LinkedHashMap<>();
        tensors.put("transformer_blocks.0.attn1.to_q.weight", new int[] {width, width});
        tensors.put("transformer_blocks.0.attn1.to_out.0.weight", new int[] {width, width});
        tensors.put("transformer_blocks.0.ff.net.0.proj.weight", new int[] {4 * width, width});
        tensors.put("transformer_blocks.0.ff.net.2.weight", new int[] {width, 4 * width});
        assertThat(Checkpoints.open(write(tensors, ranks, ranks), SourceOptions.defaults())
                        .warnings())
                .noneMatch(warning -> warning.code() == ProblemCode.MISSING_RANK);
    }

    /// The files of the first ranks, as `HuggingFaceStorageWriter` writes what `torch.chunk` cuts: ceil(n/W) rows
    /// each, the last ones fewer or none.
    private Path write(Map<String, int[]> tensors, int ranks, int present) throws IOException {
        Path state = Files.createDirectory(folder.resolve("state" + folders++));
        for (int rank = 0; rank < present; rank++) {
            StringJoiner header = new StringJoiner(",", "{", "}");
            StringJoiner sharding = new StringJoiner(",", "{", "}");
            int bytes = 0;
            for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
                int rows = -Math.floorDiv(-tensor.getValue()[0], ranks);
                int from = Math.min(rank * rows, tensor.getValue()[0]);
                int count = Math.min(rows, tensor.getValue()[0] - from);
                if (count > 0) {
                    int columns = tensor.getValue()[1];
                    header.add("\"%s\":{\"dtype\":\"U8\",\"shape\":[%d,%d],\"data_offsets\":[%d,%d]}"
                            .formatted(tensor.getKey(), count, columns, bytes, bytes + count * columns));
                    sharding.add("\"%s\":{\"saved_offsets\":[%d,0]}".formatted(tensor.getKey(), from));
                    bytes += count * columns;
                }
            }
            if (bytes > 0) {
                header.add("\"__metadata__\":{\"DCP_SHARDING_INFO\":\"%s\"}"
                        .formatted(sharding.toString().replace("\"", "\\\"")));
                byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
                ByteArrayOutputStream file = new ByteArrayOutputStream();
                file.writeBytes(ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(text.length)
                        .array());
                file.writeBytes(text);
                file.writeBytes(new byte[bytes]);
                Files.write(
                        state.resolve("shard-%05d-model-00001-of-00001.safetensors".formatted(rank + 1)),
                        file.toByteArray());
            }
        }
        return state;
    }
}

package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Attack;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// RankPieces of tensors that lie about where they belong: rank files, and files of Hugging Face storage.
@Timeout(20)
class PiecesAttacksTest {
    @TempDir
    Path folder;

    /// Seven rows on three ranks are 3, 3 and 1; on a mesh of 2 x 2 each column of ranks has the same.
    @Test
    void partsAreWhatTorchCuts() throws IOException {
        for (int rank = 0; rank < 3; rank++) {
            long rows = rank == 2 ? 1 : 3;
            RankFolder.cut(rank, 3, 7L, 2L).write(folder, 3, rank, Shape.of(rows, 2), (byte) rank);
        }
        assertThat(bytes(open())).containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2);
    }

    @Test
    void oneReplicaIsEnough() throws IOException {
        for (int rank = 2; rank < 4; rank++) {
            new RankFolder(
                            List.of(4L),
                            List.of("Replicate()", "Shard(0)"),
                            List.of(2L, 2L),
                            rank == 2 ? List.of(1L, 0L) : List.of(),
                            rank)
                    .write(folder, 4, rank, Shape.of(2), (byte) rank);
        }
        Checkpoint checkpoint = open();
        assertThat(bytes(checkpoint)).containsExactly(2, 2, 3, 3);
        assertThat(checkpoint.warnings())
                .anyMatch(warning -> warning.toString().contains("model_world_size_4_rank_0.pt"));
    }

    @ParameterizedTest
    @CsvSource({"4611686018427387904, 4", "-1, 2", "9223372036854775807, 9223372036854775807"})
    @Attack(
            name = "rank-whole-sizes",
            tries = "a rank's part of a tensor of 2^64 elements, or of a negative number",
            fails = "the whole sizes must be a tensor's before a part is computed from them")
    void wholeSizesThatNoTensorHasAreRefused(long rows, long columns) throws IOException {
        RankFolder.cut(0, 1, rows, columns).write(folder, 1, 0, Shape.of(2, 2), (byte) 0);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs).hasMessageContaining("storage-bounds");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-2, 0", "4611686018427387904, 0", "2, 5", "2, -1", "9999999, 3"})
    @Attack(
            name = "rank-mesh",
            tries =
                    "a mesh of no ranks, of more than there are, or a place outside it, to divide by zero or to leave the tensor",
            fails = "a mesh has at least one and at most as many ranks as files say, and a place lies inside it")
    void aMeshThatCannotBeIsRefused(long ranks, long position) throws IOException {
        new RankFolder(List.of(4L), List.of("Shard(0)"), List.of(ranks), List.of(position), 0)
                .write(folder, 2, 0, Shape.of(2), (byte) 0);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs).hasMessageContaining("mixed-world-size");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Shard(1)", "Shard(63)", "Shard(-1)", "Shard(4000000000)", "Partial()", "_StridedShard(0)"})
    @Attack(
            name = "rank-placement",
            tries = "a tensor cut along a dimension that it does not have, or whose parts do not lie side by side",
            fails = "only Shard of an existing dimension and Replicate are put together; the others are named")
    void aPlacementThatCannotBePutTogetherIsRefused(String placement) throws IOException {
        new RankFolder(List.of(4L), List.of(placement), List.of(1L), List.of(0L), 0)
                .write(folder, 1, 0, Shape.of(4), (byte) 0);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs);
    }

    @Test
    @Attack(
            name = "rank-part-differs",
            tries =
                    "a rank's part that is smaller than the tensor's sizes make it, so that others' bytes fill the rest",
            fails = "a part has exactly the sizes that follow from the whole, the mesh and the placement")
    void aPartOfOtherSizesIsRefused() throws IOException {
        RankFolder.cut(0, 2, 6L).write(folder, 2, 0, Shape.of(2), (byte) 0);
        RankFolder.cut(1, 2, 6L).write(folder, 2, 1, Shape.of(3), (byte) 1);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs).hasMessageContaining("mixed-checkpoints");
    }

    @Test
    @Attack(
            name = "rank-renamed",
            tries = "rank 1's file under the name of rank 0, whose rows would change places",
            fails = "the rank in the file is compared with the one in its name")
    void aFileOfAnotherRankIsRefused() throws IOException {
        RankFolder.cut(1, 2, 4L).write(folder, 2, 0, Shape.of(2), (byte) 0);
        RankFolder.cut(0, 2, 4L).write(folder, 2, 1, Shape.of(2), (byte) 1);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs).hasMessageContaining("mixed-checkpoints");
    }

    @Test
    @Attack(
            name = "rank-count",
            tries = "one file that says it is of 999,999, to list them all",
            fails = "the first eight that are missing are named")
    void aHugeNumberOfRanksIsNotListed() throws IOException {
        RankFolder.cut(0, 999_999, 999_999L).write(folder, 999_999, 0, Shape.of(1), (byte) 0);
        assertThatThrownBy(this::open)
                .satisfies(PiecesAttacksTest::isOurs)
                .hasMessageContaining("missing-rank")
                .hasMessageContaining("rank_1.pt")
                .hasMessageNotContaining("rank_9.pt");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"w\":{\"saved_offsets\":[-1]}}",
                "{\"w\":{\"saved_offsets\":[9223372036854775807]}}",
                "{\"w\":{\"saved_offsets\":[1e400]}}",
                "{\"w\":{\"saved_offsets\":[0.5]}}",
                "{\"w\":{\"saved_offsets\":[0,0]}}",
                "{\"w\":{\"saved_offsets\":[]}}",
                "{\"w\":{\"saved_offsets\":\"0\"}}",
                "{\"w\":[]}",
                "{}",
                "[]",
                "",
                "null",
                "{\"w\":{\"saved_offsets\":[9223372036854775800]}}",
                "{\"w\":{\"saved_offsets\":[4611686018427387904]}}"
            })
    @Attack(
            name = "piece-offsets",
            tries = "a piece that belongs before the first row, behind the 2^63rd, at a half, or to no dimension",
            fails =
                    "offsets are whole numbers, one a dimension, that leave room for the piece; what is not covered is missing")
    void offsetsThatCannotBeAreRefused(String sharding) throws IOException {
        shard(1, 1, 1, sharding, 4);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs);
    }

    @Test
    @Attack(
            name = "piece-nesting",
            tries = "offsets inside thousands of brackets",
            fails = "the text in the header is read within the limits of every JSON file")
    void deepOffsetsAreRefused() throws IOException {
        shard(1, 1, 1, "[".repeat(10_000), 4);
        assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs);
    }

    @Test
    @Attack(
            name = "piece-twice",
            tries = "two files that claim the same rows, or overlap by one",
            fails = "pieces are disjoint, and together they are the tensor")
    void piecesThatOverlapAreRefused() throws IOException {
        for (long second : new long[] {0, 3}) {
            shard(1, 1, 1, "{\"w\":{\"saved_offsets\":[0]}}", 4);
            shard(2, 1, 1, "{\"w\":{\"saved_offsets\":[" + second + "]}}", 4);
            assertThatThrownBy(this::open).satisfies(PiecesAttacksTest::isOurs).hasMessageContaining("numel-mismatch");
        }
    }

    @Test
    void aHoleBetweenPiecesIsAMissingPiece() throws IOException {
        shard(1, 1, 1, "{\"w\":{\"saved_offsets\":[0]}}", 4);
        shard(3, 1, 1, "{\"w\":{\"saved_offsets\":[8]}}", 4);
        assertThatThrownBy(this::open)
                .hasMessageContaining("missing-rank")
                .hasMessageContaining("shard-00002-model-00001-of-00001.safetensors");
    }

    @Test
    @Attack(
            name = "piece-count",
            tries = "a piece that says it is of 999,999,999 files and of the 999,999,999th rank",
            fails = "the first eight that are missing are named")
    void aHugeNumberOfFilesIsNotListed() throws IOException {
        shard(999_999_999, 1, 999_999_999, "{\"w\":{\"saved_offsets\":[8]}}", 4);
        assertThatThrownBy(this::open)
                .satisfies(PiecesAttacksTest::isOurs)
                .hasMessageContaining("missing-shard")
                .hasMessageNotContaining("-model-00010-");
    }

    private Checkpoint open() throws IOException {
        return Checkpoints.open(folder, SourceOptions.defaults());
    }

    /// A file with a piece of the tensor `w`, of bytes.
    private void shard(int rank, int file, int files, String sharding, int rows) throws IOException {
        String header = "{\"__metadata__\":{\"DCP_SHARDING_INFO\":\"" + sharding.replace("\"", "\\\"")
                + "\",\"DCP_VERSION\":\"1.0\"},\"w\":{\"dtype\":\"U8\",\"shape\":[" + rows + "],\"data_offsets\":[0,"
                + rows + "]}}";
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + text.length + rows).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text);
        Files.write(
                folder.resolve("shard-%05d-model-%05d-of-%05d.safetensors".formatted(rank, file, files)),
                bytes.array());
    }

    private static byte[] bytes(Checkpoint checkpoint) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (FileStorageReader reader = new FileStorageReader()) {
            reader.read(checkpoint.entries().getFirst().tensor(), buffer -> {
                byte[] part = new byte[buffer.remaining()];
                buffer.get(part);
                bytes.writeBytes(part);
            });
        }
        return bytes.toByteArray();
    }

    private static void isOurs(Throwable thrown) {
        assertThat(thrown).isInstanceOfAny(FormatException.class, CheckpointException.class);
    }
}

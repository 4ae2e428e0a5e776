package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Tables of chunks that lie.
class DistributedAttacksTest {
    private static final String WEIGHT = "model.w";

    @TempDir
    Path folder;

    private final DistributedFolder checkpoint = new DistributedFolder();

    @BeforeEach
    void addTensor() {
        checkpoint.add(WEIGHT, 100);
    }

    @Test
    void theCheckpointThatTheAttacksStartFromIsSound() throws IOException {
        assertThat(Checkpoints.open(checkpoint.write(folder), SourceOptions.defaults())
                        .entries())
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../secret", "/etc/passwd", "a/b.distcp", "..", "C:\\secret", "a\\b", "", "__0_0.distcp\u0000"})
    @Attack(
            name = "chunk-traversal",
            tries = "a table of chunks whose file is `../secret`, an absolute path, or one with backslashes",
            fails = "a chunk's file must be a plain name, in the table's own folder")
    void aChunkOutsideTheFolderIsRefused(String path) {
        DistributedFolder.Claim claim = checkpoint.claims.getFirst();
        checkpoint.claims.set(
                0, new DistributedFolder.Claim(WEIGHT, claim.offsets(), path, claim.offset(), claim.length()));
        assertThatThrownBy(open()).hasMessageContaining("unsafe-path");
    }

    @ParameterizedTest
    @CsvSource({
        "100000, 10",
        "0, 9223372036854775807",
        "9223372036854775807, 9223372036854775807",
        "10, 100000",
        "0, 0",
        "1, 50"
    })
    @Attack(
            name = "chunk-out-of-file",
            tries = "a chunk's offset and length lead behind the end of its file, or wrap around",
            fails = "both are compared with the file's size by subtraction, and what lies there must be a whole file"
                    + " of its own")
    void aChunkOutsideItsFileIsRefused(long offset, long length) {
        DistributedFolder.Claim claim = checkpoint.claims.getFirst();
        checkpoint.claims.set(0, new DistributedFolder.Claim(WEIGHT, claim.offsets(), claim.path(), offset, length));
        assertThatThrownBy(open()).satisfies(DistributedAttacksTest::isOurs);
    }

    @ParameterizedTest
    @CsvSource({
        "50, 60, storage-bounds",
        "9223372036854775807, 2, storage-bounds",
        "101, 0, storage-bounds",
        "0, 99, numel-mismatch",
        "1, 99, numel-mismatch"
    })
    @Attack(
            name = "chunk-out-of-tensor",
            tries = "chunks that leave the tensor, or leave a part of it to whatever memory holds",
            fails = "each chunk must lie inside, and all of them together must have the tensor's elements")
    void chunksThatDoNotCoverTheTensorAreRefused(long offset, long size, String code) {
        checkpoint.claimChunks(WEIGHT, List.of(100L), List.of(new Box(List.of(offset), List.of(size))));
        assertThatThrownBy(open()).hasMessageContaining(code);
    }

    @Test
    @Attack(
            name = "chunk-overlap",
            tries = "two chunks claim the same elements, so that the result depends on who writes last",
            fails = "chunks are compared pair by pair where their rows meet")
    void chunksThatOverlapAreRefused() {
        List<Long> sizes = List.of(4L, 4L);
        checkpoint.add(
                "model.m",
                DType.U8,
                sizes,
                List.of(new Box(List.of(0L, 0L), List.of(4L, 3L)), new Box(List.of(1L, 2L), List.of(2L, 2L))),
                List.of(new byte[12], new byte[4]));
        assertThatThrownBy(open()).hasMessageContaining("numel-mismatch").hasMessageContaining("model.m");
    }

    @Test
    @Attack(
            name = "chunk-shared-bytes",
            tries = "a small file whose bytes are named as a thousand tensors fills the disk",
            fails = "the chunks of a file must be disjoint")
    void chunksThatShareBytesAreRefused() {
        DistributedFolder.Claim claim = checkpoint.claims.getFirst();
        for (int i = 0; i < 1000; i++) {
            String name = "model.copy" + i;
            checkpoint.claimChunks(name, List.of(100L), List.of(new Box(List.of(0L), List.of(100L))));
            checkpoint.claims.add(
                    new DistributedFolder.Claim(name, claim.offsets(), claim.path(), claim.offset(), claim.length()));
        }
        assertThatThrownBy(open()).hasMessageContaining("storage-bounds");
    }

    @Test
    @Attack(
            name = "chunk-shape-overflow",
            tries = "a tensor of 2^32 x 2^32 elements, whose number wraps around to that of its chunks",
            fails = "sizes are multiplied with overflow checks, and chunks must have what the table says of them")
    void sizesThatOverflowAreRefused() {
        checkpoint.claimChunks(
                WEIGHT, List.of(1L << 32, 1L << 32), List.of(new Box(List.of(0L, 0L), List.of(1L << 32, 1L << 32))));
        assertThatThrownBy(open()).satisfies(DistributedAttacksTest::isOurs);
    }

    @Test
    @Attack(
            name = "chunk-table-bomb",
            tries = "a table of hundreds of megabytes, or of more chunks than memory holds",
            fails = "its size is limited before it is read, and its pickle to 160 MB of values")
    void aHugeTableIsRefused() throws IOException {
        checkpoint.write(folder);
        try (java.io.RandomAccessFile table =
                new java.io.RandomAccessFile(folder.resolve(".metadata").toFile(), "rw")) {
            table.setLength(1L << 32);
        }
        assertThatThrownBy(() -> Checkpoints.open(folder, SourceOptions.defaults()))
                .hasMessageContaining("pickle-limit");
        for (int i = 0; i < 60_000; i++) {
            checkpoint.claimChunks("model.w" + i, List.of(1L), List.of(new Box(List.of(0L), List.of(1L))));
            checkpoint.claims.add(new DistributedFolder.Claim("model.w" + i, List.of(0L), "a", 2L * i, 1));
        }
        assertThatThrownBy(open()).hasMessageContaining("pickle-limit");
    }

    @Test
    @Attack(
            name = "chunk-head-bomb",
            tries = "a chunk that takes megabytes to describe, of which each processor reads one",
            fails = "a chunk is one tensor: its directory and its pickle may have 64 KiB each")
    void aChunkWithAHugePickleIsRefused() {
        PickleWriter pickle = new PickleWriter();
        pickle.list(Collections.nCopies(40_000, () -> pickle.integer(1)));
        checkpoint.addObject("model.bomb", pickle.finish());
        DistributedFolder.Claim bomb = checkpoint.claims.removeLast();
        checkpoint.claims.set(
                0, new DistributedFolder.Claim(WEIGHT, List.of(0L), bomb.path(), bomb.offset(), bomb.length()));
        assertThatThrownBy(open()).hasMessageContaining("pickle-limit");
    }

    /// Files are read side by side, so that the one that fails first changes from run to run.
    @RepeatedTest(20)
    void ofSeveralBadChunksTheFirstInTheTableIsTold() {
        List<Box> halves = List.of(new Box(List.of(0L), List.of(2L)), new Box(List.of(2L), List.of(2L)));
        for (String name : List.of("model.a", "model.b", "model.c")) {
            checkpoint.add(name, DType.U8, List.of(4L), halves, List.of(new byte[2], new byte[2]));
        }
        // In the first file only the last tensor's chunk is bad, in the second one those of the last two.
        for (int i : List.of(4, 5, 6)) {
            DistributedFolder.Claim claim = checkpoint.claims.get(i);
            checkpoint.claims.set(
                    i,
                    new DistributedFolder.Claim(
                            claim.name(), claim.offsets(), claim.path(), claim.offset() + 1, claim.length() - 1));
        }
        DistributedFolder.Claim first = checkpoint.claims.get(4);
        assertThatThrownBy(open())
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().place()).isEqualTo(Place.of(folder.resolve(first.path()))));
    }

    @Test
    void aChunkThatIsNotWhatTheTableSaysIsOfAnotherCheckpoint() {
        checkpoint.claimChunks(WEIGHT, List.of(10L, 10L), List.of(new Box(List.of(0L, 0L), List.of(10L, 10L))));
        DistributedFolder.Claim claim = checkpoint.claims.getFirst();
        checkpoint.claims.set(
                0, new DistributedFolder.Claim(WEIGHT, List.of(0L, 0L), claim.path(), claim.offset(), claim.length()));
        assertThatThrownBy(open()).hasMessageContaining("mixed-checkpoints");
    }

    @Test
    void theFileOfARankThatIsMissingIsNamed() throws IOException {
        checkpoint.write(folder);
        Files.delete(folder.resolve("__0_0.distcp"));
        assertThatThrownBy(() -> Checkpoints.open(folder, SourceOptions.defaults()))
                .hasMessageContaining("missing-rank")
                .hasMessageContaining("__0_0.distcp");
    }

    @Test
    void aChunkWithoutAPlaceIsMissing() {
        checkpoint.claims.clear();
        assertThatThrownBy(open()).hasMessageContaining("missing-tensor");
    }

    private ThrowingCallable open() {
        return () -> Checkpoints.open(checkpoint.write(folder), SourceOptions.defaults());
    }

    private static void isOurs(Throwable thrown) {
        assertThat(thrown)
                .isInstanceOfAny(FormatException.class, io.github.cogvideo4j.checkpoints.CheckpointException.class);
    }
}

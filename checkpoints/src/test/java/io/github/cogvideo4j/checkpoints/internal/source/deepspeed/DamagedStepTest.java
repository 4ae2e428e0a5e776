package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The optimizer's step is the only number that is read out of a tensor to plan; nothing of it is written.
class DamagedStepTest {
    @TempDir
    Path folder;

    @Test
    void aDamagedStepIsDamageAndNotAnotherStep() throws IOException {
        Path checkpoint = damaged("zero2-bf16-w2");
        assertThatThrownBy(() -> Checkpoints.open(checkpoint, SourceOptions.defaults()))
                .isInstanceOfSatisfying(
                        MalformedFileException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.BAD_CRC));
    }

    /// The container before ZIP has no checksums, so all that can be said is what differs.
    @Test
    void stepsThatDifferAreShownSoThatTheyDiffer() throws IOException {
        Path checkpoint = damaged("zero2-legacyser-bf16-w2");
        assertThatThrownBy(() -> Checkpoints.open(checkpoint, SourceOptions.defaults()))
                .isInstanceOfSatisfying(InvalidCheckpointException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.MIXED_CHECKPOINTS);
                    assertThat(e.problem().message().text(Locale.ENGLISH)).contains(" 3 ", "3.000000");
                });
    }

    /// A checkpoint in which the lowest bit of rank 1's step is the other way round.
    private Path damaged(String fixture) throws IOException {
        Path checkpoint = Resources.copy(Resources.fixture(fixture).resolve("output"), folder.resolve("output"));
        Path file;
        try (Stream<Path> files = Files.walk(checkpoint)) {
            file = files.filter(path -> path.toString().contains("pp_rank_1_mp_rank_00_optim_states"))
                    .findFirst()
                    .orElseThrow();
        }
        PickleValue.Dict state = TorchFile.open(file, new Warnings())
                .root()
                .asDict()
                .flatMap(root -> root.get("optimizer_state_dict"))
                .flatMap(PickleValue::asDict)
                .flatMap(dict -> dict.get("base_optimizer_state"))
                .flatMap(PickleValue::asDict)
                .flatMap(dict -> dict.get("state"))
                .flatMap(PickleValue::asDict)
                .orElseThrow();
        TensorValue step = state.entries().values().stream()
                .flatMap(parameter -> parameter.asDict().flatMap(dict -> dict.get("step")).stream())
                .map(TensorValue.class::cast)
                .findFirst()
                .orElseThrow();
        Extent bytes = ((TensorData.Extents) step.stored("step").data()).parts().getFirst();
        long at = ((Storage.Plain) bytes.storage()).offset() + bytes.offset();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            channel.write(ByteBuffer.wrap(new byte[] {(byte) (one.get(0) ^ 1)}), at);
        }
        return checkpoint;
    }
}

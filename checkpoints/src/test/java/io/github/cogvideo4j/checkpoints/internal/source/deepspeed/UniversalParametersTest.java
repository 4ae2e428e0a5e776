package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.TinyTorchFile;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Universal checkpoints that are not as they should be. Sound ones are held to the reference's tensors
/// elsewhere.
class UniversalParametersTest {
    @TempDir
    Path folder;

    /// A universal checkpoint of one parameter of sizes 3 x 5, made from 2 ranks.
    private Path checkpoint(String parameter) throws IOException {
        PickleWriter pickle = new PickleWriter();
        pickle.dict(List.of(
                new PickleWriter.Item(() -> pickle.text("module"), () -> pickle.dict(List.of())),
                new PickleWriter.Item(() -> pickle.text("dp_world_size"), () -> pickle.integer(2)),
                new PickleWriter.Item(
                        () -> pickle.text("param_shapes"),
                        () -> pickle.list(List.of(() -> pickle.dict(List.of(new PickleWriter.Item(
                                () -> pickle.text(parameter),
                                () -> pickle.tuple(List.of(() -> pickle.integer(3), () -> pickle.integer(5)))))))))));
        Path states = Files.createDirectories(folder.resolve("step5"));
        Files.write(
                states.resolve("mp_rank_00_model_states.pt"),
                TinyTorchFile.of("mp_rank_00_model_states.pt", pickle.finish(), List.of()));
        Files.createDirectories(states.resolve("zero/w"));
        Files.writeString(folder.resolve("latest_universal"), "step5");
        return states.resolve("zero/w/fp32.pt");
    }

    private Checkpoint open() throws IOException {
        return Checkpoints.open(folder, SourceOptions.defaults());
    }

    /// Stage 3 stores 15 elements on 2 ranks as 16.
    @ParameterizedTest
    @ValueSource(ints = {15, 16})
    void aFlatParameterTakesItsShapeAndLosesItsPadding(int stored) throws IOException {
        byte[] bytes = new byte[4 * stored];
        Files.write(checkpoint("w"), DistributedFolder.torchFile(DType.F32, Shape.of(stored), bytes));
        assertThat(open().entries())
                .singleElement()
                .satisfies(entry -> assertThat(entry.tensor().shape()).isEqualTo(Shape.of(3, 5)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 14, 17, 30})
    void aParameterOfAnotherSizeIsRefused(int stored) throws IOException {
        byte[] bytes = new byte[4 * stored];
        Files.write(checkpoint("w"), DistributedFolder.torchFile(DType.F32, Shape.of(stored), bytes));
        assertThatThrownBy(this::open).hasMessageContaining("numel-mismatch");
    }

    @Test
    void aTransposedParameterIsRefused() throws IOException {
        Files.write(checkpoint("w"), DistributedFolder.torchFile(DType.F32, Shape.of(5, 3), new byte[60]));
        assertThatThrownBy(this::open).hasMessageContaining("numel-mismatch");
    }

    @Test
    void aParameterWithoutItsFileIsNamed() throws IOException {
        checkpoint("w");
        assertThatThrownBy(this::open).hasMessageContaining("missing-tensor").hasMessageContaining("zero/w/fp32.pt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../secret", "/etc", "a\\b", ".."})
    @Attack(
            name = "universal-traversal",
            tries = "a parameter called `../../secret`, whose folder then lies elsewhere",
            fails = "a parameter's name must be a plain name before a folder is looked for under it")
    void aParameterThatLeavesTheFolderIsRefused(String name) throws IOException {
        checkpoint(name);
        assertThatThrownBy(this::open).hasMessageContaining("unsafe-path");
    }
}

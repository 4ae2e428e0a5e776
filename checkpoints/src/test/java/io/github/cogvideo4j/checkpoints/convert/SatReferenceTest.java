package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.source.sat.SatNaming;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// SAT checkpoints against what the reference scripts made of them.
class SatReferenceTest {
    @ParameterizedTest
    @ValueSource(strings = {"sat-2b", "sat-2b-posemb", "sat-5b", "sat-1.5", "sat-lora", "sat-vae"})
    void everyTensorEqualsTheReferences(String name) throws IOException {
        Path source = Resources.fixture(name + "/input");
        Checkpoint checkpoint = Checkpoints.open(source, SourceOptions.defaults());
        assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.SAT);
        assertThat(TensorListing.of(checkpoint, TargetDType.SOURCE).tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.ofReference(Resources.fixture(name + "/reference/tensors.json"))
                                .tensors());
    }

    /// Shards are filled in this order.
    @ParameterizedTest
    @ValueSource(strings = {"sat-2b", "sat-2b-posemb", "sat-5b", "sat-1.5"})
    void theTransformersTensorsComeInDiffusersOrder(String name) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(Resources.fixture(name + "/input"), SourceOptions.defaults());
        assertThat(TensorListing.of(checkpoint, TargetDType.SOURCE).tensors())
                .containsExactlyEntriesOf(TensorListing.ofReference(Resources.fixture(name + "/reference/tensors.json"))
                        .tensors());
    }

    @ParameterizedTest
    @CsvSource({"sat-2b, 1", "sat-1.5, 1000"})
    void theFileItselfIsTheSameCheckpoint(String name, String tag) throws IOException {
        Path folder = Resources.fixture(name + "/input");
        Checkpoint file =
                Checkpoints.open(folder.resolve(tag).resolve("mp_rank_00_model_states.pt"), SourceOptions.defaults());
        assertThat(file.entries())
                .isEqualTo(Checkpoints.open(folder, SourceOptions.defaults()).entries());
    }

    static Stream<String> partitioned() {
        return Resources.cases("").stream()
                .filter(name -> name.startsWith("zero"))
                .filter(name -> Files.isDirectory(Resources.fixture(name).resolve("output")));
    }

    /// Whatever a tensor's bytes are scattered over, they can be fused and taken apart again.
    @ParameterizedTest
    @MethodSource("partitioned")
    void partitionedTensorsSurviveTheWayThere(String name) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(
                ReferenceCase.children(Resources.fixture(name + "/output")).getFirst(), SourceOptions.defaults());
        List<StateEntry> parameters = checkpoint.entries().stream()
                .filter(entry -> entry.name().matches("(transformer_blocks|time_|proj_out|norm_).*(weight|bias)"))
                .toList();
        Checkpoint plain = checkpoint.withEntries(parameters);
        Checkpoint fused = new SatNaming().export(plain).checkpoint();
        assertThat(fused.entries()).hasSizeLessThan(parameters.size());
        assertThat(TensorListing.of(new SatNaming().toDiffusers(fused), TargetDType.SOURCE)
                        .tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.of(plain, TargetDType.SOURCE).tensors());
    }
}

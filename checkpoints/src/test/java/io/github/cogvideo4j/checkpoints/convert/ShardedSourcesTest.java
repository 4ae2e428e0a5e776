package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.internal.verify.Counterpart;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Universal and distributed checkpoints against what the reference made of them.
class ShardedSourcesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "universal-zero2-bf16-w2, input, tensors-fp32.json, DEEPSPEED_UNIVERSAL",
        "universal-zero2-bf16-w2, input/pytorch_model_universal, tensors-fp32.json, DEEPSPEED_UNIVERSAL",
        "universal-zero3-bf16-w2, input, tensors-fp32.json, DEEPSPEED_UNIVERSAL",
        "dcp-fsdp-w2, output, tensors.json, DISTRIBUTED",
        "dcp-fsdp-w2, output/checkpoint-2, tensors.json, DISTRIBUTED",
        "dcp-fsdp-w2, output/checkpoint-2/pytorch_model_fsdp_0, tensors.json, DISTRIBUTED",
        "dcp-fsdp-w2, output/checkpoint-2/pytorch_model_fsdp_0/.metadata, tensors.json, DISTRIBUTED",
        "dcp-fsdp-w2, output/checkpoint-2/pytorch_model_fsdp_0/__1_0.distcp, tensors.json, DISTRIBUTED",
        "dcp-fsdp-bf16-w2, output/checkpoint-2, tensors.json, DISTRIBUTED"
    })
    void everyTensorEqualsTheReferenceInItsOrder(String fixture, String path, String listing, CheckpointKind kind)
            throws IOException {
        Checkpoint checkpoint = Checkpoints.open(Resources.fixture(fixture).resolve(path), SourceOptions.defaults());
        assertThat(checkpoint.kind()).isEqualTo(kind);
        TensorListing expected = TensorListing.ofReference(
                Resources.fixture(fixture + "/reference").resolve(listing));
        assertThat(TensorListing.of(checkpoint, TargetDType.SOURCE).unwrapped().tensors())
                .containsExactlyEntriesOf(expected.tensors());
    }

    @ParameterizedTest
    @ValueSource(strings = {"dcp-fsdp-w2", "dcp-fsdp-bf16-w2"})
    void aDistributedCheckpointEqualsTheWeightsInTheTrainersMemory(String fixture) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(Resources.fixture(fixture + "/output"), SourceOptions.defaults());
        assertThat(TensorListing.of(checkpoint, TargetDType.SOURCE).unwrapped().tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.ofWeights(Resources.fixture(fixture + "/live-master.safetensors"))
                                .tensors());
    }

    /// accelerate's name for FSDP's weights when they were gathered first.
    @Test
    void gatheredWeightsOfFsdpAreFoundUnderTheirName() throws IOException {
        Path weights = Resources.fixture("ddp-unsafe-bf16-w2/output/checkpoint-3/pytorch_model.bin");
        Files.copy(weights, folder.resolve("pytorch_model_fsdp.bin"));
        assertThat(TensorListing.ofWeights(folder).tensors())
                .containsExactlyEntriesOf(TensorListing.ofWeights(weights).tensors());
    }

    /// A universal checkpoint is another arrangement of the checkpoint it was made from.
    @ParameterizedTest
    @CsvSource({
        "zero2-bf16-w2, fp32-safe, SOURCE",
        "zero2-bf16-w2, bf16-safe, BF16",
        "zero3-bf16-w2, fp32-safe, SOURCE",
        "zero3-bf16-w2, bf16-safe, BF16"
    })
    void aUniversalCheckpointGivesTheFileThatTheReferenceMadeOfItsOrigin(
            String origin, String reference, TargetDType dtype) throws IOException {
        Path output = folder.resolve("model");
        Conversions.convert(
                Resources.fixture("universal-" + origin + "/input"),
                output,
                Optional.of(Resources.fixture("universal-" + origin + "/base")),
                SourceOptions.defaults(),
                Conversions.options(dtype, FileOptions.DEFAULT_SHARD_BYTES, OutputFormat.SAFETENSORS));
        Path expected = Resources.fixture(origin + "/reference/" + reference);
        for (Path file : ReferenceCase.children(expected)) {
            if (file.toString().endsWith(".safetensors")) {
                assertThat(output.resolve("transformer/diffusion_pytorch_model.safetensors"))
                        .hasSameBinaryContentAs(file);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "universal-zero2-bf16-w2, input",
        "universal-zero3-bf16-w2, input",
        "dcp-fsdp-w2, output",
        "dcp-fsdp-bf16-w2, output"
    })
    void theResultVerifiesAndEqualsItsSource(String fixture, String path) throws IOException {
        Path source = Resources.fixture(fixture).resolve(path);
        Path output = folder.resolve("model");
        Conversions.convert(
                source,
                output,
                Optional.of(Resources.fixture(fixture + "/base")),
                SourceOptions.defaults(),
                Conversions.options(TargetDType.SOURCE, 60_000, OutputFormat.BOTH));
        assertThat(FolderVerification.verify(output, true, 2, JobControl.none()).problems())
                .isEmpty();
        Counterpart counterpart =
                Counterpart.of(output, source, SourceOptions.defaults()).getFirst();
        assertThat(SourceComparison.compare(counterpart.weights(), counterpart.source(), 2, JobControl.none()))
                .isEmpty();
    }
}

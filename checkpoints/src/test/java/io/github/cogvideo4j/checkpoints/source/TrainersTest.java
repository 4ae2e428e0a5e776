package io.github.cogvideo4j.checkpoints.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.cast.CastingSink;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Checkpoints of today's trainers, against the weights that their trainers had in memory.
class TrainersTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                // fixture, path in it, what stands before every name, reference, dtype, trainer, step
                "cogkit-sft-w2, output, app.model., tensors, SOURCE, CogKit SFT, 2",
                "cogkit-sft-w2, output/checkpoint-2, app.model., tensors, SOURCE, CogKit SFT, 2",
                "cogkit-sft-w2, output/checkpoint-2/__1_0.distcp, app.model., tensors, SOURCE, CogKit SFT, 2",
                "cogkit-sft-ddp-w2, output, app.model., tensors, SOURCE, CogKit SFT, 2",
                "cogkit-sft-run, output, app.model., tensors, SOURCE, CogKit SFT, 2",
                "dcp-nest-foo-model-w2, output, foo.model., tensors, SOURCE, -, 20",
                "dcp-nest-state-model-w2, output, state.model., tensors, SOURCE, -, 20",
                "finetrainers-run, output, model., tensors, SOURCE, finetrainers, 10",
                "finetrainers-run, output/finetrainers_step_10, model., tensors, SOURCE, finetrainers, 10",
                "finetrainers-run, output/model_weights/000010/transformer, '', tensors, SOURCE, finetrainers, -1",
                "hf-dcp-w2, output, '', tensors, SOURCE, 'torch.distributed (NeMo AutoModel, torchtitan)', 20",
                "hf-dcp-w2, output/step-20, '', tensors, SOURCE, 'torch.distributed (NeMo AutoModel, torchtitan)', 20",
                "hf-dcp-consolidated-w2, output/step-20, '', tensors, SOURCE, 'torch.distributed (NeMo AutoModel, torchtitan)', 20",
                "hf-dcp-consolidated-w2, output/step-20/sharded, '', tensors, SOURCE, 'torch.distributed (NeMo AutoModel, torchtitan)', 20",
                "dtensor-ranks-w2, output, '', tensors, SOURCE, FSDP2 (verl), 20",
                "dtensor-ranks-w2, output/global_step_20/actor, '', tensors, SOURCE, FSDP2 (verl), 20",
                "dtensor-ranks-w2, output/global_step_20/actor/model_world_size_2_rank_1.pt, '', tensors, SOURCE, FSDP2 (verl), 20",
                "dtensor-ranks-replicated-w2, output/ckpt, '', tensors, SOURCE, FSDP2 (verl), -1",
                "videoxfun-full-ema, output, '', tensors, SOURCE, VideoX-Fun, 2",
                "videoxfun-full-ema, output/checkpoint-2, '', tensors, SOURCE, VideoX-Fun, 2",
                "videoxfun-full-ema, output/checkpoint-2, '', tensors-bf16, BF16, VideoX-Fun, 2",
                "videoxfun-zero2-w2, output, '', tensors, SOURCE, VideoX-Fun, 2",
                "videoxfun-zero2-w2, output, '', tensors-bf16, BF16, VideoX-Fun, 2",
                "videoxfun-zero2-w2, output/checkpoint-2/transformer, '', tensors-bf16, SOURCE, VideoX-Fun, 2",
                "videoxfun-zero3-w2, output, '', tensors, SOURCE, VideoX-Fun, 2",
                "videoxfun-zero3-w2, output/checkpoint-2/diffusion_pytorch_model.safetensors, '', tensors-bf16, SOURCE, VideoX-Fun, 2",
                "videoxfun-fsdp-w2, output, model., tensors, SOURCE, VideoX-Fun, 2",
                "videoxfun-fsdp-w2, output, model., tensors-bf16, BF16, VideoX-Fun, 2",
                "diffusion-pipe-full-w2, output/20260101_12-00-00, '', tensors, SOURCE, diffusion-pipe, -1",
                "diffusion-pipe-full-w2, output/20260101_12-00-00/global_step2, '', tensors, SOURCE, diffusion-pipe, 2",
                "single-files/lightning-ckpt, input, model., tensors, SOURCE, Lightning, 2",
                "single-files/lightning-ckpt, input/epoch=0-step=2.ckpt, model., tensors, SOURCE, Lightning, 2"
            })
    void itsWeightsAreThoseInMemory(
            String fixture, String path, String wrapper, String reference, TargetDType dtype, String trainer, long step)
            throws IOException {
        Path home = Resources.fixture(fixture);
        Checkpoint checkpoint = Checkpoints.open(home.resolve(path), SourceOptions.defaults());
        assertThat(tensors(checkpoint, wrapper, dtype))
                .isEqualTo(reference(home.resolve("reference/" + reference + ".json")));
        assertThat(checkpoint.training().trainer().orElse(null)).isEqualTo(trainer);
        assertThat(checkpoint.training().step().orElse(-1)).isEqualTo(step);
    }

    @ParameterizedTest
    @CsvSource({
        "videoxfun-full-ema, output/checkpoint-2, ''",
        "dcp-model-and-ema, output/checkpoint-20, ema.",
        "dcp-model-and-ema, output, ema."
    })
    void theAverageIsTakenWhenItIsAskedFor(String fixture, String path, String wrapper) throws IOException {
        Path home = Resources.fixture(fixture);
        SourceOptions average = SourceOptions.defaults().withAverage(true);
        assertThat(tensors(Checkpoints.open(home.resolve(path), average), wrapper, TargetDType.SOURCE))
                .isEqualTo(reference(home.resolve("reference/tensors-ema.json")));
    }

    @ParameterizedTest
    @CsvSource({
        "cogkit-sft-run, checkpoint-3, .metadata",
        "finetrainers-run, finetrainers_step_20, .metadata",
        "videoxfun-full-ema, checkpoint-4, config.json"
    })
    void anUnfinishedNewestCheckpointIsPassedOverAndSaysWhatItLacks(String fixture, String newest, String lacking)
            throws IOException {
        Path output = Resources.fixture(fixture).resolve("output");
        assertThat(Checkpoints.open(output, SourceOptions.defaults()).warnings())
                .anyMatch(warning -> text(warning).contains(lacking)
                        && warning.place().file().orElseThrow().toString().contains(newest));
        assertThatThrownBy(() -> Checkpoints.open(output.resolve(newest), SourceOptions.defaults()))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining("not-a-checkpoint")
                .hasMessageContaining(lacking);
    }

    @Test
    void aRankThatIsMissingIsNamed() {
        assertThatThrownBy(() -> Checkpoints.open(
                        Resources.fixture("dtensor-ranks-missing-w2/output/ckpt"), SourceOptions.defaults()))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining("missing-rank")
                .hasMessageContaining("model_world_size_2_rank_1.pt");
    }

    /// What is left of a checkpoint that lost a rank is consistent in itself, but for what columns tell.
    @ParameterizedTest
    @CsvSource({
        "hf-dcp-w2, output/step-20, shard-00001-model-00001-of-00001.safetensors",
        "hf-dcp-w2, output/step-20, shard-00002-model-00001-of-00001.safetensors",
        "hf-dcp-consolidated-w2, output/step-20/sharded, shard-00001-model-00001-of-00002.safetensors",
        "hf-dcp-consolidated-w2, output/step-20/sharded, shard-00002-model-00002-of-00002.safetensors"
    })
    void aPieceThatIsMissingIsNamed(String fixture, String path, String piece) throws IOException {
        Path copy = Resources.copy(Resources.fixture(fixture).resolve(path), folder.resolve("copy"));
        Files.delete(copy.resolve(piece));
        assertThatThrownBy(() -> Checkpoints.open(copy, SourceOptions.defaults()))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining("missing-")
                .hasMessageContaining(piece.substring(0, "shard-00001".length()));
    }

    @Test
    void anOutputFileWithoutAnyPieceIsNamed() throws IOException {
        Path copy =
                Resources.copy(Resources.fixture("hf-dcp-consolidated-w2/output/step-20/sharded"), folder.resolve("c"));
        Files.delete(copy.resolve("shard-00001-model-00002-of-00002.safetensors"));
        Files.delete(copy.resolve("shard-00002-model-00002-of-00002.safetensors"));
        assertThatThrownBy(() -> Checkpoints.open(copy, SourceOptions.defaults()))
                .hasMessageContaining("missing-shard")
                .hasMessageContaining("-model-00002-of-00002.safetensors");
    }

    @Test
    void aLayerThatIsMissingIsNamedBeforeOthersTakeItsNumber() throws IOException {
        Path copy = Resources.copy(
                Resources.fixture("diffusion-pipe-full-w2/output/20260101_12-00-00/global_step2"),
                folder.resolve("global_step2"));
        Files.delete(copy.resolve("layer_01-model_states.pt"));
        assertThatThrownBy(() -> Checkpoints.open(copy, SourceOptions.defaults()))
                .hasMessageContaining("missing-shard")
                .hasMessageContaining("layer_01-model_states.pt");
    }

    @ParameterizedTest
    @CsvSource({
        "diffusion-pipe-lora-w2/output/20260101_12-00-00, epoch2",
        "diffusion-pipe-lora-w2/output/20260101_12-00-00/global_step4, adapter",
        "diffusion-pipe-lora-w2/output/20260101_12-00-00/epoch1, adapter",
        "cogkit-qlora-w1/output/checkpoint-2, CogKit",
        "cogkit-qlora-w1/output, CogKit",
        "videoxfun-lora/output, adapter",
        "videoxfun-lora-peft/output, adapter",
        "videoxfun-lora-state/output/checkpoint-2, adapter"
    })
    void anAdapterAloneIsRefusedByName(String path, String named) {
        assertThatThrownBy(() -> Checkpoints.open(Resources.fixture(path), SourceOptions.defaults()))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining("not-a-checkpoint")
                .hasMessageContaining(named)
                .hasMessageNotContaining("parallel");
    }

    @ParameterizedTest
    @ValueSource(strings = {"single-files/zero3-ungathered-bin", "single-files/zero3-ungathered-safetensors"})
    void weightsThatZeroLeftUngatheredAreNamed(String fixture) {
        assertThatThrownBy(
                        () -> Checkpoints.open(Resources.fixture(fixture).resolve("input"), SourceOptions.defaults()))
                .isInstanceOfSatisfying(InvalidCheckpointException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.ZERO3_PLACEHOLDER);
                    assertThat(text(e.problem()))
                            .containsPattern("\\d+ of \\d+")
                            .contains("gather");
                });
    }

    @Test
    void theStateBesideUngatheredWeightsIsNamed() throws IOException {
        Path checkpoint =
                Resources.copy(Resources.fixture("zero3-bf16-w2/output/checkpoint-3"), folder.resolve("checkpoint-3"));
        Path file = checkpoint.resolve("diffusion_pytorch_model.safetensors");
        Files.copy(
                Resources.fixture(
                        "single-files/zero3-ungathered-safetensors/input/diffusion_pytorch_model.safetensors"),
                file);
        assertThatThrownBy(() -> Checkpoints.open(file, SourceOptions.defaults()))
                .hasMessageContaining("zero3-placeholder")
                .hasMessageContaining("pytorch_model");
    }

    private static String text(Problem problem) {
        return problem.message().text(Locale.ENGLISH);
    }

    private static Map<String, String> tensors(Checkpoint checkpoint, String wrapper, TargetDType dtype)
            throws IOException {
        Map<String, String> tensors = new TreeMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StateEntry entry : checkpoint.entries()) {
                DType target = dtype.of(entry);
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                reader.read(entry.tensor(), new CastingSink(entry.tensor(), target, digest::update));
                assertThat(entry.name()).startsWith(wrapper);
                tensors.put(
                        entry.name().substring(wrapper.length()),
                        target.torchName() + " " + entry.tensor().shape() + " "
                                + HexFormat.of().formatHex(digest.digest()));
            }
            reader.verifyChecksums();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        return tensors;
    }

    private static Map<String, String> reference(Path json) throws IOException {
        Map<String, String> tensors = new TreeMap<>();
        JsonFile.readObject(json, 1 << 24, ProblemCode.INDEX_JSON)
                .properties()
                .forEach(entry -> tensors.put(
                        entry.getKey(),
                        entry.getValue().get("dtype").stringValue() + " "
                                + new Shape(entry.getValue()
                                        .get("shape")
                                        .valueStream()
                                        .map(size -> size.longValue())
                                        .toList())
                                + " " + entry.getValue().get("sha256").stringValue()));
        return tensors;
    }
}

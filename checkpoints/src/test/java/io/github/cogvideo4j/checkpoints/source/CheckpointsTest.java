package io.github.cogvideo4j.checkpoints.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a path is taken for.
class CheckpointsTest {
    @TempDir
    Path folder;

    @Test
    void theNewestOfSeveralCheckpointsIsTakenByNumber() throws IOException {
        Checkpoint checkpoint = open(Resources.fixture("zero2-multi-bf16-w2/output"));
        assertThat(checkpoint.folder().toString()).contains("checkpoint-10");
        assertThat(checkpoint.warnings()).extracting(Problem::code).contains(ProblemCode.CHOICE);
        assertThat(checkpoint.training().step()).hasValue(10);
    }

    @Test
    void anIncompleteNewestCheckpointIsPassedOverAndNamed() throws IOException {
        Path output = Resources.copy(Resources.fixture("zero2-multi-bf16-w2/output"), folder.resolve("output"));
        Files.delete(output.resolve("checkpoint-10/pytorch_model/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"));
        Checkpoint checkpoint = open(output);
        assertThat(checkpoint.folder().toString()).contains("checkpoint-9");
        assertThat(checkpoint.warnings())
                .extracting(Problem::code)
                .contains(ProblemCode.CHOICE, ProblemCode.MISSING_RANK);
    }

    @Test
    @Attack(
            name = "latest-traversal",
            tries = "a `latest` file that reads `../../elsewhere`, or one of many megabytes",
            fails = "what it names must be a plain name, and only a short file is read")
    void whatLatestNamesStaysInTheFolder() throws IOException {
        assertThatThrownBy(() -> open(Resources.fixture("broken/latest-traversal/input")))
                .hasMessageContaining("unsafe-path");
        Path output = Resources.copy(Resources.fixture("zero2-bf16-w2/output"), folder.resolve("output"));
        Files.write(output.resolve("checkpoint-3/latest"), new byte[1 << 20]);
        assertThatThrownBy(() -> open(output)).isInstanceOf(InvalidCheckpointException.class);
    }

    @Test
    void anUnsafeNewestCheckpointIsNotPassedOver() throws IOException {
        Path output = Resources.copy(Resources.fixture("zero2-multi-bf16-w2/output"), folder.resolve("output"));
        Files.copy(
                Resources.fixture("broken/evil-in-zero-optim/input/checkpoint-10/pytorch_model")
                        .resolve("bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"),
                output.resolve("checkpoint-10/pytorch_model/bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> open(output)).hasMessageContaining("unsafe-pickle");
    }

    /// A component's folder with its configuration alone, as a copy without the large files leaves it.
    @ParameterizedTest
    @CsvSource({
        "transformer, diffusion_pytorch_model.safetensors",
        "vae, diffusion_pytorch_model.safetensors",
        "text_encoder, model.safetensors",
        "my-own, diffusion_pytorch_model.safetensors"
    })
    void aComponentWithoutWeightsIsToldWhichFilesItLacks(String name, String file) throws IOException {
        Path component = Files.createDirectories(folder.resolve("model").resolve(name));
        Files.writeString(component.resolve("config.json"), "{}");
        assertThatThrownBy(() -> open(component)).isInstanceOfSatisfying(InvalidCheckpointException.class, e -> {
            assertThat(e.problem().code()).isEqualTo(ProblemCode.NOT_A_CHECKPOINT);
            assertThat(e.problem().place().file()).contains(component);
            assertThat(e.problem().remedies()).contains(new Remedy.Diagnose(component, false));
            for (Locale language : List.of(Locale.ENGLISH, Locale.CHINESE)) {
                assertThat(e.problem().message().text(language))
                        .contains(" " + file, file + ".index.json")
                        .doesNotContain("checkpoint-N");
            }
        });
    }

    @Test
    void aFolderOfSomethingElseIsToldWhatATrainerWrites() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "nothing");
        assertThatThrownBy(() -> open(folder)).hasMessageContaining("checkpoint-N");
    }

    @Test
    void aTagFolderIsTakenItself() throws IOException {
        assertThat(open(Resources.fixture("zero3-bf16-w2/output/checkpoint-3/pytorch_model"))
                        .training()
                        .zeroStage())
                .hasValue(3);
    }

    @Test
    void theTagOptionBeatsLatest() {
        Path checkpoint = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        SourceOptions options = SourceOptions.defaults().withTag("global_step7");
        assertThatThrownBy(() -> Checkpoints.open(checkpoint, options))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.TAG_NOT_FOUND));
    }

    @Test
    void theModuleIsTakenOnRequestWhereTheOptimizerFilesAreGone() throws IOException {
        Path gone = Resources.fixture("broken/only-model-states/input/checkpoint-10");
        Checkpoint checkpoint = Checkpoints.open(gone, new SourceOptions(Optional.empty(), true, false));
        assertThat(checkpoint.kind()).isEqualTo(CheckpointKind.DEEPSPEED_MODULE);
        assertThat(checkpoint.entries())
                .isNotEmpty()
                .allSatisfy(entry -> assertThat(entry.tensor().dtype()).isEqualTo(DType.BF16));
    }

    @Test
    void stage3HasNoModuleToTake() throws IOException {
        Path checkpoint = Resources.fixture("zero3-bf16-w2/output/checkpoint-3");
        assertThatThrownBy(() -> Checkpoints.open(checkpoint, new SourceOptions(Optional.empty(), true, false)))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.NO_OPTIM_STATES));
    }

    @ParameterizedTest
    @CsvSource({
        "zero_pp_rank_0_mp_rank_01_optim_states.pt",
        "mp_rank_01_model_states.pt",
        "layer_03-model_00-model_states.pt",
        "expert_0_mp_rank_00_model_states.pt",
        "layer_1_expert_3_mp_rank_00_model_states.pt"
    })
    void unsupportedParallelismIsRefusedByName(String file) throws IOException {
        Path checkpoint =
                Resources.copy(Resources.fixture("zero2-bf16-w1/output/checkpoint-3"), folder.resolve("checkpoint-3"));
        Files.createFile(checkpoint.resolve("pytorch_model").resolve(file));
        assertThatThrownBy(() -> open(checkpoint))
                .isInstanceOfSatisfying(
                        InvalidCheckpointException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSUPPORTED_PARALLELISM));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nested-state_dict.pt", "nested-model.pt", "nested-module.pt"})
    void aStateDictInsideAnotherMapIsFound(String file) throws IOException {
        Checkpoint checkpoint = open(Resources.fixture("torch-zoo/input/" + file));
        assertThat(checkpoint.entries()).isNotEmpty();
        assertThat(checkpoint.warnings()).extracting(Problem::code).contains(ProblemCode.CHOICE);
    }

    @Test
    void anOutputOfOursIsReadThroughOneIndexAndNotTwo() throws IOException {
        Path transformer = folder.resolve("transformer");
        Resources.copy(Resources.fixture("sample-t2v-2b/reference/bf16-safe-50KB"), transformer);
        Files.copy(
                transformer.resolve("diffusion_pytorch_model.safetensors.index.json"),
                transformer.resolve("model.safetensors.index.json"));
        assertThat(open(transformer).entries()).hasSize(64);
    }

    @Test
    void shardsWithoutTheirIndexAreTakenWhenAllAreThere() throws IOException {
        Path transformer = folder.resolve("transformer");
        Resources.copy(Resources.fixture("sample-t2v-2b/reference/bf16-safe-50KB"), transformer);
        Files.delete(transformer.resolve("diffusion_pytorch_model.safetensors.index.json"));
        Checkpoint checkpoint = open(transformer);
        assertThat(checkpoint.entries()).hasSize(64);
        assertThat(checkpoint.warnings()).extracting(Problem::code).contains(ProblemCode.INDEX_MISSING);
        Files.delete(transformer.resolve("diffusion_pytorch_model-00002-of-00004.safetensors"));
        assertThatThrownBy(() -> open(transformer)).hasMessageContaining("00002-of-00004");
    }

    @Test
    void twoSetsOfWeightsAreNotChosenBetween() throws IOException {
        Files.copy(
                Resources.fixture("ddp-bf16-w2/output/checkpoint-3/model.safetensors"),
                folder.resolve("model.safetensors"));
        Files.copy(
                Resources.fixture("ddp-unsafe-bf16-w2/output/checkpoint-3/pytorch_model.bin"),
                folder.resolve("pytorch_model.bin"));
        assertThatThrownBy(() -> open(folder))
                .hasMessageContaining("model.safetensors")
                .hasMessageContaining("pytorch_model.bin");
    }

    @ParameterizedTest
    @CsvSource({"lora-ddp-bf16-w2/output/checkpoint-3, LoRA"})
    void kindsThatAreNotReadYetAreNamed(String path, String name) {
        assertThatThrownBy(() -> open(Resources.fixture(path)))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining(name);
    }

    @Test
    void theTagOptionReachesIntoATrainingOutputAndIsHeldAgainstATagFolder() throws IOException {
        Path output = Resources.fixture("zero2-multi-bf16-w2/output");
        SourceOptions right = SourceOptions.defaults().withTag("pytorch_model");
        assertThat(Checkpoints.open(output, right).folder().toString()).contains("checkpoint-10");
        SourceOptions wrong = SourceOptions.defaults().withTag("global_step1");
        Path tagFolder = output.resolve("checkpoint-9/pytorch_model");
        assertThatThrownBy(() -> Checkpoints.open(tagFolder, wrong)).hasMessageContaining("global_step1");
    }

    @Test
    void whatTheFormatForbidsIsRefusedOnlyWhenStrict() throws IOException {
        byte[] header = "{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}"
                .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        java.nio.ByteBuffer file = java.nio.ByteBuffer.allocate(8 + header.length + 1)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .put((byte) 7);
        Path weights = Files.write(folder.resolve("model.safetensors"), file.array());
        assertThat(open(weights).entries()).hasSize(1);
        SourceOptions strict = new SourceOptions(
                Optional.empty(), false, false, false, io.github.cogvideo4j.formats.Strictness.STRICT);
        assertThatThrownBy(() -> Checkpoints.open(weights, strict)).hasMessageContaining("st-header");
    }

    /// Opening a pipe would wait for a writer for ever.
    @Test
    @EnabledOnOs({OS.LINUX, OS.MAC})
    void aPipeInPlaceOfAFileIsRefused() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pytorch_model.bin");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> open(pipe)).hasMessageContaining("unsafe-path");
    }

    @Test
    void whatIsNotThereIsSaidToBeMissing() {
        assertThatThrownBy(() -> open(folder.resolve("nowhere"))).isInstanceOf(NoSuchFileException.class);
    }

    private static Checkpoint open(Path path) throws IOException {
        return Checkpoints.open(path, SourceOptions.defaults());
    }
}

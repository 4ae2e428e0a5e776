package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is legal and harmful, or was put in place of weights.
class HarmfulFoldersTest {
    @TempDir
    Path temporary;

    @ParameterizedTest
    @ValueSource(strings = {"lora-ddp-bf16-w2", "lora-alpha-ddp-bf16-w2"})
    void aLoraWithoutAlphaIsAtDoubleStrength(String name) throws IOException {
        Path folder = Resources.fixture(name + "/output/checkpoint-3");
        assertThat(find(folder, ProblemCode.LORA_ALPHA)).hasValueSatisfying(finding -> {
            assertThat(finding.severity()).isEqualTo(Severity.WARNING);
            assertThat(finding.remedy())
                    .hasValueSatisfying(remedy -> assertThat(remedy)
                            .isInstanceOfSatisfying(
                                    Remedy.FuseAdapter.class,
                                    fuse -> assertThat(fuse.withAlpha()).isTrue()));
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"variant-metadata", "variant-alphakeys"})
    void aLoraThatRecordsItsAlphaIsFine(String variant) throws IOException {
        Path file = Resources.fixture("lora-alpha-ddp-bf16-w2/" + variant + "/pytorch_lora_weights.safetensors");
        assertThat(examine(file).isHealthy()).isTrue();
    }

    @Test
    void aLoraSavedUnderZero3IsEmpty() throws IOException {
        Path file = Resources.fixture("lora-zero3-bf16-w2/output/checkpoint-3/pytorch_lora_weights.safetensors");
        assertThat(find(file, ProblemCode.NOT_WEIGHTS)).isPresent();
    }

    @Test
    void theSchedulerOfAnotherModelIsNoticed() throws IOException {
        Path folder = Resources.copy(Resources.golden("real_configs/CogVideoX-5b"), temporary.resolve("model"));
        Files.copy(
                Resources.golden("real_configs/CogVideoX-2b/scheduler/scheduler_config.json"),
                folder.resolve("scheduler/scheduler_config.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(find(folder, ProblemCode.SCHEDULER))
                .hasValueSatisfying(finding ->
                        assertThat(finding.problem().message().text()).contains("snr_shift_scale", "3.0", "1.0"));
    }

    @Test
    void aSchedulerOfAnotherKindIsNoticed() throws IOException {
        Path folder = good();
        Path scheduler = folder.resolve("scheduler/scheduler_config.json");
        Files.writeString(
                scheduler, Files.readString(scheduler).replace("CogVideoXDPMScheduler", "EulerDiscreteScheduler"));
        assertThat(find(folder, ProblemCode.SCHEDULER)).isPresent();
    }

    @Test
    void aPipelineForTextWithATransformerForImagesIsAnError() throws IOException {
        Path folder = Resources.copy(Resources.golden("pipelines/i2v-5b"), temporary.resolve("model"));
        Path index = folder.resolve("model_index.json");
        Files.writeString(index, Files.readString(index).replace("CogVideoXImageToVideoPipeline", "CogVideoXPipeline"));
        assertThat(find(folder, ProblemCode.PIPELINE_CLASS))
                .hasValueSatisfying(finding -> assertThat(finding.severity()).isEqualTo(Severity.ERROR));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n", "<!DOCTYPE html><html>"})
    void whatStandsInForWeightsIsNamed(String text) throws IOException {
        Path folder = good();
        Files.writeString(weights(folder), text);
        ProblemCode code = text.startsWith("version") ? ProblemCode.GIT_LFS_POINTER : ProblemCode.NOT_WEIGHTS;
        assertThat(find(folder, code)).isPresent();
    }

    @Test
    void shardsOfTwoRunsAreNoticed() throws IOException {
        Path folder = Resources.copy(
                Resources.fixture("mess/ok2-correct-sharded/input/pipeline"), temporary.resolve("model"));
        Path transformer = folder.resolve("transformer");
        for (int number = 1; number <= 2; number++) {
            Files.copy(
                    transformer.resolve("diffusion_pytorch_model-0000" + number + "-of-00003.safetensors"),
                    transformer.resolve("diffusion_pytorch_model-0000" + number + "-of-00002.safetensors"));
        }
        assertThat(find(folder, ProblemCode.MIXED_CHECKPOINTS)).isPresent();
    }

    @Test
    void aPipelineWithoutItsIndexDoesNotLoad() throws IOException {
        Path folder = good();
        Files.delete(folder.resolve("model_index.json"));
        assertThat(find(folder, ProblemCode.MODEL_INDEX_MISSING))
                .hasValueSatisfying(finding -> assertThat(finding.symptom()).isPresent());
    }

    @Test
    void aComponentThatIsListedAndNotThereIsAnError() throws IOException {
        Path folder = good();
        Files.delete(folder.resolve("vae/config.json"));
        Files.delete(folder.resolve("vae"));
        assertThat(find(folder, ProblemCode.COMPONENT_MISSING)).isPresent();
    }

    @Test
    void aFileThatMayNotBeReadIsNamed() throws IOException {
        Path folder = good();
        Files.setPosixFilePermissions(weights(folder), PosixFilePermissions.fromString("---------"));
        assumeThat(Files.isReadable(weights(folder)))
                .as("root reads everything")
                .isFalse();
        assertThat(find(folder, ProblemCode.UNREADABLE)).isPresent();
    }

    @Test
    void whatIsAboveTheFolderIsNotLookedAt() throws IOException {
        Path folder = good();
        Files.write(folder.resolve("model_index.json"), "not json".getBytes(StandardCharsets.UTF_8));
        assertThat(examine(folder.resolve("transformer")).isHealthy()).isTrue();
    }

    @Test
    void aRemedyNamesTheFolderAsItIs() throws IOException {
        Path folder = Resources.copy(
                Resources.fixture("mess/a1-bin-no-prefix/input/pipeline"), temporary.resolve("my model; rm -r $HOME"));
        assertThat(find(folder, ProblemCode.NAME_MISSING_PREFIX).orElseThrow().remedy())
                .contains(new Remedy.RepairFolder(folder, false, Optional.empty()));
    }

    private Path good() throws IOException {
        return Resources.copy(Resources.fixture("mess/ok1-correct-single/input/pipeline"), temporary.resolve("good"));
    }

    private static Path weights(Path folder) {
        return folder.resolve("transformer/diffusion_pytorch_model.safetensors");
    }

    private static Optional<Finding> find(Path path, ProblemCode code) throws IOException {
        return examine(path).findings().stream()
                .filter(finding -> finding.code() == code)
                .findFirst();
    }

    private static Diagnosis examine(Path path) throws IOException {
        return Doctor.examine(path, new DoctorOptions(false, 1), JobControl.none());
    }
}

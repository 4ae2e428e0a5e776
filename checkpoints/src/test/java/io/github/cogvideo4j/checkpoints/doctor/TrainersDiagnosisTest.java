package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the doctor says of today's trainers' folders.
class TrainersDiagnosisTest {
    @ParameterizedTest
    @CsvSource({
        "cogkit-sft-w2/output, CogKit SFT",
        "cogkit-sft-ddp-w2/output/checkpoint-2, CogKit SFT",
        "cogkit-lora-w2/output, CogKit LoRA",
        "cogkit-qlora-w1/output/checkpoint-2, CogKit",
        "dtensor-ranks-w2/output/global_step_20/actor, verl",
        "dtensor-ranks-replicated-w2/output/ckpt, verl",
        "hf-dcp-w2/output/step-20, torchtitan",
        "videoxfun-full-ema/output/checkpoint-2, VideoX-Fun",
        "videoxfun-zero2-w2/output/checkpoint-2, VideoX-Fun",
        "videoxfun-zero3-w2/output, VideoX-Fun",
        "videoxfun-fsdp-w2/output, VideoX-Fun",
        "diffusion-pipe-full-w2/output/20260101_12-00-00, diffusion-pipe",
        "diffusion-pipe-lora-w2/output/20260101_12-00-00, diffusion-pipe",
        "finetrainers-lora-run/output, finetrainers",
        "single-files/lightning-ckpt/input, Lightning"
    })
    void namesTheTrainerAndFindsNothingWrong(String path, String trainer) throws IOException {
        List<Finding> findings = Doctor.examine(Resources.fixture(path), new DoctorOptions(false, 1), JobControl.none())
                .findings();
        assertThat(findings)
                .extracting(finding -> finding.problem().message().text(Locale.ENGLISH))
                .anyMatch(text -> text.contains(trainer));
        // An adapter without an alpha is always said.
        assertThat(findings)
                .filteredOn(finding -> finding.problem().code() != ProblemCode.LORA_ALPHA)
                .extracting(Finding::severity)
                .containsOnly(Severity.INFO);
    }

    @ParameterizedTest
    @CsvSource({
        "cogkit-sft-run/output, not-a-checkpoint",
        "finetrainers-run/output, not-a-checkpoint",
        "videoxfun-full-ema/output, not-a-checkpoint",
        "dtensor-ranks-missing-w2/output/ckpt, missing-rank",
        "single-files/zero3-ungathered-bin/input, zero3-placeholder",
        "single-files/zero3-ungathered-safetensors/input, zero3-placeholder",
        "single-files/gguf/input, other-format",
        "single-files/gguf/input/cogvideox-5b-Q8_0.gguf, other-format"
    })
    void namesWhatIsUnfinishedOrMissing(String path, String code) throws IOException {
        assertThat(Doctor.examine(Resources.fixture(path), new DoctorOptions(false, 1), JobControl.none())
                        .findings())
                .filteredOn(finding -> finding.severity() != Severity.INFO)
                .extracting(finding -> finding.problem().code().id())
                .contains(code);
    }
}

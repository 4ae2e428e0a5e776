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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Folders with nothing wrong: no warning, whatever they are.
class HealthyFoldersTest {
    @ParameterizedTest
    @ValueSource(strings = {"t2v-2b", "i2v-5b"})
    void aWholePipelineIsHealthy(String name) throws IOException {
        Diagnosis diagnosis = examine(Resources.golden("pipelines/" + name), true);
        assertThat(diagnosis.findings()).noneMatch(finding -> finding.severity() != Severity.INFO);
        assertThat(diagnosis.summary().text()).startsWith("a pipeline folder");
    }

    static Stream<Path> checkpoints() {
        return Resources.cases("").stream()
                .filter(name ->
                        List.of("deepspeed", "accelerate", "dcp", "universal").contains(Resources.kind(name)))
                .filter(name -> !name.startsWith("lora"))
                .map(name -> Resources.fixture(name).resolve(name.startsWith("universal") ? "input" : "output"))
                .filter(Files::isDirectory);
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void whatATrainerWroteIsHealthy(Path output) throws IOException {
        Diagnosis diagnosis = examine(output, false);
        assertThat(diagnosis.findings()).noneMatch(finding -> finding.severity() != Severity.INFO);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"CogVideoX-2b", "CogVideoX-5b", "CogVideoX-5b-I2V", "CogVideoX1.5-5B", "CogVideoX1.5-5B-I2V"})
    void theConfigurationsOfThePublishedModelsFitTogether(String name) throws IOException {
        List<Finding> findings =
                examine(Resources.golden("real_configs/" + name), false).findings();
        assertThat(findings)
                .extracting(Finding::code)
                .doesNotContain(
                        ProblemCode.SCHEDULER,
                        ProblemCode.PIPELINE_CLASS,
                        ProblemCode.CONFIG_INVALID,
                        ProblemCode.CONFIG_MISSING);
    }

    private static Diagnosis examine(Path path, boolean deep) throws IOException {
        return Doctor.examine(path, new DoctorOptions(deep, 2), JobControl.none());
    }
}

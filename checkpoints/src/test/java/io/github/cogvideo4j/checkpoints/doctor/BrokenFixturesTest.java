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
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Damaged and hostile inputs: the doctor names the code that the converter refuses them with.
class BrokenFixturesTest {
    /// What is wrong with these shows only in the base or the dtype that the conversion is asked for.
    private static final Set<String> NOT_VISIBLE =
            Set.of("config-fewer-layers", "config-more-layers", "config-shape-mismatch", "bf16-overflow-on-fp16");

    static Stream<FixtureCase> cases() {
        return Resources.cases("broken").stream()
                .filter(name -> !NOT_VISIBLE.contains(name))
                .map(name -> FixtureCase.of("broken/" + name));
    }

    private static final Set<String> NEED_DEEP = Set.of("bad-crc", "nan-inf", "all-zero", "overflow");

    @ParameterizedTest
    @MethodSource("cases")
    void theDoctorNamesTheCodeAndTheWords(FixtureCase fixture) throws IOException {
        SortedMap<String, String> before = Resources.snapshot(fixture.folder());
        boolean deep = fixture.codes().stream().anyMatch(NEED_DEEP::contains);
        Diagnosis diagnosis = Doctor.examine(fixture.input(), new DoctorOptions(deep, 2), JobControl.none());
        assertThat(Resources.snapshot(fixture.folder())).isEqualTo(before);

        String outcome = fixture.outcome();
        if (outcome.equals("convert") || outcome.equals("convert-and-mention")) {
            assertThat(diagnosis.isHealthy()).as("%s", diagnosis.findings()).isTrue();
            return;
        }
        List<Finding> named = diagnosis.findings().stream()
                .filter(finding -> fixture.codes().contains(finding.code().id()))
                .toList();
        assertThat(named).as("%s", diagnosis.findings()).isNotEmpty();
        String text = FixtureCase.text(named);
        assertThat(fixture.words()).allSatisfy(word -> assertThat(text).containsIgnoringCase(word));
        if (!outcome.endsWith("-or-ignore")) {
            assertThat(diagnosis.isHealthy()).isFalse();
        }
        if (outcome.equals("error") || outcome.equals("error-no-crash")) {
            assertThat(named).anyMatch(finding -> finding.severity() == Severity.ERROR);
        }
    }

    @Test
    void theLargestWeightShowsThatHalfPrecisionIsTooNarrow() throws IOException {
        FixtureCase fixture = FixtureCase.of("broken/bf16-overflow-on-fp16");
        Diagnosis diagnosis = Doctor.examine(fixture.input(), new DoctorOptions(true, 2), JobControl.none());
        assertThat(diagnosis.findings())
                .filteredOn(finding -> finding.code() == ProblemCode.OVERFLOW)
                .singleElement()
                .satisfies(finding ->
                        assertThat(FixtureCase.text(List.of(finding))).contains("1.000e+06", "65504"));
    }
}

package io.github.cogvideo4j.checkpoints.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class VerificationRequestTest {
    private static final Path SOURCE = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");

    @Test
    void theJsonFormOfASimpleRequestHoldsNoDefaults() {
        assertThat(VerificationRequest.of(Path.of("model")).toJson()).isEqualTo(object("""
                        {"job": "verify", "version": 1, "model": "model"}"""));
    }

    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        VerificationRequest compared = new VerificationRequest(
                "THUDM/CogVideoX-5b",
                Optional.of(Path.of("run")),
                List.of(Path.of("a"), Path.of("b")),
                Optional.of(new SourceOptions(Optional.of("global_step3"), true, true, true, Strictness.STRICT)),
                false,
                3);
        VerificationRequest byDefault = new VerificationRequest(
                "m", Optional.of(Path.of("run")), List.of(), Optional.of(SourceOptions.defaults()), false, 3);
        VerificationRequest deep = VerificationRequest.of(Path.of("m")).withDeep(true);
        for (VerificationRequest request : List.of(compared, byDefault, deep)) {
            assertThat(VerificationRequest.read(object(JsonFile.format(request.toJson()))))
                    .isEqualTo(request);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'convert', 'version': 1, 'model': 'm'}",
                "{'job': 'verify', 'model': 'm'}",
                "{'job': 'verify', 'version': 2, 'model': 'm'}",
                "{'job': 'verify', 'version': 1}",
                "{'job': 'verify', 'version': 1, 'model': 3}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'fix': true}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'threads': 0}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'threads': 5000}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a\\u0000'}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': ['a']}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a', 'deep': true}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'source': {}}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'adapters': [{'path': 'a'}]}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a', 'adapters': ['b']}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a', 'adapters': [{'path': 'b', 'x': 1}]}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a', 'source': {'run': true}}",
                "{'job': 'verify', 'version': 1, 'model': 'm', 'against': 'a', 'source': 'fast'}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> VerificationRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                    assertThat(e.category()).isEqualTo(Category.USAGE);
                });
    }

    @Test
    void aFolderIsVerifiedByItselfAndAgainstItsSource(@TempDir Path folder) throws IOException {
        Path output = convert(folder);
        VerificationReport intact =
                VerificationRequest.of(output).plan(JobControl.none()).run(JobControl.none());
        assertThat(intact.manifest()).isTrue();
        assertThat(intact.problems()).isEmpty();
        VerificationReport equal = VerificationRequest.of(output)
                .withAgainst(SOURCE)
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(equal.problems()).isEmpty();
        assertThat(equal.source()).isPresent();
        assertThat(equal.tensors()).isEqualTo(intact.tensors());
    }

    @Test
    void whatAManifestSaysOfASourceHoldsUnlessTheRequestSaysOtherwise(@TempDir Path folder) throws IOException {
        Path output = convert(folder);
        SourceOptions other = SourceOptions.defaults().withTag("global_step1");
        VerificationRequest request = new VerificationRequest(
                output.toString(), Optional.of(SOURCE), List.of(), Optional.of(other), false, 2);
        assertThatThrownBy(() -> request.plan(JobControl.none())).hasMessageContaining("global_step1");
    }

    @Test
    void aVerificationStopsWhenItIsCancelled(@TempDir Path folder) throws IOException {
        Path output = convert(folder);
        for (VerificationRequest request : List.of(
                VerificationRequest.of(output), VerificationRequest.of(output).withAgainst(SOURCE))) {
            Cancellation cancellation = new Cancellation();
            JobControl cancelling = new JobControl(
                    event -> {
                        if (event instanceof JobEvent.Advanced) {
                            cancellation.cancel();
                        }
                    },
                    cancellation);
            JobPlan<VerificationReport> plan = request.plan(cancelling);
            assertThatThrownBy(() -> plan.run(cancelling)).isInstanceOf(CancelledException.class);
            assertThatThrownBy(() -> request.plan(cancelling)).isInstanceOf(CancelledException.class);
        }
    }

    private static Path convert(Path folder) throws IOException {
        return ConversionRequest.of(SOURCE, folder.resolve("model"))
                .plan(JobControl.none())
                .run(JobControl.none())
                .output();
    }

    private static ObjectNode object(String json) {
        return JsonFile.parseObject(json, Place.nowhere(), ProblemCode.REQUEST);
    }
}

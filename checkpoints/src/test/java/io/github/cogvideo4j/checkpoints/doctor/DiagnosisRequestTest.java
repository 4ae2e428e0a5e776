package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.doctor.DiagnosisRequest.Action;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class DiagnosisRequestTest {
    @Test
    void theJsonFormOfASimpleRequestHoldsNoDefaults() {
        assertThat(DiagnosisRequest.of(Path.of("model")).toJson()).isEqualTo(object("""
                        {"job": "diagnose", "version": 1, "path": "model"}"""));
    }

    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        for (DiagnosisRequest request : List.of(
                new DiagnosisRequest(Path.of("m"), Action.REPAIR, true, Optional.of("a.bin"), true, 3),
                new DiagnosisRequest(Path.of("m"), Action.UNDO, false, Optional.empty(), false, 3),
                DiagnosisRequest.of(Path.of("m")).withDeep(true))) {
            assertThat(DiagnosisRequest.read(object(JsonFile.format(request.toJson()))))
                    .isEqualTo(request);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'verify', 'version': 1, 'path': 'm'}",
                "{'job': 'diagnose', 'path': 'm'}",
                "{'job': 'diagnose', 'version': 2, 'path': 'm'}",
                "{'job': 'diagnose', 'version': 1}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm\\u0000'}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'action': 'delete'}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'action': true}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'rewriting': true}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'keep': 'a.bin'}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'action': 'undo', 'deep': true}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'action': 'repair', 'keep': 3}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'threads': -1}",
                "{'job': 'diagnose', 'version': 1, 'path': 'm', 'yes': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> DiagnosisRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                    assertThat(e.category()).isEqualTo(Category.USAGE);
                });
    }

    @Test
    void aFolderIsMendedAndTakenBack(@TempDir Path folder) throws IOException {
        Path model = damaged(folder);
        List<Path> damaged = files(model);
        DiagnosisRequest request = DiagnosisRequest.of(model);
        DiagnosisPlan plan = request.withAction(Action.REPAIR).plan(JobControl.none());
        assertThat(plan.before())
                .hasValueSatisfying(found -> assertThat(found.isHealthy()).isFalse());
        assertThat(plan.steps()).isNotEmpty();
        assertThat(files(model)).isEqualTo(damaged);
        assertThat(plan.run(JobControl.none()).diagnosis())
                .hasValueSatisfying(found -> assertThat(found.isHealthy()).isTrue());
        DiagnosisPlan.Result undone =
                request.withAction(Action.UNDO).plan(JobControl.none()).run(JobControl.none());
        assertThat(undone.undone()).isEqualTo(1);
        assertThat(files(model)).isEqualTo(damaged);
    }

    @Test
    void aRepairThatIsCancelledChangesNothing(@TempDir Path folder) throws IOException {
        Path model = damaged(folder);
        List<Path> damaged = files(model);
        DiagnosisPlan plan =
                DiagnosisRequest.of(model).withAction(Action.REPAIR).plan(JobControl.none());
        Cancellation cancellation = new Cancellation();
        JobControl cancelling = new JobControl(
                event -> {
                    if (event instanceof JobEvent.Advanced) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        assertThatThrownBy(() -> plan.run(cancelling)).isInstanceOf(CancelledException.class);
        assertThat(files(model)).isEqualTo(damaged);
    }

    @Test
    void anUndoingThatIsCancelledLeavesTheRepairWhole(@TempDir Path folder) throws IOException {
        Path model = damaged(folder);
        DiagnosisRequest request = DiagnosisRequest.of(model);
        request.withAction(Action.REPAIR).plan(JobControl.none()).run(JobControl.none());
        List<Path> mended = files(model);
        DiagnosisPlan plan = request.withAction(Action.UNDO).plan(JobControl.none());
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        JobControl cancelled = new JobControl(_ -> {}, cancellation);
        assertThatThrownBy(() -> plan.run(cancelled)).isInstanceOf(CancelledException.class);
        assertThat(files(model)).isEqualTo(mended);
    }

    /// A converted folder whose weights have got another name.
    private static Path damaged(Path folder) throws IOException {
        Path model = ConversionRequest.of(
                        Resources.fixture("zero2-bf16-w2/output/checkpoint-3"), folder.resolve("model"))
                .plan(JobControl.none())
                .run(JobControl.none())
                .output();
        Path transformer = model.resolve("transformer");
        Files.move(
                transformer.resolve("diffusion_pytorch_model.safetensors"), transformer.resolve("model.safetensors"));
        Files.delete(model.resolve("cogvideo4j.json"));
        return transformer;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted().toList();
        }
    }

    private static ObjectNode object(String json) {
        return JsonFile.parseObject(json, Place.nowhere(), ProblemCode.REQUEST);
    }
}

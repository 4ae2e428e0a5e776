package io.github.cogvideo4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class DoctorCommandTest {
    @TempDir
    Path temporary;

    @Test
    void aHealthyFolderGetsItsNameAndExitsWithZero() {
        Run run = Run.of(
                "doctor",
                Resources.fixture("mess/ok1-correct-single/input/pipeline").toString(),
                "--deep");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).contains("a pipeline folder (CogVideoXPipeline)", "nothing is wrong");
    }

    @Test
    void aFindingComesWithItsSymptomAndRemedy() throws IOException {
        Path folder = messy();
        Run run = Run.of("doctor", folder.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out())
                .contains(
                        "problem: ",
                        "[name-missing-prefix]",
                        "no file named diffusion_pytorch_model.bin",
                        "cogvideo doctor ",
                        "--fix");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void nothingIsDoneWithoutConsent() throws IOException {
        Path folder = messy();
        SortedMap<String, String> before = Resources.snapshot(folder);
        Run run = Run.of("doctor", folder.toString(), "--fix");
        assertThat(run.exit()).isEqualTo(ExitCode.PROBLEMS_FOUND);
        assertThat(run.out())
                .contains("rename transformer/pytorch_model.bin to transformer/diffusion_pytorch_model.bin");
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @Test
    void fixMendsAndUndoTakesItBack() throws IOException {
        Path folder = messy();
        SortedMap<String, String> before = Resources.snapshot(folder);
        assertThat(Run.of("doctor", folder.toString(), "--fix", "--yes").exit()).isEqualTo(ExitCode.DONE);
        assertThat(folder.resolve("transformer/diffusion_pytorch_model.bin")).exists();
        assertThat(Run.of("doctor", folder.toString(), "--undo").exit()).isEqualTo(ExitCode.DONE);
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    @Test
    void jsonSaysAllOfIt() throws IOException {
        Run run = Run.of("doctor", messy().toString(), "--json");
        JsonNode finding = new ObjectMapper()
                .readTree(run.out())
                .get("result")
                .get("findings")
                .get(0);
        assertThat(finding.get("code").stringValue()).isEqualTo("name-missing-prefix");
        assertThat(finding.get("severity").stringValue()).isEqualTo("error");
        assertThat(finding.has("symptom") && finding.has("remedy") && finding.has("file"))
                .isTrue();
    }

    @Test
    void fixAndUndoExcludeEachOther() throws IOException {
        assertThat(Run.of("doctor", messy().toString(), "--fix", "--undo").exit())
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void aHealthyFolderIsSaidNotToHaveBeenReadWhole() throws IOException {
        Path folder = Resources.copy(Resources.golden("pipelines/t2v-2b"), temporary.resolve("model"));
        for (Path weights : List.of(
                folder.resolve("vae/diffusion_pytorch_model.safetensors"),
                folder.resolve("text_encoder/model.safetensors"))) {
            Files.delete(weights);
        }
        Run run = Run.of("doctor", folder.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        assertThat(run.out())
                .contains(
                        "before the pipeline loads, the weights of these have to be added: text_encoder, vae",
                        "not looked at: the values of the weights");
        assertThat(Run.of("doctor", folder.toString(), "--deep").out()).doesNotContain("not looked at");
    }

    @Test
    void whatWasMendedIsSaidWithTheWayBack() throws IOException {
        Path folder = messy();
        assertThat(Run.of("doctor", folder.toString(), "--fix", "--yes").out())
                .contains("done: 1 step was carried out; cogvideo doctor " + folder + " --undo takes it back");
    }

    @Test
    void optionsOfMendingAreRefusedWithoutIt() throws IOException {
        String folder = messy().toString();
        for (String[] options : new String[][] {{"--yes"}, {"--convert"}, {"--keep", "model.bin"}}) {
            Run run = Run.of(Stream.concat(Stream.of("doctor", folder), Stream.of(options))
                    .toArray(String[]::new));
            assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains("give --fix");
        }
    }

    private Path messy() throws IOException {
        return Resources.copy(Resources.fixture("mess/a1-bin-no-prefix/input/pipeline"), temporary.resolve("pipeline"));
    }
}

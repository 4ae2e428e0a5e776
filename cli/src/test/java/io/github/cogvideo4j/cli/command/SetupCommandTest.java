package io.github.cogvideo4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// `setup cuda` where nothing is fetched.
class SetupCommandTest {
    @TempDir
    private Path temporary;

    private Map<String, String> environment;

    @BeforeEach
    void environment() {
        environment = Map.of(
                "LANG",
                "C",
                "HOME",
                temporary.toString(),
                "PATH",
                "/none",
                "COGVIDEO_CUDA_HOME",
                temporary.resolve("cuda").toString());
    }

    private Run setup(String... words) {
        return Run.in(environment, words);
    }

    private static void onLinux() {
        assumeThat(System.getProperty("os.name") + "-" + System.getProperty("os.arch"))
                .isEqualTo("Linux-amd64");
    }

    @Test
    void otherThingsAreRefusedByName() {
        Run run = setup("setup", "rocm");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).startsWith("error: rocm cannot be set up; known: cuda [usage]");
        assertThat(setup("setup", "cuda", "--remove", "--dry-run").exit()).isEqualTo(ExitCode.USAGE);
    }

    @Test
    void aDryRunTellsSizesAndLicencesAndWritesNothing() {
        onLinux();
        Run run = setup("setup", "cuda", "--dry-run");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out())
                .contains("to fetch: pytorch-2.13.0-1.5.14-linux-x86_64-gpu.jar (455.2 MB)")
                .contains("CUDA Toolkit EULA");
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void jsonTellsWhatWouldBeFetched() {
        onLinux();
        ObjectNode json = JsonFile.parseObject(
                setup("setup", "cuda", "--dry-run", "--json").out(), Place.nowhere(), ProblemCode.REQUEST);
        ObjectNode result = (ObjectNode) json.get("result");
        assertThat(result.get("done").asBoolean()).isFalse();
        assertThat(result.get("fetch")
                        .valueStream()
                        .map(file -> file.get("coordinates").asString()))
                .contains("org.bytedeco:pytorch:2.13.0-1.5.14:jar:linux-x86_64-gpu");
        assertThat(result.get("found")
                        .valueStream()
                        .map(step -> step.get("name").asString()))
                .contains("cuda-driver", "cuda-libtorch", "cuda-libraries");
    }

    @Test
    void aFolderThatLacksFilesIsRefusedBeforeAnythingIsMade() throws IOException {
        onLinux();
        Path brought = Files.createDirectory(temporary.resolve("brought"));
        Run run = setup("setup", "cuda", "--from", brought.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(run.err())
                .contains("this folder lacks cuda-redist-cublas-13.3-9.25-1.5.14-linux-x86_64.jar")
                .contains("[missing-file]");
        assertThat(temporary.resolve("cuda")).doesNotExist();
    }

    @Test
    void aDamagedFileThatWasBroughtIsRefused() throws IOException {
        onLinux();
        Path libraries = Files.createDirectory(temporary.resolve("libraries"));
        for (String library : ("libcudart.so.13 libcupti.so.13 libcublasLt.so.13 libcublas.so.13 libnvJitLink.so.13"
                        + " libcusparse.so.12 libcusolver.so.12 libcufft.so.12 libcurand.so.10 libcufile.so.0"
                        + " libnvrtc.so.13 libnccl.so.2 libcudnn.so.9 libcudnn_graph.so.9 libcudnn_ops.so.9"
                        + " libcudnn_cnn.so.9 libcudnn_adv.so.9 libcudnn_heuristic.so.9"
                        + " libcudnn_engines_precompiled.so.9 libcudnn_engines_runtime_compiled.so.9")
                .split(" ")) {
            Files.write(libraries.resolve(library), new byte[0]);
        }
        Path brought = Files.createDirectory(temporary.resolve("brought"));
        Path jar = Files.writeString(brought.resolve("pytorch-2.13.0-1.5.14-linux-x86_64-gpu.jar"), "damaged");
        Run run = setup("setup", "cuda", "--libraries", libraries.toString(), "--from", brought.toString());
        assertThat(run.exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(run.err()).contains("is damaged: its SHA-256 is").contains("[bad-crc]");
        assertThat(jar).exists();
        assertThat(temporary.resolve("cuda")).doesNotExist();
        assertThat(setup("setup", "cuda", "--remove").out()).startsWith("nothing is set up in ");
    }
}

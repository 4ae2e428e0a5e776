package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.Run.convert;
import static io.github.cogvideo4j.cli.Run.equal;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `convert --to comfyui`, there and back.
class ComfyUiCommandTest {
    @TempDir
    Path folder;

    private int outputs;

    private Path output() {
        return folder.resolve("out" + outputs++);
    }

    /// Names, dtypes and bytes of ComfyUI's own file come back out of the folder for diffusers, and the folder's out
    /// of the file.
    @Test
    void aFileForComfyUiAndAFolderForDiffusersAreEachOthersInverse() throws IOException {
        Path comfy =
                Resources.fixture("single-files/prefix-model-diffusion-model/input/cogvideox_finetune.safetensors");
        Path model = output();
        assertThat(convert(comfy, model, List.of()).exit()).isEqualTo(ExitCode.DONE);

        Path file = output();
        Run there = convert(model.resolve("transformer"), file, List.of("--to", "comfyui"));
        assertThat(there.exit()).as(there.err()).isEqualTo(ExitCode.DONE);
        assertThat(WrittenTensors.in(file.resolve("model.safetensors"))).isEqualTo(WrittenTensors.in(comfy));
        assertThat(Resources.snapshot(file).keySet()).containsExactlyInAnyOrder("model.safetensors", "cogvideo4j.json");
        equal(file, model.resolve("transformer"));
        Run intact = Run.of("verify", file.toString());
        assertThat(intact.exit()).as(intact.out() + intact.err()).isEqualTo(ExitCode.DONE);

        Path back = output();
        assertThat(convert(file, back, List.of()).exit()).isEqualTo(ExitCode.DONE);
        assertThat(WrittenTensors.in(back.resolve("transformer")))
                .isEqualTo(WrittenTensors.in(model.resolve("transformer")));
    }

    @ParameterizedTest
    @CsvSource({
        "cogkit-sft-w2/output, bf16",
        "videoxfun-zero2-w2/output, bf16",
        "single-files/prefix-transformer/input/cogvideox_finetune.safetensors, source"
    })
    void everyTrainingBecomesAFileForComfyUi(String path, String dtype) {
        Path source = Resources.fixture(path);
        Path model = output();
        Path file = output();
        assertThat(convert(source, model, List.of("--dtype", dtype)).exit()).isEqualTo(ExitCode.DONE);
        assertThat(convert(source, file, List.of("--to", "comfyui")).exit()).isEqualTo(ExitCode.DONE);
        SortedMap<String, String> expected = new TreeMap<>();
        WrittenTensors.in(model.resolve("transformer"))
                .forEach((name, tensor) -> expected.put("model.diffusion_model." + name, tensor));
        assertThat(WrittenTensors.in(file)).isEqualTo(expected);
        equal(file, source);
    }

    @Test
    void anotherFamilyHasOtherNamesInComfyUi() {
        Run run = convert(
                Resources.fixture("any-wan21-zero2-bf16-w2/output/checkpoint-3"), output(), List.of("--to", "comfyui"));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("ComfyUI").contains("WanTransformer3DModel");
    }
}

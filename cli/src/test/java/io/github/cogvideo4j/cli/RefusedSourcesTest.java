package io.github.cogvideo4j.cli;

import static io.github.cogvideo4j.cli.Run.convert;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is no model to convert: refused by name, with nothing left.
class RefusedSourcesTest {
    @TempDir
    Path folder;

    private int outputs;

    private Path output() {
        return folder.resolve("out" + outputs++);
    }

    @ParameterizedTest
    @CsvSource({
        // fixture, path, code, what is said
        "cogkit-lora-w2, output, not-a-checkpoint, CogKit LoRA|adapter|lora fuse",
        "cogkit-lora-w2, output/checkpoint-2, not-a-checkpoint, CogKit LoRA|adapter|lora fuse",
        "cogkit-qlora-w1, output, not-a-checkpoint, CogKit|QLoRA|adapter",
        "cogkit-qlora-w1, output/checkpoint-2, not-a-checkpoint, CogKit|QLoRA|adapter",
        "finetrainers-lora-run, output, lora-unmerged, finetrainers|lora export",
        "finetrainers-lora-run, output/finetrainers_step_20, lora-unmerged, finetrainers|lora export",
        "diffusion-pipe-lora-w2, output/20260101_12-00-00, not-a-checkpoint, epoch2|adapter",
        "diffusion-pipe-lora-w2, output/20260101_12-00-00/global_step4, not-a-checkpoint, adapter|pipeline",
        "videoxfun-lora, output, not-a-checkpoint, adapter|lora fuse",
        "videoxfun-lora, output/checkpoint-3.safetensors, not-a-checkpoint, adapter|lora fuse",
        "videoxfun-lora-peft, output, not-a-checkpoint, adapter|lora fuse",
        "videoxfun-lora-state, output, not-a-checkpoint, adapter|lora fuse",
        "dtensor-ranks-missing-w2, output/ckpt, missing-rank, model_world_size_2_rank_1.pt",
        "single-files/gguf, input/cogvideox-5b-Q8_0.gguf, other-format, GGUF",
        "single-files/gguf, input, other-format, GGUF",
        "single-files/fp8-scaled, input/cogvideox_fp8_scaled.safetensors, other-format, scaled fp8|scale_weight",
        "single-files/zero3-ungathered-bin, input/diffusion_pytorch_model.bin, zero3-placeholder, 40 of 40|gather",
        "single-files/zero3-ungathered-safetensors, input, zero3-placeholder, 40 of 40|gather",
        "single-files/browser-names, input/pipeline, not-a-checkpoint, transformer_config.json|doctor",
        "single-files/browser-names, input/pipeline/transformer, not-a-checkpoint, transformer_config.json|doctor",
        "single-files/browser-names-all, input/pipeline, not-a-checkpoint, transformer_config.json|doctor"
    })
    void whatIsNoModelIsRefusedByNameAndNothingIsLeft(String fixture, String path, String code, String said)
            throws IOException {
        Path home = Resources.fixture(fixture);
        List<List<String>> bases = new ArrayList<>(List.of(List.of()));
        if (Files.exists(home.resolve("base"))) {
            bases.add(List.of("--base", home + "/base"));
        }
        for (List<String> base : bases) {
            Run run = convert(home.resolve(path), output(), base);
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(run.err()).contains("[" + code + "]").contains(said.split("\\|"));
            assertThat(run.err()).doesNotContainIgnoringCase("tensor parallel").doesNotContain("Exception");
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    /// First bytes as the formats' specifications have them, and the names that their programs give.
    @ParameterizedTest
    @CsvSource({
        "model.onnx, 0807120b70797465, ONNX",
        "tf_model.h5, 894844460d0a1a0a, HDF5",
        "saved_model.pb, 0801, TensorFlow",
        "model.ckpt.index, 00000000, TensorFlow",
        "model.tflite, 1c00000054464c33, TensorFlow Lite",
        "diffusion_flax_model.msgpack, 82a6706172616d73, Flax",
        "model.mlmodel, 0801, Core ML"
    })
    void aFileOfAnotherFormatIsNamedOnceByEveryCommand(String name, String bytes, String title) throws IOException {
        Path home = Files.createDirectory(folder.resolve("download"));
        Path file = Files.write(home.resolve(name), HexFormat.of().parseHex(bytes));
        for (Path path : List.of(file, home)) {
            for (List<String> words : List.of(
                    List.of("convert", path.toString(), output().toString()),
                    List.of("doctor", path.toString()),
                    List.of("inspect", path.toString()))) {
                Run run = Run.of(words.toArray(String[]::new));
                assertThat(run.exit()).isIn(ExitCode.BAD_INPUT, ExitCode.PROBLEMS_FOUND);
                assertThat(run.out() + run.err())
                        .as("%s", words)
                        .containsOnlyOnce("[other-format]")
                        .containsOnlyOnce("[")
                        .contains("the format of this file is " + title, "safetensors");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cogkit-sft-w2/output", "videoxfun-zero2-w2/output", "hf-dcp-w2/output"})
    void anAverageThatIsNotThereIsNotMadeUp(String path) {
        Run run = convert(Resources.fixture(path), output(), List.of(), "--ema");
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("[missing-tensor]").contains("averaged (EMA)");
    }

    @Test
    void ofAlternativesOneIsToBeUsed() {
        Path home = Resources.fixture("any-lora-wan22-second-ddp-bf16-w2");
        Run run = Run.of("lora", "fuse", home + "/base", home + "/output", output().toString());
        assertThat(run.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(run.err()).contains("use one of these: --component transformer, --component transformer_2");
    }
}

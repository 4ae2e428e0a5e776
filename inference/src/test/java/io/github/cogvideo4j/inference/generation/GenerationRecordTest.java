package io.github.cogvideo4j.inference.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.internal.job.ModelIdentity;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class GenerationRecordTest {
    private static final Path ROOT = Path.of("/").toAbsolutePath();
    private static final int THREADS = Runtime.getRuntime().availableProcessors();

    @TempDir
    private Path folder;

    private static GenerationRequest plain() {
        return GenerationRequest.of(ROOT.resolve("my model"), "--seed=7 \"quoted\"\n", ROOT.resolve("x.mp4"));
    }

    /// Everything is something else than its default.
    private static GenerationRequest full() {
        return plain().withPrompts(
                        GenerationKind.V2V,
                        List.of(
                                new PromptInput("a", Optional.of(ROOT.resolve("in.mp4"))),
                                new PromptInput("b", Optional.of(ROOT.resolve("other.gif")))))
                .withNegativePrompt("blurred")
                .withOptions(new PipelineOptions(
                        new ComputeOptions(
                                Precision.FP32,
                                "cpu",
                                THREADS,
                                AttentionKernel.FLASH,
                                Offload.STREAM,
                                Optional.of(true)),
                        new VaeOptions(true, true, Optional.of(new TileSize(240, 360, 0.25, 0.2))),
                        Optional.of(ROOT.resolve("checkpoint-500")),
                        List.of(
                                new LoraChoice(ROOT.resolve("a.safetensors"), 0.7, OptionalDouble.of(32)),
                                new LoraChoice(ROOT.resolve("b.safetensors"), 1)),
                        Optional.of(SchedulerChoice.DPM_2M_SDE),
                        Optional.of(TimestepSpacing.TRAILING),
                        new SamplerOptions(true, OptionalInt.of(2), true, true),
                        WeightFormat.FP8,
                        true))
                .withSettings(GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(9)
                        .withSteps(5)
                        .withGuidanceScale(3.5)
                        .withDynamicCfg(true)
                        .withVideosPerPrompt(2)
                        .withMaxSequenceLength(100)
                        .withStrength(0.5)
                        .withFramesPerSecond(7.5)
                        .withCache(CacheChoice.of("pab:spatial_attention_timestep_skip_range=100..800,x=1")))
                .withSeed(-3)
                .withTrial(true)
                .withOutputs(new GenerationOutputs(
                        ROOT.resolve("out.gif"),
                        Optional.of(ROOT.resolve("l.safetensors")),
                        Optional.of(ROOT.resolve("s.png")),
                        10,
                        true));
    }

    @Test
    void aRequestIsTheSameAfterItsJson() {
        for (GenerationRequest request : List.of(plain(), full())) {
            assertThat(RequestJson.read(RequestJson.write(request), Place.nowhere()))
                    .isEqualTo(request);
        }
    }

    /// A record of a run on the processor says nothing of cards.
    @Test
    void choicesOfACardAreWrittenWhereTheyWereMade() {
        assertThat(RequestJson.write(plain()).propertyNames())
                .doesNotContain("attention", "offload", "cudnn_benchmark");
        ObjectNode json = RequestJson.write(full());
        assertThat(json.path("attention").stringValue()).isEqualTo("flash");
        assertThat(json.path("offload").stringValue()).isEqualTo("stream");
        assertThat(json.path("cudnn_benchmark").booleanValue()).isTrue();
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        ObjectNode identity = JsonFile.newObject();
        identity.put("tensors_sha256", "ab");
        for (GenerationRequest request : List.of(plain(), full())) {
            GenerationRecord record = new GenerationRecord(request, identity);
            Path file = Files.writeString(folder.resolve("video.mp4.json"), record.text(video()));
            GenerationRecord read = GenerationRecord.read(file);
            assertThat(read.request()).isEqualTo(request.withOutputs(GenerationOutputs.of(Path.of("output.mp4"))));
            assertThat(read.identity()).isEqualTo(identity);
        }
    }

    private static GeneratedVideo video() {
        return new GeneratedVideo(
                GenerationOutputs.of(Path.of("video.mp4")),
                42,
                9,
                48,
                80,
                8,
                Map.of(),
                OptionalLong.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /// As an earlier version wrote it: options by name, each value a text.
    @Test
    void recordsOfFormatOneAreRead() throws IOException {
        Path file = Files.writeString(folder.resolve("old.json"), """
                {"format": 1, "options": {"model": ["/my model"], "transformer": ["/checkpoint-500"],
                 "lora-path": ["/a.safetensors", "/b.safetensors"], "lora-scale": ["0.7", "1.0"],
                 "prompt": ["--overwrite"], "negative-prompt": ["blurred"], "image-or-video-path": ["/in.mp4"],
                 "generate-type": ["v2v"], "dtype": ["fp32"], "device": ["cpu"], "vae-tiling": ["true"],
                 "vae-slicing": ["false"], "scheduler": ["CogVideoXDPMScheduler"], "timestep-spacing": ["trailing"],
                 "num-inference-steps": ["5"], "guidance-scale": ["3.5"], "use-dynamic-cfg": ["true"],
                 "strength": ["0.5"], "height": ["48"], "width": ["80"], "fps": ["7.5"], "seed": ["-3"]},
                 "identity": {"tensors_sha256": "ab"}}
                """);
        GenerationRecord record = GenerationRecord.read(file);
        assertThat(record.request())
                .isEqualTo(new GenerationRequest(
                        Path.of("/my model"),
                        new PipelineOptions(
                                new ComputeOptions(Precision.FP32, "cpu", THREADS),
                                new VaeOptions(true, false),
                                Optional.of(Path.of("/checkpoint-500")),
                                List.of(
                                        new LoraChoice(Path.of("/a.safetensors"), 0.7),
                                        new LoraChoice(Path.of("/b.safetensors"), 1)),
                                Optional.of(SchedulerChoice.DPM),
                                Optional.of(TimestepSpacing.TRAILING),
                                SamplerOptions.defaults(),
                                WeightFormat.DENSE,
                                true),
                        GenerationKind.V2V,
                        List.of(new PromptInput("--overwrite", Optional.of(Path.of("/in.mp4")))),
                        Optional.of("blurred"),
                        GenerationSettings.defaults()
                                .withHeight(48)
                                .withWidth(80)
                                .withSteps(5)
                                .withGuidanceScale(3.5)
                                .withDynamicCfg(true)
                                .withStrength(0.5)
                                .withFramesPerSecond(7.5),
                        -3,
                        false,
                        Optional.empty(),
                        GenerationOutputs.of(Path.of("output.mp4"))));
        assertThat(record.identity().path("tensors_sha256").stringValue()).isEqualTo("ab");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"format\": 3}",
                "{\"format\": 2}",
                "{\"format\": 2, \"request\": {\"model\": \"m\"}}",
                "{\"format\": 2, \"request\": {\"prompts\": [{\"text\": \"a\"}]}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": []}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"extend\": 3}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}],"
                        + " \"extend\": {\"clips\": 101}}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}],"
                        + " \"windows\": {\"size\": 48}}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": 1}]}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\", \"x\": 1}]}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"height\": 1.5}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"height\": 9e99}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"seed\": \"1\"}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"dtype\": \"x\"}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"outputs\": {}}}",
                "{\"format\": 2, \"request\": {\"model\": \"m\", \"prompts\": [{\"text\": \"a\"}], \"overwrite\": true}}",
                "{\"format\": 1, \"options\": {}}",
                "{\"format\": 1, \"options\": {\"model\": \"m\"}}",
                "{\"format\": 1, \"options\": {\"model\": [1]}}",
                "{\"format\": 1, \"options\": {\"model\": [null]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"output-path\": [\"/etc/passwd\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"overwrite\": [\"true\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"repeat\": [\"self.json\"]}}",
                "{\"format\": 1, \"options\": {\"model\": [\"m\"], \"save-latents\": [\"x\"]}}",
            })
    void whatIsNoRecordIsRefused(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("hostile.json"), text);
        assertThatExceptionOfType(MalformedFileException.class)
                .isThrownBy(() -> GenerationRecord.read(file))
                .satisfies(e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"seed\": [\"x\"]",
                "\"height\": [\"9\", \"9\"]",
                "\"fps\": [\"\"]",
                "\"dtype\": [\"int8\"]",
                "\"scheduler\": [\"CogVideoXScheduler\"]",
                "\"vae-tiling\": [\"maybe\"]",
                "\"generate-type\": [\"x2v\"]",
                "\"lora-scale\": [\"1\"]",
            })
    void aWrongValueOfFormatOneIsNamed(String option) throws IOException {
        Path file = Files.writeString(
                folder.resolve("wrong.json"), "{\"format\": 1, \"options\": {\"model\": [\"m\"], " + option + "}}");
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> GenerationRecord.read(file))
                .satisfies(e -> assertThat(e.problem().message().text()).contains(option.split("\"")[1]));
    }

    /// Written, read again, and nothing changed in between.
    @Test
    void theSameModelIsRecognised() throws IOException {
        Path model = Resources.golden("pipelines/t2v-2b");
        GenerationRecord record = new GenerationRecord(plain(), ModelIdentity.of(model));
        Path file = Files.writeString(folder.resolve("video.mp4.json"), record.text(video()));
        assertThat(GenerationRecord.read(file).differences(ModelIdentity.of(model)))
                .isEmpty();
        Path other = Resources.golden("pipelines/t2v-5b");
        assertThat(GenerationRecord.read(file).differences(ModelIdentity.of(other)))
                .isNotEmpty();
    }
}

package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import tools.jackson.databind.JsonNode;

/// Whole runs of the golden pipelines, held to the reference's last latents within the tolerance of their sidecars.
final class ParityChecks {
    private static final List<String> RUNS = List.of(
            "t2v-2b_base_fp32", "t2v-5b_base_fp32", "t2v-5b_small_fp32", "t2v-2b_base_bf16", "t2v-5b_base_bf16");
    /// How far another order of summation moves latents in fp32 (golden/README.md).
    private static final double LATENTS = 1.8e-5;

    private static final long LONGEST_SIDECAR = 8 << 20;

    private final Subject subject;
    private final Findings findings;
    private final Path goldens;

    ParityChecks(Subject subject, Findings findings, Path goldens) {
        this.subject = subject;
        this.findings = findings;
        this.goldens = goldens;
    }

    void run() {
        findings.table("Latents of golden pipelines", "run", "difference", "allowed");
        for (String name : RUNS) {
            findings.look("golden pipeline " + name, 5, () -> {
                JsonNode sidecar = JsonFile.readObject(
                        goldens.resolve("e2e").resolve(name + ".json"), LONGEST_SIDECAR, ProblemCode.CONFIG_INVALID);
                return compared(name, sidecar);
            });
        }
    }

    private String compared(String name, JsonNode sidecar) throws IOException {
        JsonNode meta = sidecar.path("meta");
        JsonNode tolerance = sidecar.path("tolerance").path("step_latents");
        Precision precision = Precision.valueOf(meta.path("dtype").stringValue().toUpperCase(Locale.ROOT));
        Path model = goldens.resolve("pipelines").resolve(meta.path("pipeline").stringValue());
        Path file = goldens.resolve("e2e").resolve(sidecar.path("file").stringValue());
        long[] shape = LongStream.range(0, tolerance.path("shape").size())
                .map(i -> tolerance.path("shape").get((int) i).longValue())
                .toArray();
        PipelineOptions options = PipelineOptions.defaults()
                .withCompute(new ComputeOptions(
                        precision, subject.device().name(), Runtime.getRuntime().availableProcessors()));
        SafetensorsFile tensors = SafetensorsFile.open(file, Strictness.STRICT, new Warnings());
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model, options);
                WeightStore store = new WeightStore(file, tensors.tensors());
                PipelineResult result = pipeline.generateAll(request(meta), JobControl.none())) {
            Tensor expected = store.in(precision, ComputeDevice.CPU)
                    .get("out.step_latents", shape)
                    .tensor()
                    .select(0, shape[0] - 1);
            Tensor actual = NativeMemory.view(
                    result.latents().values(),
                    ScalarTypes.of(precision),
                    result.latents().shape());
            boolean fp32 = precision == Precision.FP32;
            double difference = fp32
                    ? Subject.difference(actual, expected)
                    : Math.sqrt(Subject.wide(actual)
                            .sub(Subject.wide(expected))
                            .square()
                            .mean()
                            .item_double());
            double allowed = fp32
                    ? Math.max(LATENTS, tolerance.path("suggested_atol").doubleValue())
                    : tolerance.path("suggested_rms").doubleValue();
            findings.row(name, difference, allowed);
            return Findings.within(difference, allowed);
        }
    }

    private static PipelineRequest request(JsonNode meta) {
        JsonNode call = meta.path("call");
        PipelineRequestBuilder builder = PipelineRequest.builder()
                .prompt(call.path("prompt").stringValue())
                .steps(call.path("num_inference_steps").intValue())
                .guidanceScale(call.path("guidance_scale").doubleValue())
                .height(call.path("height").intValue())
                .width(call.path("width").intValue())
                .numFrames(call.path("num_frames").intValue())
                .seed(meta.path("generator_seeds").get(0).longValue());
        return builder.build();
    }
}

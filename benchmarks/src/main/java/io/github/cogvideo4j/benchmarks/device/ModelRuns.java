package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.benchmarks.inference.LoadBenchmark;
import io.github.cogvideo4j.benchmarks.synthetic.SyntheticModel;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;
import io.github.cogvideo4j.inference.internal.transformer.TransformerInput;
import io.github.cogvideo4j.inference.internal.transformer.TransformerModel;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Whole models: their steps, their memory by where weights stay, and what is left when it was used up. At the real
/// sizes with random weights, or briefly with the golden pipelines.
final class ModelRuns {
    private static final double GIBI = 1L << 30;
    private static final String PROMPT = "A panda plays the guitar in a bamboo forest";

    private final Subject subject;
    private final Findings findings;
    private final OperationSpeeds speeds;
    private final Path goldens;
    private final Path work;

    ModelRuns(Subject subject, Findings findings, OperationSpeeds speeds, Path goldens, Path work) {
        this.subject = subject;
        this.findings = findings;
        this.speeds = speeds;
        this.goldens = goldens;
        this.work = work;
    }

    /// A model of these sizes.
    private record Size(String name, String golden, int heads, int layers) {
        /// Operations of a step with two rows, by products and by attention: 24 h² T and 4 h T² for each layer.
        double[] operations(long tokens) {
            double width = 64.0 * heads;
            double both = 2.0 * layers * tokens * width;
            return new double[] {24 * both * width, 4 * both * tokens};
        }
    }

    void run() {
        streamed();
        findings.table(
                "Models",
                "model",
                "weights",
                "offload",
                "s a step",
                "floor, s",
                "decoding, s",
                "plan, GiB",
                "taken, GiB");
        for (Size size : List.of(
                new Size("2B", "t2v-2b", SyntheticModel.HEADS_2B, SyntheticModel.LAYERS_2B),
                new Size("5B", "t2v-5b", SyntheticModel.HEADS_5B, SyntheticModel.LAYERS_5B))) {
            Path model = subject.brief()
                    ? goldens.resolve("pipelines").resolve(size.golden())
                    : work.resolve("random-" + size.name());
            if (!subject.brief()) {
                findings.look("random weights of " + size.name(), 60, () -> {
                    LoadBenchmark.make(
                            goldens.resolve("pipelines").resolve(size.golden()), model, size.heads(), size.layers());
                    return model.toString();
                });
            }
            for (WeightFormat format : List.of(WeightFormat.DENSE, WeightFormat.FP8)) {
                for (Offload offload : modes()) {
                    findings.look("%s, %s, offload %s".formatted(size.name(), format, offload), 25, () -> {
                        return generated(size, model, format, offload);
                    });
                }
            }
        }
        if (subject.device().cudaIndex().isPresent() && !subject.brief()) {
            findings.look("memory that is used up, and the next video", 60, this::usedUp);
        }
    }

    /// The processor maps weights and moves none.
    private List<Offload> modes() {
        return subject.device().isCpu() ? List.of(Offload.NONE) : List.of(Offload.NONE, Offload.MODEL, Offload.STREAM);
    }

    private PipelineOptions options(WeightFormat format, Offload offload) {
        return PipelineOptions.defaults()
                .withWeights(format)
                .withCompute(new ComputeOptions(
                                Precision.BF16,
                                subject.device().name(),
                                Runtime.getRuntime().availableProcessors())
                        .withOffload(offload));
    }

    private PipelineRequest request() {
        return PipelineRequest.builder()
                .prompt(PROMPT)
                .numFrames((int) subject.size(49, 9))
                .height((int) subject.size(480, 48))
                .width((int) subject.size(720, 80))
                .steps(3)
                .build();
    }

    private String generated(Size size, Path model, WeightFormat format, Offload offload) throws IOException {
        List<Duration> steps = new ArrayList<>();
        JobControl control = JobControl.of(event -> {
            if (event instanceof GenerationEvent.Stepped stepped) {
                steps.add(stepped.step().elapsed());
            }
        });
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model, options(format, offload));
                DevicePeak peak = new DevicePeak(subject.device())) {
            MemoryPlan plan = pipeline.plan(request()).memory();
            try (PipelineResult result = pipeline.generateAll(request(), control)) {
                double step = seconds(steps.getLast());
                double decoding = seconds(result.times().getOrDefault(Stage.DECODE, Duration.ZERO));
                double[] operations = size.operations(17_776);
                String floor = subject.brief() || speeds.product() == 0 || speeds.attention() == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "%.2f",
                                operations[0] / speeds.product() + operations[1] / speeds.attention());
                findings.row(
                        subject.brief() ? size.golden() + " (golden, tiny)" : size.name(),
                        format,
                        offload,
                        step,
                        floor,
                        decoding,
                        plan.peak().neededBytes() / GIBI,
                        subject.device().isCpu() ? "" : peak.taken() / GIBI);
                return String.format(Locale.ROOT, "%.3f s a step, %.2f s decoding", step, decoding);
            }
        }
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    /// A forward whose blocks are streamed equals the one whose blocks stay, and what it takes longer.
    private void streamed() {
        Path folder = goldens.resolve("pipelines").resolve("t2v-5b").resolve("transformer");
        findings.table("A forward of the golden 5B", "weights", "blocks stay, ms", "blocks streamed, ms");
        for (WeightFormat format : WeightFormat.values()) {
            findings.look("blocks streamed, " + format, 3, () -> {
                TransformerConfig config = TransformerConfig.read(folder.resolve("config.json"));
                try (var _ = Torch.inferenceMode();
                        TransformerModel model = TransformerModel.open(
                                folder, config, List.of(), Precision.BF16, subject.device(), format)) {
                    TransformerInput input = new TransformerInput(
                            subject.seeded(ScalarType.BFloat16, 2, 3, config.inChannels(), 6, 10),
                            subject.seeded(ScalarType.BFloat16, 2, 226, config.textEmbedDim()),
                            torch.ones(2).mul(new Scalar(500)));
                    model.setComesAndGoes(true);
                    Tensor resident = model.transformer().forward(input);
                    double before = subject.seconds(3, () -> model.transformer().forward(input));
                    model.leaveDevice();
                    model.stream(CopyLane.of(subject.device()));
                    Tensor streamed = model.transformer().forward(input);
                    double after = subject.seconds(3, () -> model.transformer().forward(input));
                    findings.row(format, before * 1e3, after * 1e3);
                    return Findings.within(Subject.difference(resident, streamed), 0);
                }
            });
        }
    }

    /// All but a little of the card is taken by something else: the run fails in words, and afterwards the next one
    /// is as ever.
    private String usedUp() throws IOException {
        Path model = work.resolve("random-2B");
        PipelineOptions options = options(WeightFormat.DENSE, Offload.NONE).withCheckMemory(false);
        long free = DeviceMemory.available(subject.device()).orElseThrow();
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(model, options)) {
            try (Tensor taken = torch.empty(
                    new long[] {free - (6L << 30)}, subject.options(ScalarType.Byte), new MemoryFormatOptional())) {
                pipeline.generateAll(request(), JobControl.none()).close();
                throw new Findings.Wrong("it did not run out of memory beside " + taken.nbytes() + " bytes");
            } catch (MissingCapabilityException e) {
                if (e.problem().code() != ProblemCode.MEMORY
                        || e.problem().remedies().isEmpty()) {
                    throw e;
                }
            }
            OptionalLong after = DeviceMemory.available(subject.device());
            pipeline.generateAll(request(), JobControl.none()).close();
            return String.format(
                    Locale.ROOT, "%.1f GiB were free, %.1f GiB afterwards", free / GIBI, after.orElse(0) / GIBI);
        }
    }
}

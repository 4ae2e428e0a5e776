package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.MemoryPlan.StageMemory;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/// The comparison of the memory that a plan foretells for each stage with what the process then has of its own.
public final class MemoryBenchmark {
    private static final int SAMPLE_MILLIS = 5;
    private static final long MEBI = 1 << 20;

    private MemoryBenchmark() {}

    /// `MODEL`, a folder as [LoadBenchmark] makes it, and `--height`, `--width`, `--frames`, `--precision`.
    /// Prints a row of a Markdown table for each stage.
    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = Arguments.parse(args);
        String precision = arguments.get("precision", "bf16");
        PipelineOptions options = PipelineOptions.defaults()
                .withCompute(new ComputeOptions(Precision.valueOf(precision.toUpperCase(Locale.ROOT)), "cpu", 2));
        PipelineRequest request = PipelineRequest.builder()
                .prompt("A panda plays the guitar")
                .height(Integer.parseInt(arguments.get("height", "240")))
                .width(Integer.parseInt(arguments.get("width", "368")))
                .numFrames(Integer.parseInt(arguments.get("frames", "9")))
                .steps(1)
                .build();
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(Path.of(arguments.only("model")), options)) {
            Peaks peaks = new Peaks();
            Thread sampler = Thread.ofPlatform().daemon().start(peaks::sample);
            pipeline.generate(request, JobControl.of(peaks)).close();
            sampler.interrupt();
            sampler.join();
            for (StageMemory stage : pipeline.plan(request).memory().stages()) {
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %dx%d, %d frames, %s | %d | %d |%n",
                        stage.stage(),
                        request.settings().height().orElseThrow(),
                        request.settings().width().orElseThrow(),
                        request.settings().numFrames().orElseThrow(),
                        precision,
                        stage.neededBytes() / MEBI,
                        peaks.most.getOrDefault(stage.stage(), 0L) - peaks.before);
            }
        }
    }

    /// The most memory of its own that the process had in each stage, in MiB.
    private static final class Peaks implements JobListener {
        private final long before = ProcessMemory.anonymousMiB();
        private final Map<Stage, Long> most = new EnumMap<>(Stage.class);
        private volatile Stage current = Stage.ENCODE_PROMPT;

        @Override
        public void on(JobEvent event) {
            if (event instanceof JobEvent.Begun begun && begun.activity() instanceof Stage stage) {
                current = stage;
            }
        }

        private void sample() {
            try {
                while (true) {
                    most.merge(current, ProcessMemory.anonymousMiB(), Math::max);
                    Thread.sleep(SAMPLE_MILLIS);
                }
            } catch (InterruptedException _) {
                // It is done.
            }
        }
    }
}

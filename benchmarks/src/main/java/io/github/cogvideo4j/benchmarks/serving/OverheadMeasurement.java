package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.conversion.Spread;
import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What serving adds to a generation: the same video by the library and by a server, in turn, both with a model that is
/// open already. By the server it takes from the request until the event that says that it is complete.
record OverheadMeasurement(Setup setup, Goals goals, int rounds) {
    private static final int WIDTH = 480;
    private static final int HEIGHT = 320;
    private static final int FRAMES = 25;
    private static final int STEPS = 20;
    private static final double GOAL = 1.01;
    private static final int PAUSE_MILLIS = 5;
    private static final String DURATION = "cogvideo_job_duration_seconds";
    private static final String ALL = "{phase=\"all\"}";

    void run() throws IOException, InterruptedException {
        List<Taken> alone = new ArrayList<>();
        List<Taken> served = new ArrayList<>();
        List<Double> busy = new ArrayList<>();
        try (ServerProcess server = ServerProcess.ready(setup.inSinglePrecision());
                VideoEvents events = new VideoEvents(server.client());
                LoadedModels models = new LoadedModels()) {
            // The first of each opens the model.
            for (int round = 0; round <= rounds; round++) {
                Path video = setup.data().resolveSibling("alone-" + round + ".mp4");
                alone.add(Taken.by(ProcessHandle.current(), () -> generate(models, video)));
                double before = busySeconds(server.client(), round);
                served.add(Taken.by(server.process().toHandle(), () -> serve(server.client(), events)));
                double taken = busySeconds(server.client(), round + 1) - before;
                if (round > 0) {
                    busy.add(taken / alone.getLast().wall());
                }
            }
        }
        goals.tell("the last video by the library", alone.getLast().wall(), "s");
        tell("processor time served against the library", Taken.ratios(served, alone, Taken::cpu));
        tell("time that the device is busy against the library", Spread.of(busy));
        tell("time from the request to the event against the library", Taken.ratios(served, alone, Taken::wall));
    }

    private void tell(String what, Spread ratios) {
        goals.tell(what + ", least", ratios.min(), "");
        goals.tell("most", ratios.max(), "");
        goals.most("median of " + rounds, ratios.median(), GOAL, "");
    }

    /// How long the device had jobs, from the claim of each until it was free for the next one.
    ///
    /// @param jobs so many are over, or will be in a moment
    private static double busySeconds(VideoClient client, int jobs) throws IOException, InterruptedException {
        while (true) {
            Map<String, Double> metrics = client.metrics();
            if (metrics.getOrDefault(DURATION + "_count" + ALL, 0.0) >= jobs) {
                return metrics.getOrDefault(DURATION + "_sum" + ALL, 0.0);
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private void generate(LoadedModels models, Path video) throws IOException {
        int threads = Runtime.getRuntime().availableProcessors();
        GenerationRequest request = GenerationRequest.of(setup.model(), TinyVideo.PROMPT, video)
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.FP32, "cpu", threads)))
                .withSettings(GenerationSettings.defaults()
                        .withWidth(WIDTH)
                        .withHeight(HEIGHT)
                        .withNumFrames(FRAMES)
                        .withSteps(STEPS));
        try (PlannedGeneration plan = models.plan(request, JobControl.none())) {
            plan.run(JobControl.none());
        }
    }

    private static void serve(VideoClient client, VideoEvents events) throws IOException, InterruptedException {
        events.await(TinyVideo.order(client, TinyVideo.fields(WIDTH + "x" + HEIGHT, FRAMES, STEPS)), "completed");
    }
}

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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// What serving adds to a generation: the same video by the library and by a server, in turn, both with a model that is
/// open already. By the server it takes from the request until the event that says that it is complete.
record OverheadMeasurement(Setup setup, Goals goals, int rounds) {
    private static final int WIDTH = 480;
    private static final int HEIGHT = 320;
    private static final int FRAMES = 25;
    private static final int STEPS = 20;
    private static final double GOAL = 1.01;

    /// @param wall in seconds
    /// @param cpu  in seconds of all processors
    private record Taken(double wall, double cpu) {}

    @FunctionalInterface
    private interface Making {
        void make() throws IOException, InterruptedException;
    }

    void run() throws IOException, InterruptedException {
        List<Taken> alone = new ArrayList<>();
        List<Taken> served = new ArrayList<>();
        try (ServerProcess server = ServerProcess.ready(setup.inSinglePrecision());
                VideoEvents events = new VideoEvents(server.client());
                LoadedModels models = new LoadedModels()) {
            // The first of each opens the model.
            for (int round = 0; round <= rounds; round++) {
                Path video = setup.data().resolveSibling("alone-" + round + ".mp4");
                alone.add(taken(ProcessHandle.current(), () -> generate(models, video)));
                served.add(taken(server.process().toHandle(), () -> serve(server.client(), events)));
            }
        }
        List<Double> wall = new ArrayList<>();
        List<Double> cpu = new ArrayList<>();
        List<Double> added = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            wall.add(served.get(round).wall() / alone.get(round).wall());
            cpu.add(served.get(round).cpu() / alone.get(round).cpu());
            added.add(served.get(round).cpu() - alone.get(round).cpu());
        }
        Spread walls = Spread.of(wall);
        Spread cpus = Spread.of(cpu);
        goals.tell("the last video by the library", alone.getLast().wall(), "s");
        goals.tell("processor time that serving adds, median", Spread.of(added).median(), "s");
        goals.tell("processor time served against the library, least", cpus.min(), "");
        goals.tell("median", cpus.median(), "");
        goals.tell("most", cpus.max(), "");
        goals.tell("time served against the library, least", walls.min(), "");
        goals.tell("most", walls.max(), "");
        goals.most("median of " + rounds, walls.median(), GOAL, "");
    }

    private static Taken taken(ProcessHandle process, Making making) throws IOException, InterruptedException {
        Duration before = process.info().totalCpuDuration().orElseThrow();
        long begin = System.nanoTime();
        making.make();
        double wall = (System.nanoTime() - begin) / 1e9;
        Duration cpu = process.info().totalCpuDuration().orElseThrow().minus(before);
        return new Taken(wall, cpu.toNanos() / 1e9);
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

package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.conversion.Spread;
import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import io.github.cogvideo4j.benchmarks.serving.VideoClient.BodyForm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// What one pass for several jobs gains: the same jobs by a server that makes each alone and by one that makes them
/// together, in turn. A queue that is paused while they come hands them out at once.
record PassMeasurement(Setup setup, Goals goals, int rounds) {
    private static final int JOBS = 4;
    private static final int FRAMES = 9;
    private static final int STEPS = 50;
    private static final String SIZE = "160x96";

    void run() throws IOException, InterruptedException {
        Setup single = setup.inSinglePrecision();
        Setup several = single.in(setup.data().resolveSibling("together"))
                .with("COGVIDEO_SERVE_MAX_BATCH", Integer.toString(JOBS));
        List<Taken> alone = new ArrayList<>();
        List<Taken> together = new ArrayList<>();
        try (ServerProcess one = ServerProcess.ready(single);
                ServerProcess other = ServerProcess.ready(several);
                VideoEvents ofOne = new VideoEvents(one.client());
                VideoEvents ofOther = new VideoEvents(other.client())) {
            for (int round = 0; round <= rounds; round++) {
                alone.add(taken(one, ofOne));
                together.add(taken(other, ofOther));
            }
            Map<String, Double> metrics = other.client().metrics();
            double passes = metrics.getOrDefault("cogvideo_pass_jobs_count", 0.0);
            goals.least("jobs in a pass", metrics.getOrDefault("cogvideo_pass_jobs_sum", 0.0) / passes, JOBS, "");
        }
        goals.tell("the last " + JOBS + " jobs, each alone", alone.getLast().wall(), "s");
        tell("processor time of a pass against its jobs alone", Taken.ratios(together, alone, Taken::cpu));
        tell("time of a pass against its jobs alone", Taken.ratios(together, alone, Taken::wall));
    }

    private void tell(String what, Spread ratios) {
        goals.tell(what + ", least", ratios.min(), "");
        goals.tell("median of " + rounds, ratios.median(), "");
        goals.tell("most", ratios.max(), "");
    }

    private static Taken taken(ServerProcess server, VideoEvents events) throws IOException, InterruptedException {
        VideoClient client = server.client();
        client.post("/v1/queue/pause", BodyForm.JSON, Map.of(), Optional.empty());
        List<String> ids = new ArrayList<>();
        Map<String, String> fields = TinyVideo.fields(SIZE, FRAMES, STEPS);
        fields.put("n", Integer.toString(JOBS));
        for (JsonNode id : client.post("/v1/videos", BodyForm.JSON, fields, Optional.empty())
                .json()
                .path("video_ids")) {
            ids.add(id.asString());
        }
        return Taken.by(server.process().toHandle(), () -> {
            client.post("/v1/queue/resume", BodyForm.JSON, Map.of(), Optional.empty());
            for (String id : ids) {
                events.await(id, "completed");
            }
        });
    }
}

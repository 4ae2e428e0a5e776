package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import io.github.cogvideo4j.benchmarks.serving.VideoClient.BodyForm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How long a client waits for the answer to a new job, with a long queue and while a video is computed.
record CreateMeasurement(Setup setup, Goals goals) {
    private static final int QUEUED = 1_000;
    private static final int MEASURED = 400;
    private static final double GOAL_MILLIS = 50;

    void run() throws IOException, InterruptedException {
        Setup roomy = setup.with("COGVIDEO_SERVE_MAX_QUEUE", "10000").with("COGVIDEO_SERVE_GRACE", "1s");
        try (ServerProcess server = ServerProcess.ready(roomy)) {
            VideoClient client = server.client();
            for (int i = 0; i <= QUEUED; i++) {
                TinyVideo.orderLong(client);
            }
            List<Double> millis = new ArrayList<>();
            for (int i = 0; i < MEASURED; i++) {
                BodyForm form = i % 2 == 0 ? BodyForm.JSON : BodyForm.MULTIPART;
                long begin = System.nanoTime();
                var answer = client.post("/v1/videos", form, TinyVideo.fields(2), Optional.empty());
                millis.add((System.nanoTime() - begin) / 1e6);
                Inspection.check(answer.isOk(), "a video is refused: " + answer);
            }
            int running = client.get("/v1/queue").json().path("running").asInt();
            Inspection.check(running == 1, "no video is computed");
            goals.tell(
                    "create, median, " + QUEUED + " jobs queued, a video computed", Goals.quantile(millis, 0.5), "ms");
            goals.most("create, 99% of " + MEASURED, Goals.quantile(millis, 0.99), GOAL_MILLIS, "ms");
        }
    }
}

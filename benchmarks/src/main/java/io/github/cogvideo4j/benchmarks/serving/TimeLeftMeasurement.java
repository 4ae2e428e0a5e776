package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import io.github.cogvideo4j.benchmarks.serving.VideoEvents.Told;
import java.io.IOException;
import tools.jackson.databind.JsonNode;

/// The time left that events of a running video tell, against what was left, and how long they say nothing: of a
/// model's first video, whose decoding can only be guessed, and of the next one.
record TimeLeftMeasurement(Setup setup, Goals goals) {
    private static final String SIZE = "480x320";
    private static final int FRAMES = 25;
    private static final int STEPS = 100;
    private static final int TOLD_FROM_STEP = 3;
    /// At the very end a share says nothing.
    private static final double LAST_SECONDS = 2;

    private static final double GOAL_SHARE = 0.1;
    private static final double GOAL_SILENCE = 5;

    /// @param whole        seconds from its start to its end
    /// @param errorOfLeft  the worst error of a time left, as a share of what was left
    /// @param errorOfWhole the same as a share of the whole
    /// @param silence      the longest time between two events, in seconds
    private record Figures(double whole, double errorOfLeft, double errorOfWhole, double silence) {}

    void run() throws IOException, InterruptedException {
        try (ServerProcess server = ServerProcess.ready(setup.inSinglePrecision());
                VideoEvents events = new VideoEvents(server.client())) {
            Figures first = measure(server.client(), events);
            goals.tell("first video", first.whole(), "s");
            goals.tell("first video: worst error, as a share of the whole", first.errorOfWhole(), "");
            goals.most("first video: longest silence", first.silence(), GOAL_SILENCE, "s");
            Figures second = measure(server.client(), events);
            goals.tell("second video", second.whole(), "s");
            goals.tell("second video: worst error, as a share of what was left", second.errorOfLeft(), "");
            goals.most("second video: worst error, as a share of the whole", second.errorOfWhole(), GOAL_SHARE, "");
            goals.most("second video: longest silence", second.silence(), GOAL_SILENCE, "s");
        }
    }

    private static Figures measure(VideoClient client, VideoEvents events) throws IOException, InterruptedException {
        String id = TinyVideo.order(client, TinyVideo.fields(SIZE, FRAMES, STEPS));
        long begun = events.await(id, "in_progress");
        long ended = events.await(id, "completed");
        double whole = (ended - begun) / 1e9;
        double worst = 0;
        double worstOfWhole = 0;
        double silence = 0;
        long last = begun;
        for (Told told : events.inProgress(id)) {
            silence = Math.max(silence, (told.nanos() - last) / 1e9);
            last = told.nanos();
            double left = (ended - told.nanos()) / 1e9;
            if (isToBeRight(told.video()) && left > LAST_SECONDS) {
                double error = Math.abs(told.video().path("eta_seconds").asDouble() - left);
                worst = Math.max(worst, error / left);
                worstOfWhole = Math.max(worstOfWhole, error / whole);
            }
        }
        silence = Math.max(silence, (ended - last) / 1e9);
        return new Figures(whole, worst, worstOfWhole, silence);
    }

    private static boolean isToBeRight(JsonNode video) {
        return switch (video.path("phase").asString("")) {
            case "denoise" -> video.path("step").asInt() >= TOLD_FROM_STEP;
            case "decode", "save" -> true;
            default -> false;
        };
    }
}

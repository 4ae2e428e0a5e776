package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/// Kills one of two servers on one queue while it makes a video, and measures how long it takes until the other one
/// makes it; then looks at every job and file.
public final class ReplicaKill {
    private static final int ATTEMPTS = 2;
    private static final int SHORT_JOBS = 6;
    private static final Duration GOAL = Duration.ofSeconds(60);
    private static final int PAUSE_MILLIS = 50;

    private ReplicaKill() {}

    /// Kills, waits and looks. Options are those of [ServerKills], with a store that servers can share.
    ///
    /// @param args the launcher, the model's folder and a folder to work in
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws Exception {
        Arguments arguments = Arguments.parse(args);
        Duration taken = run(ServerKills.setup(arguments));
        System.out.printf(
                "the other server began the video of the killed one after %.1f s, goal %d s, ratio %.2f; all else was "
                        + "made once%n",
                taken.toMillis() / 1e3, GOAL.toSeconds(), (double) taken.toMillis() / GOAL.toMillis());
        System.exit(taken.compareTo(GOAL) <= 0 ? 0 : 1);
    }

    private static Duration run(Setup setup) throws IOException, InterruptedException {
        ServerProcess first = ServerProcess.ready(setup);
        try (ServerProcess second = ServerProcess.ready(setup)) {
            // While the second one stands still, the first one takes the video.
            second.signal("STOP");
            String interrupted = TinyVideo.orderLong(first.client());
            awaitAttempt(first.client(), interrupted, 1);
            second.signal("CONT");
            long kill = System.nanoTime();
            first.kill();
            List<String> ids = new ArrayList<>(List.of(interrupted));
            for (int i = 0; i < SHORT_JOBS; i++) {
                ids.add(TinyVideo.order(second.client(), 2));
            }
            awaitAttempt(second.client(), interrupted, 2);
            Duration taken = Duration.ofNanos(System.nanoTime() - kill);
            for (String id : ids) {
                expectCompleted(TinyVideo.await(second.client(), id).json(), id.equals(interrupted) ? 2 : 1);
            }
            Inspection.check(second.client().all().size() == ids.size(), "there are more videos than were ordered");
            new Inspection(second.client(), setup.data(), ATTEMPTS).checkFiles();
            return taken;
        }
    }

    private static void awaitAttempt(VideoClient client, String id, int attempt)
            throws IOException, InterruptedException {
        JsonNode video = client.video(id).json();
        while (video.path("attempt").asInt() < attempt) {
            Thread.sleep(PAUSE_MILLIS);
            video = client.video(id).json();
        }
        Inspection.check(
                attempt > 1 || !video.path("status").asString().equals("completed"), "done too early: " + video);
    }

    private static void expectCompleted(JsonNode video, int attempt) {
        Inspection.check(
                video.path("status").asString().equals("completed")
                        && video.path("attempt").asInt() == attempt,
                "not completed at attempt " + attempt + ": " + video);
    }
}

package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.nio.file.Path;
import java.util.List;

/// Measures `cogvideo serve` against what it has to reach: the time and memory of a start, answers while a video is
/// computed, the memory of an upload, many clients, a cancel, what serving adds to a generation, the time left that is
/// told, many jobs.
public final class ServerLoad {
    private ServerLoad() {}

    /// Measures. Options are `--parts` with the names below, commas between, and, for the soak, `--jobs N`, for
    /// cancels, `--tries N`, for what serving adds and for passes, `--rounds N`.
    ///
    /// @param args the launcher, the model's folder and a folder to work in
    public static void main(String[] args) throws Exception {
        Arguments arguments = Arguments.parse(args);
        Setup setup = ServerKills.setup(arguments);
        Path work = setup.data().resolveSibling("parts");
        Goals goals = new Goals();
        for (String part : arguments.get("parts", "start,create,upload,clients").split(",", -1)) {
            Setup own = setup.in(work.resolve(part));
            switch (part) {
                case "start" -> new StartMeasurement(own, goals).run();
                case "create" -> new CreateMeasurement(own, goals).run();
                case "upload" -> new UploadMeasurement(own, goals).run();
                case "clients" -> new ClientsMeasurement(own, goals).run();
                case "cancel" ->
                    new CancelMeasurement(own, goals, Integer.parseInt(arguments.get("tries", "200"))).run();
                case "overhead" ->
                    new OverheadMeasurement(own, goals, Integer.parseInt(arguments.get("rounds", "5"))).run();
                case "passes" -> new PassMeasurement(own, goals, Integer.parseInt(arguments.get("rounds", "5"))).run();
                case "time-left" -> new TimeLeftMeasurement(own, goals).run();
                case "soak" -> new Soak(own, goals, Integer.parseInt(arguments.get("jobs", "500"))).run();
                default -> throw new IllegalArgumentException("no part " + part + ": " + List.of(args));
            }
        }
        System.exit(goals.isMissed() ? 1 : 0);
    }
}

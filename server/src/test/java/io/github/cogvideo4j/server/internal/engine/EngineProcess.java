package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineSettings.ServedModel;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobMetrics;
import io.github.cogvideo4j.server.internal.job.Jobs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A server without its HTTP side, as a process that tests can kill: each line `STEPS` that comes in is a job, whose
/// identifier goes out once it is accepted.
final class EngineProcess {
    static final String OWNER = "ann";

    private EngineProcess() {}

    /// @param arguments the folder, the model, the seconds of a lease, the milliseconds of grace, and the URL of the
    ///                  store where it is no file
    @SuppressWarnings("SystemOut")
    static void main(String... arguments) throws IOException {
        EngineSettings settings = settings(
                Path.of(arguments[0]),
                Path.of(arguments[1]),
                Duration.ofSeconds(Long.parseLong(arguments[2])),
                Duration.ofMillis(Long.parseLong(arguments[3])),
                arguments.length > 4 ? Optional.of(arguments[4]) : Optional.empty());
        Engine engine = Engine.open(settings, new JobMetrics() {
            @Override
            public void defect(Throwable thrown) {
                thrown.printStackTrace();
            }
        });
        engine.start();
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            Jobs.Submission submission = new Jobs.Submission(
                    OWNER,
                    TinyEngines.request("a cat", Integer.parseInt(line.strip()), 0),
                    Job.Operation.CREATE,
                    Optional.empty(),
                    0);
            System.out.println(engine.submit(submission).job().id());
        }
        // Standard input is closed when the test goes away, and so does this.
        engine.close();
    }

    static EngineSettings settings(Path data, Path model, Duration lease, Duration grace, Optional<String> store) {
        EngineSettings usual = EngineSettings.of(data, List.of(new ServedModel("tiny", model, Optional.empty())));
        return new EngineSettings(
                data,
                store,
                usual.models(),
                Optional.empty(),
                PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)),
                usual.maxQueue(),
                usual.maxWork(),
                1_000,
                lease,
                Optional.empty(),
                OptionalLong.empty(),
                0,
                OptionalLong.empty(),
                3, // killed passes have several jobs
                grace);
    }
}

package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerActivity;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.internal.system.LowPriority;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The planner of a watch: whether run, model and report go together, before anything is written.
public final class WatchPlanner {
    private static final List<String> NO_SETTINGS = List.of(
            "job",
            "version",
            "model",
            "prompts",
            "seed",
            "trial",
            "outputs",
            "device",
            "attention",
            "offload",
            "cudnn_benchmark");

    private WatchPlanner() {}

    /// Plans a watch. The report's folder is taken when this returns, until the plan is closed.
    public static JobPlan<Result> plan(WatchRequest request, JobControl control) throws IOException {
        control.check();
        if (!Files.exists(request.run())) {
            throw new NoSuchFileException(request.run().toString());
        }
        if (!Files.isDirectory(request.run())) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(request.run()), "inference.watch.no-run");
        }
        requireOutside(request.run(), request.output());
        requireOutside(request.run(), request.stop());
        ReportFolder.check(request.output());
        GenerationRequest sampling = request.sampling();
        sampling = sampling.withSettings(sampling.settings().withVideosPerPrompt(1))
                .withOutputs(GenerationOutputs.of(Path.of(GenerationOutputs.USUAL_VIDEO)));
        requireRoom(request, new GenerationJob(sampling).estimate());
        if (request.lowPriority()) {
            LowPriority.ofThisProcess();
        }
        ReportFolder folder = ReportFolder.take(request.output());
        try {
            WatchTime time = WatchTime.MACHINE;
            RunWatch run = new RunWatch(
                    request.run(),
                    TrainerActivity.OfThisMachine.standard(),
                    time::nanos,
                    InstantSource.system(),
                    request.interval());
            WatchBook book = new WatchBook(report(request, folder), request.run());
            CheckpointWork work = new CheckpointExamination(sampling, folder, book::report);
            return new Watching(request, run, folder, book, work, time);
        } catch (RuntimeException | IOException e) {
            folder.close();
            throw e;
        }
    }

    /// Nothing of a run is touched: what is written lies elsewhere, links followed.
    private static void requireOutside(Path run, Path written) throws IOException {
        Path real = run.toRealPath();
        Path at = written.toAbsolutePath().normalize();
        Path existing = at;
        while (existing.getParent() != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        Path place = existing.toRealPath().resolve(existing.relativize(at)).normalize();
        if (place.startsWith(real)) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(written), "checkpoints.output.inside", run);
        }
    }

    private static void requireRoom(WatchRequest request, GenerationPlan plan) {
        long needed = plan.memory().peak().neededBytes();
        if (request.memoryLimit().isPresent() && needed > request.memoryLimit().getAsLong()) {
            throw new MissingCapabilityException(
                    ProblemCode.MEMORY,
                    Place.nowhere(),
                    "inference.watch.memory",
                    gigabytes(needed),
                    gigabytes(request.memoryLimit().getAsLong()));
        }
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f", bytes / 1e9);
    }

    /// What an earlier watch left, or an empty report.
    ///
    /// @throws InvalidRequestException `request` when it is of another run, model or of other videos
    private static WatchReport report(WatchRequest request, ReportFolder folder) throws IOException {
        GenerationRequest sampling = request.sampling();
        WatchReport fresh = new WatchReport(
                request.run().toString(),
                sampling.model().toString(),
                sampling.seed(),
                !sampling.trial(),
                sampling.prompts().stream().map(PromptInput::text).toList(),
                settings(sampling),
                List.of());
        Optional<WatchReport> found = folder.read();
        if (found.isEmpty()) {
            return fresh;
        }
        WatchReport known = found.get();
        requireSame(request, "run", real(known.run()), real(fresh.run()));
        requireSame(request, "model", real(known.model()), real(fresh.model()));
        requireSame(request, "seed", known.seed(), fresh.seed());
        requireSame(request, "full", known.full(), fresh.full());
        requireSame(request, "prompts", known.prompts(), fresh.prompts());
        requireSameSettings(request, known.settings(), fresh.settings());
        return fresh.with(known.checkpoints());
    }

    /// What shapes the videos besides model, prompts and seed: whatever is in a request but the place where it is
    /// computed.
    private static SequencedMap<String, String> settings(GenerationRequest sampling) {
        ObjectNode json = RequestJson.write(sampling);
        List<JsonNode> inputs = json.path("prompts").findValues("input");
        json.remove(NO_SETTINGS);
        if (!inputs.isEmpty()) {
            json.putArray("inputs").addAll(inputs);
        }
        SequencedMap<String, String> settings = new LinkedHashMap<>();
        json.properties().forEach(field -> {
            JsonNode value = field.getValue();
            settings.put(field.getKey(), value.isString() ? value.stringValue() : value.toString());
        });
        return settings;
    }

    private static void requireSameSettings(
            WatchRequest request, Map<String, String> known, Map<String, String> asked) {
        if (known.isEmpty()) {
            return;
        }
        for (String name : asked.keySet()) {
            if (!known.containsKey(name)) {
                throw other(request, "inference.watch.other-added", name, asked.get(name));
            }
            requireSame(request, name, known.get(name), asked.get(name));
        }
        for (String name : known.keySet()) {
            if (!asked.containsKey(name)) {
                throw other(request, "inference.watch.other-left-out", name, known.get(name));
            }
        }
    }

    private static Path real(String path) {
        try {
            return Path.of(path).toRealPath();
        } catch (IOException _) {
            return Path.of(path).toAbsolutePath().normalize();
        }
    }

    private static void requireSame(WatchRequest request, String what, Object known, Object asked) {
        if (!known.equals(asked)) {
            throw other(request, "inference.watch.other", what, known, asked);
        }
    }

    private static InvalidRequestException other(WatchRequest request, String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.of(request.output()), key, arguments);
    }
}

package io.github.cogvideo4j.server.internal.engine;

import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.ModelTraits;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import io.github.cogvideo4j.server.internal.job.EngineSettings;
import io.github.cogvideo4j.server.internal.job.EngineSettings.ServedModel;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.JobRefusedException.Reason;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// The models and adapters that are served under their names, and what a request comes to with them.
final class ServedModels implements AutoCloseable {
    private final Map<String, Served> models = new LinkedHashMap<>();
    private final Optional<Path> loras;
    private final PipelineOptions options;
    private final Path uploads;
    /// Open for planning only: their weights are mapped and never touched. One for each model, because another one
    /// would close the one before.
    private final Map<String, LoadedModels> planners = new ConcurrentHashMap<>();

    private record Served(ServedModel model, ModelTraits traits, Instant created) {}

    /// @throws io.github.cogvideo4j.inference.InferenceException when a model cannot be used
    ServedModels(EngineSettings settings, Path uploads) throws IOException {
        this.loras = settings.loras();
        this.options = settings.options();
        this.uploads = uploads;
        for (ServedModel model : settings.models()) {
            models.put(
                    model.name(),
                    new Served(
                            model,
                            GenerationJob.traits(model.folder(), loaded(model)),
                            Files.getLastModifiedTime(model.folder()).toInstant()));
        }
    }

    private PipelineOptions loaded(ServedModel model) {
        return model.transformer().map(options::withTransformer).orElse(options);
    }

    private Served served(String name) {
        Served served = models.get(name);
        if (served == null) {
            throw new JobRefusedException(
                    Reason.MODEL_UNKNOWN, Message.of("server.job.unknown-model", name, List.copyOf(models.keySet())));
        }
        return served;
    }

    /// The request to the library.
    ///
    /// @param video where the video goes
    /// @throws JobRefusedException `MODEL_UNKNOWN`, `INVALID`
    GenerationRequest generation(VideoRequest request, Path video) {
        ServedModel model = served(request.model()).model();
        return request.generation(model.folder(), loaded(model), this::lora, uploads, video);
    }

    private Path lora(String name) {
        return loras.filter(_ -> loras().contains(name))
                .map(folder -> folder.resolve(name))
                .orElseThrow(
                        () -> new JobRefusedException(Reason.INVALID, Message.of("server.job.unknown-lora", name)));
    }

    /// The names of adapters: of the files and folders in their folder, without those that are hidden.
    List<String> loras() {
        if (loras.isEmpty()) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(loras.get())) {
            return files.filter(
                            file -> Files.isDirectory(file) || file.toString().endsWith(".safetensors"))
                    .map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException _) {
            return List.of();
        }
    }

    /// What a request comes to. Adapters are left out: they change no size.
    ///
    /// @throws JobRefusedException `INVALID` with the library's words when it cannot be computed
    GenerationPlan plan(VideoRequest request) throws IOException {
        GenerationRequest asked = generation(request, Path.of("video.mp4"));
        GenerationRequest plain = asked.withOptions(asked.options().withLoras(List.of()));
        try {
            return planners.computeIfAbsent(request.model(), _ -> new LoadedModels())
                    .estimate(plain);
        } catch (RuntimeException e) {
            if (e instanceof CarriesProblem problem) {
                throw new JobRefusedException(Reason.INVALID, problem.problem().message());
            }
            throw e;
        }
    }

    /// The sizes of a plan.
    static Job.Made made(GenerationPlan plan) {
        return new Job.Made(
                plan.width(),
                plan.height(),
                plan.extended().map(GenerationPlan.Extended::frames).orElse(plan.frames()),
                plan.framesPerSecond(),
                plan.extended().map(GenerationPlan.Extended::clips).orElse(1) * plan.steps(),
                plan.scheduler());
    }

    /// The models for clients.
    ///
    /// @param loaded the folders of those in memory
    List<ModelCard> cards(List<Path> loaded) {
        return models.values().stream().map(served -> card(served, loaded)).toList();
    }

    private static ModelCard card(Served served, List<Path> loaded) {
        ModelTraits traits = served.traits();
        return new ModelCard(
                served.model().name(),
                served.model().folder(),
                served.created(),
                loaded.contains(served.model().folder()),
                traits.kinds(),
                traits.inpaints(),
                new Job.Made(
                        traits.width(),
                        traits.height(),
                        traits.frames(),
                        traits.framesPerSecond(),
                        GenerationSettings.defaults().steps(),
                        traits.scheduler()),
                traits.frameStep(),
                traits.sideStep(),
                traits.onlyOneSize(),
                traits.textTokens());
    }

    @Override
    public void close() {
        planners.values().forEach(LoadedModels::close);
    }
}

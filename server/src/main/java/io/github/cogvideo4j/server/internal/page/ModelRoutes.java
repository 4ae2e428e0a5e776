package io.github.cogvideo4j.server.internal.page;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ModelComparer;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.page.ModelTasks.Task;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.router.JavalinDefaultRoutingApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Where served models come from: `GET /v1/models/{name}/provenance` tells what a model was made of, and how far the
/// two things are that read all its weights and are asked for by `POST`: `proof`, that the folder is as it was
/// written, and `comparison`, what the fine-tuning changed against another model that is served.
///
/// Models are named, never given by a path, and answers hold no path of this machine.
public final class ModelRoutes implements AutoCloseable {
    private static final String PROOF = "proof";
    private static final String COMPARISON = "comparison";
    private static final String BASE = "base";

    private final Supplier<List<ModelCard>> models;
    private final ModelTasks tasks = new ModelTasks();

    /// Routes for the models that are served.
    public ModelRoutes(Supplier<List<ModelCard>> models) {
        this.models = models;
    }

    /// Adds the routes. They need a key where there are keys.
    public void register(JavalinDefaultRoutingApi routes) {
        routes.get("/v1/models/{name}/provenance", this::provenance);
        routes.post("/v1/models/{name}/proof", this::proof);
        routes.post("/v1/models/{name}/comparison", this::comparison);
    }

    @Override
    public void close() {
        tasks.close();
    }

    private void provenance(Context context) throws IOException {
        answer(context, model(context.pathParam("name")));
    }

    private void proof(Context context) throws IOException {
        ModelCard model = model(context.pathParam("name"));
        tasks.start(new Task(model.name(), PROOF), control -> prove(model.folder(), control));
        answer(context.status(HttpStatus.ACCEPTED), model);
    }

    private static VerificationReport prove(Path folder, JobControl control) throws IOException {
        VerificationRequest request = VerificationRequest.of(folder).withDeep(true);
        try (JobPlan<VerificationReport> plan = request.plan(control)) {
            return plan.run(control);
        }
    }

    private void comparison(Context context) throws IOException {
        ModelCard model = model(context.pathParam("name"));
        ModelCard base = model(baseName(context.body()));
        if (base.name().equals(model.name())) {
            throw refused(JobRefusedException.Reason.INVALID, "server.page.base", base.name());
        }
        tasks.start(
                new Task(model.name(), COMPARISON),
                control -> new Compared(base.name(), compare(model.folder(), base.folder(), control)));
        answer(context.status(HttpStatus.ACCEPTED), model);
    }

    private static String baseName(String body) {
        try {
            JsonNode name = JsonMapper.shared().readTree(body).path(BASE);
            return name.isString() ? name.stringValue() : "";
        } catch (JacksonException e) {
            return "";
        }
    }

    private static Comparison compare(Path folder, Path from, JobControl control) throws IOException {
        Checkpoint model = ModelComparer.open(folder, SourceOptions.defaults());
        return ModelComparer.compare(model, ModelComparer.openBase(from, model), 1, control);
    }

    /// A comparison and what with.
    record Compared(String base, Comparison comparison) {}

    private ModelCard model(String name) {
        return models.get().stream()
                .filter(card -> card.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        refused(JobRefusedException.Reason.MODEL_UNKNOWN, "server.page.model", Message.clean(name)));
    }

    private static JobRefusedException refused(JobRefusedException.Reason reason, String key, String name) {
        return new JobRefusedException(reason, Message.of(key, name));
    }

    private void answer(Context context, ModelCard model) throws IOException {
        Locale locale = Locale.forLanguageTag(String.valueOf(context.header("Accept-Language"))
                .split("[,;]", 2)[0]
                .strip());
        ProvenanceJson json = new ProvenanceJson(model.folder(), locale);
        ObjectNode answer = JsonFile.newObject();
        answer.put("object", "model.provenance").put("model", model.name());
        if (Files.isRegularFile(model.folder().resolve(Manifest.FILE_NAME))) {
            answer.set("manifest", json.manifest());
        } else {
            answer.putNull("manifest");
        }
        List<String> bases = models.get().stream()
                .map(ModelCard::name)
                .filter(name -> !name.equals(model.name()))
                .toList();
        bases.forEach(answer.putArray("bases")::add);
        for (String what : List.of(PROOF, COMPARISON)) {
            tasks.state(new Task(model.name(), what))
                    .ifPresentOrElse(state -> answer.set(what, json.task(state)), () -> answer.putNull(what));
        }
        context.header("Cache-Control", "no-store");
        context.contentType("application/json").result(answer.toString());
    }
}

package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.server.internal.job.Estimate;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.QueueState;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Jobs, models, estimates and the queue as clients see them.
final class VideoJson {
    private static final int DECIMALS = 3;

    private VideoJson() {}

    /// The video object of OpenAI's API, and behind it the fields that are ours.
    static ObjectNode video(Job job) {
        VideoRequest request = job.request();
        Job.Made made = job.made();
        ObjectNode json = JsonFile.newObject();
        json.put("id", job.id());
        json.put("object", "video");
        json.put("created_at", job.times().created().getEpochSecond());
        putTime(json, "completed_at", job.times().completed());
        putTime(json, "expires_at", job.times().expires());
        json.put("status", status(job));
        json.put("progress", job.progress().percent());
        json.put("model", request.model());
        json.put("prompt", request.prompt());
        json.put("size", made.width() + "x" + made.height());
        json.put("seconds", seconds(made));
        json.put("remixed_from_video_id", request.remixedFrom().orElse(null));
        job.error()
                .ifPresentOrElse(
                        error -> json.putObject("error")
                                .put("code", error.code())
                                .put("message", error.message()),
                        () -> json.putNull("error"));
        json.put("operation", job.operation().name().toLowerCase(Locale.ROOT));
        json.put("kind", request.kind().toString());
        json.put("width", made.width());
        json.put("height", made.height());
        json.put("num_frames", made.frames());
        json.put("fps", made.framesPerSecond());
        putSettings(json, request);
        json.put("num_inference_steps", made.steps());
        json.put("scheduler", made.scheduler());
        putTime(json, "started_at", job.times().started());
        put(json, "queue_position", job.position());
        json.put("phase", job.progress().phase().orElse(null));
        json.put("step", job.progress().step());
        json.put("steps", job.progress().steps());
        put(json, "eta_seconds", job.secondsLeft());
        put(json, "preview", job.progress().preview());
        json.put("attempt", job.attempt());
        job.sprites()
                .ifPresentOrElse(
                        sprites -> json.putObject("spritesheet")
                                .put("columns", sprites.columns())
                                .put("rows", sprites.rows())
                                .put("frames", sprites.frames()),
                        () -> json.putNull("spritesheet"));
        return json;
    }

    private static void putSettings(ObjectNode json, VideoRequest request) {
        GenerationSettings settings = request.settings();
        json.put("seed", request.seed());
        json.put("guidance_scale", settings.guidanceScale());
        json.put("use_dynamic_cfg", settings.dynamicCfg());
        json.put("cache", settings.cache().map(Object::toString).orElse(null));
        json.put("negative_prompt", request.negativePrompt().orElse(null));
        if (request.kind() == GenerationKind.V2V) {
            json.put("strength", settings.strength());
        } else {
            json.putNull("strength");
        }
        ArrayNode loras = json.putArray("lora");
        request.loras()
                .forEach(lora -> loras.addObject().put("name", lora.name()).put("scale", lora.scale()));
        ArrayNode inputs = json.putArray("inputs");
        request.inputs().keySet().stream().sorted().forEach(input -> inputs.add(input.toString()));
    }

    private static String status(Job job) {
        return switch (job.state()) {
            case QUEUED -> "queued";
            case IN_PROGRESS -> "in_progress";
            case COMPLETED, EXPIRED -> "completed";
            case FAILED, DELETED -> "failed";
        };
    }

    /// The seconds that make the same frames when they are asked for: one frame is where the video begins.
    private static String seconds(Job.Made made) {
        BigDecimal seconds = BigDecimal.valueOf(Math.max(made.frames() - 1, 0) / made.framesPerSecond())
                .setScale(DECIMALS, RoundingMode.HALF_UP)
                .stripTrailingZeros();
        return seconds.toPlainString();
    }

    private static void putTime(ObjectNode json, String name, Optional<Instant> time) {
        time.ifPresentOrElse(value -> json.put(name, value.getEpochSecond()), () -> json.putNull(name));
    }

    private static void put(ObjectNode json, String name, OptionalInt value) {
        value.ifPresentOrElse(number -> json.put(name, number), () -> json.putNull(name));
    }

    private static void put(ObjectNode json, String name, OptionalLong value) {
        value.ifPresentOrElse(number -> json.put(name, number), () -> json.putNull(name));
    }

    private static void put(ObjectNode json, String name, OptionalDouble value) {
        value.ifPresentOrElse(number -> json.put(name, number), () -> json.putNull(name));
    }

    /// A list with the ids of its ends.
    static ObjectNode list(List<Job> jobs, boolean hasMore) {
        ObjectNode json = JsonFile.newObject();
        json.put("object", "list");
        ArrayNode data = json.putArray("data");
        jobs.forEach(job -> data.add(video(job)));
        json.put("first_id", jobs.isEmpty() ? null : jobs.getFirst().id());
        json.put("last_id", jobs.isEmpty() ? null : jobs.getLast().id());
        json.put("has_more", hasMore);
        return json;
    }

    /// A model with what it was trained for.
    static ObjectNode model(ModelCard card) {
        ObjectNode json = JsonFile.newObject();
        Job.Made usual = card.usual();
        json.put("id", card.name());
        json.put("object", "model");
        json.put("created", card.created().getEpochSecond());
        json.put("owned_by", "cogvideo4j");
        json.put("loaded", card.loaded());
        ArrayNode kinds = json.putArray("kinds");
        card.kinds().forEach(kind -> kinds.add(kind.toString()));
        json.put("width", usual.width());
        json.put("height", usual.height());
        json.put("num_frames", usual.frames());
        json.put("fps", usual.framesPerSecond());
        json.put("seconds", seconds(usual));
        ArrayNode sizes = json.putArray("sizes");
        sizes.add(usual.width() + "x" + usual.height());
        if (!card.fixedSize() && usual.width() != usual.height()) {
            sizes.add(usual.height() + "x" + usual.width());
        }
        json.put("fixed_size", card.fixedSize());
        json.put("size_multiple", card.sizeMultiple());
        ArrayNode counts = json.putArray("frame_counts");
        for (int frames = card.frameMultiple() + 1; frames <= usual.frames(); frames += card.frameMultiple()) {
            counts.add(frames);
        }
        if (counts.isEmpty()) {
            counts.add(usual.frames());
        }
        GenerationSettings settings = GenerationSettings.defaults();
        json.put("num_inference_steps", settings.steps());
        json.put("guidance_scale", settings.guidanceScale());
        json.put("use_dynamic_cfg", settings.dynamicCfg());
        json.put("scheduler", usual.scheduler());
        json.put("max_prompt_tokens", card.maxPromptTokens());
        Catalogue.put(json, card);
        return json;
    }

    /// What a request would take.
    static ObjectNode estimate(Estimate estimate, Locale language) {
        ObjectNode json = JsonFile.newObject();
        Job.Made made = estimate.made();
        json.put("object", "video.estimate");
        json.put("width", made.width());
        json.put("height", made.height());
        json.put("num_frames", made.frames());
        json.put("fps", made.framesPerSecond());
        json.put("seconds", seconds(made));
        json.put("num_inference_steps", made.steps());
        json.put("scheduler", made.scheduler());
        json.put("device", estimate.device());
        json.put("memory_bytes", estimate.memoryBytes());
        put(json, "memory_available_bytes", estimate.availableBytes());
        json.put("fits", estimate.fits());
        put(json, "seconds_estimated", estimate.seconds());
        json.put("queue_seconds", estimate.queueSeconds());
        ArrayNode warnings = json.putArray("warnings");
        estimate.warnings()
                .forEach(problem -> warnings.addObject()
                        .put("code", problem.code().id())
                        .put("message", problem.message().text(language)));
        return json;
    }

    /// The queue.
    static ObjectNode queue(QueueState queue) {
        ObjectNode json = JsonFile.newObject();
        json.put("object", "queue");
        json.put("paused", queue.paused());
        json.put("depth", queue.queued());
        json.put("running", queue.running());
        json.put("oldest_seconds", queue.oldestSeconds());
        json.put("work_seconds", queue.workSeconds());
        return json;
    }
}

package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.Job.Operation;
import io.github.cogvideo4j.server.internal.job.Jobs;
import io.github.cogvideo4j.server.internal.job.Jobs.Source;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Input;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Lora;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/// The reader of what clients ask for: from a body, in whichever spelling, to a checked [VideoRequest].
public final class VideoRequestReader {
    static final int LONGEST_PROMPT = 32_000;

    private static final int LONGEST_KEY = 512;
    private static final int MOST_VIDEOS = 10;
    private static final int MOST_STEPS = 200;
    private static final double LARGEST_GUIDANCE = 100;
    private static final double LARGEST_SCALE = 10;
    private static final long LARGEST_SEED = (1L << 53) - 1;
    private static final int MOST_LORAS = 8;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Jobs jobs;

    /// @param jobs knows the models, and earlier videos
    public VideoRequestReader(Jobs jobs) {
        this.jobs = jobs;
    }

    /// What a client asked for.
    ///
    /// @param request   the video
    /// @param operation what the client called it
    /// @param count     how many of them, with seeds that count up
    public record Asked(VideoRequest request, Operation operation, int count) {}

    /// A new video.
    public Asked create(HttpServletRequest http, String owner, Uploads uploads) throws IOException {
        return read(BodyReader.read(http, uploads), owner, uploads, Operation.CREATE, false);
    }

    /// A video of which only the cost is asked: the input may still be missing.
    public Asked estimate(HttpServletRequest http, String owner, Uploads uploads) throws IOException {
        return read(BodyReader.read(http, uploads), owner, uploads, Operation.CREATE, true);
    }

    /// A video that is changed.
    public Asked edit(HttpServletRequest http, String owner, Uploads uploads) throws IOException {
        return read(BodyReader.read(http, uploads), owner, uploads, Operation.EDIT, false);
    }

    /// A video that is continued.
    public Asked extension(HttpServletRequest http, String owner, Uploads uploads) throws IOException {
        return read(BodyReader.read(http, uploads), owner, uploads, Operation.EXTENSION, false);
    }

    /// An earlier video with another prompt.
    public Asked remix(HttpServletRequest http, String owner, String id, Uploads uploads) throws IOException {
        Job earlier = jobs.find(owner, id);
        FormFields fields = new FormFields(BodyReader.read(http, uploads).fields());
        String prompt = prompt(fields);
        OptionalLong seed = fields.whole("seed", 0, LARGEST_SEED);
        fields.requireNothingElse();
        Map<Input, String> inputs = new EnumMap<>(Input.class);
        for (Input input : earlier.request().inputs().keySet()) {
            Source source = switch (input) {
                case INPUT -> Source.INPUT;
                case LAST_IMAGE -> Source.LAST_IMAGE;
                case MASK -> Source.MASK;
            };
            inputs.put(input, uploads.adopt(jobs.reuse(owner, id, source)));
        }
        VideoRequest again = earlier.request().remixed(prompt, inputs, id);
        return new Asked(seed.isPresent() ? again.withSeed(seed.getAsLong()) : again, Operation.REMIX, 1);
    }

    /// A place in the queue.
    public int position(HttpServletRequest http, Path folder) throws IOException {
        try (Uploads uploads = new Uploads(folder)) {
            FormFields fields = new FormFields(BodyReader.read(http, uploads).fields());
            OptionalLong position = fields.whole("position", 1, Integer.MAX_VALUE);
            fields.requireNothingElse();
            return Math.toIntExact(position.orElseThrow(() -> ApiException.missing("position")));
        }
    }

    /// A key that someone typed in.
    public static String key(HttpServletRequest http, Path folder) throws IOException {
        try (Uploads uploads = new Uploads(folder)) {
            FormFields fields = new FormFields(BodyReader.read(http, uploads).fields());
            Optional<String> key = fields.text("key", LONGEST_KEY);
            fields.requireNothingElse();
            return key.orElseThrow(() -> ApiException.missing("key"));
        }
    }

    private static String prompt(FormFields fields) {
        String prompt = fields.text("prompt", LONGEST_PROMPT).orElseThrow(() -> ApiException.missing("prompt"));
        if (prompt.isBlank()) {
            throw ApiException.missing("prompt");
        }
        return prompt;
    }

    private Asked read(RequestBody body, String owner, Uploads uploads, Operation operation, boolean onlyEstimate)
            throws IOException {
        FormFields fields = new FormFields(body.fields());
        String prompt = prompt(fields);
        Given given = given(fields, body, owner, uploads);
        GenerationKind kind = KindRules.kind(fields.word("kind"), given.files(), operation, onlyEstimate);
        ModelCard model = KindRules.model(jobs.models(), fields.word("model"), kind, operation);
        kind = KindRules.settle(kind, model, given.files());
        SizeFields sizes = new SizeFields(fields, model, operation);
        GenerationSettings settings = sizes.apply(settings(fields), kind, given.input());
        OptionalInt clips = sizes.clips();
        Map<Input, String> inputs = KindRules.inputs(given.files(), kind, model);
        if (onlyEstimate && kind != GenerationKind.T2V && !inputs.containsKey(Input.INPUT)) {
            inputs.put(Input.INPUT, StandIn.of(kind, settings, uploads));
        }
        OptionalLong seed = fields.whole("seed", 0, LARGEST_SEED);
        int count = Math.toIntExact(fields.whole("n", 1, MOST_VIDEOS)
                .orElseGet(() ->
                        fields.whole("num_outputs_per_prompt", 1, MOST_VIDEOS).orElse(1)));
        fields.value("num_outputs_per_prompt");
        VideoRequest request = new VideoRequest(
                model.name(),
                kind,
                prompt,
                fields.text("negative_prompt", LONGEST_PROMPT).filter(text -> !text.isBlank()),
                settings,
                scheduler(fields),
                loras(fields),
                seed.orElseGet(() -> RANDOM.nextLong(1L << 32)),
                inputs,
                Math.toIntExact(fields.whole("preview_every", 0, MOST_STEPS).orElse(0)),
                clips,
                given.from());
        fields.word("user");
        fields.word("quality").filter(text -> !text.equals("standard")).ifPresent(text -> {
            throw ApiException.invalid("quality", "server.request.quality", RequestBody.shown(text));
        });
        fields.requireNothingElse();
        return new Asked(request, operation, count);
    }

    /// The files of a request.
    ///
    /// @param files by field
    /// @param from  the earlier video that one of them is
    record Given(Map<String, InputFile> files, Optional<String> from) {
        /// What the video starts from.
        Optional<InputFile> input() {
            return files.entrySet().stream()
                    .filter(entry ->
                            !entry.getKey().equals("mask") && !entry.getKey().equals("last_image"))
                    .map(Map.Entry::getValue)
                    .findFirst();
        }
    }

    private Given given(FormFields fields, RequestBody body, String owner, Uploads uploads) throws IOException {
        Map<String, InputFile> files = new LinkedHashMap<>();
        Optional<String> from = Optional.empty();
        for (String field : References.FIELDS) {
            Optional<String> id = References.video(fields, field, body.files());
            String name = body.files().get(field);
            if (id.isPresent()) {
                if (!VideoRequest.isPlainName(id.get())) {
                    throw ApiException.invalid(field + ".id", "server.request.no-video", field);
                }
                name = uploads.adopt(jobs.reuse(owner, id.get(), Source.RESULT));
                from = id;
            }
            if (name != null) {
                files.put(field, InputFile.of(uploads, name, field));
            }
        }
        return new Given(files, from);
    }

    private static GenerationSettings settings(FormFields fields) {
        GenerationSettings settings = GenerationSettings.defaults();
        OptionalLong steps = fields.whole("num_inference_steps", 1, MOST_STEPS);
        if (steps.isPresent()) {
            settings = settings.withSteps((int) steps.getAsLong());
        }
        OptionalDouble guidance = fields.number("guidance_scale", 0, LARGEST_GUIDANCE);
        if (guidance.isPresent()) {
            settings = settings.withGuidanceScale(guidance.getAsDouble());
        }
        Optional<Boolean> dynamic = fields.flag("use_dynamic_cfg");
        if (dynamic.isPresent()) {
            settings = settings.withDynamicCfg(dynamic.get());
        }
        OptionalDouble strength = fields.number("strength", 0, 1);
        if (strength.isPresent()) {
            if (strength.getAsDouble() == 0) {
                throw ApiException.invalid("strength", "server.request.range", "strength", 0, "> 0", 1);
            }
            settings = settings.withStrength(strength.getAsDouble());
        }
        Optional<String> cache = fields.word("cache").filter(text -> !text.isBlank());
        return cache.isPresent() ? settings.withCache(CacheChoice.of(cache.get())) : settings;
    }

    private static Optional<SchedulerChoice> scheduler(FormFields fields) {
        return fields.word("scheduler")
                .filter(text -> !text.isBlank())
                .map(text -> SchedulerChoice.named(text)
                        .orElseThrow(() -> ApiException.invalid(
                                "scheduler",
                                "server.request.scheduler",
                                RequestBody.shown(text),
                                List.of(SchedulerChoice.values()))));
    }

    private List<Lora> loras(FormFields fields) {
        Optional<JsonNode> value = fields.value("lora")
                .filter(node -> !node.isString() || !node.stringValue().isBlank());
        if (value.isEmpty()) {
            return List.of();
        }
        List<Lora> loras = new ArrayList<>();
        if (value.get().isArray()) {
            value.get().forEach(node -> loras.add(lora(fields, node)));
        } else {
            loras.add(lora(fields, value.get()));
        }
        if (loras.size() > MOST_LORAS) {
            throw ApiException.invalid("lora", "server.request.range", "lora", loras.size(), 0, MOST_LORAS);
        }
        return loras;
    }

    /// Neighbours of this API call the name of an adapter `path`; here it is a name all the same.
    private Lora lora(FormFields fields, JsonNode node) {
        String name;
        double scale = 1;
        if (node.isString()) {
            name = node.stringValue();
        } else {
            FormFields inner = fields.of("lora", node);
            Optional<String> path = inner.word("path");
            name = inner.word("name").or(() -> path).orElseThrow(() -> ApiException.missing("lora.name"));
            scale = inner.number("scale", -LARGEST_SCALE, LARGEST_SCALE).orElse(1);
            inner.value("int_id");
            inner.requireNothingElse();
        }
        if (!jobs.loras().contains(name)) {
            throw ApiException.invalid("lora", "server.request.lora", RequestBody.shown(name));
        }
        return new Lora(name, scale);
    }
}

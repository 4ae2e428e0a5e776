package io.github.cogvideo4j.inference.generation;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON form of a [GenerationRequest]: what a record beside a video holds, and what a queue carries. How
/// many threads compute it is a matter of the machine and not part of it. Fields that are absent have their
/// defaults.
public final class RequestJson {
    private static final String MODEL = "model";
    private static final String TRANSFORMER = "transformer";
    private static final String LORAS = "loras";
    private static final String DTYPE = "dtype";
    private static final String DEVICE = "device";
    private static final String ATTENTION = "attention";
    private static final String OFFLOAD = "offload";
    private static final String BENCHMARK = "cudnn_benchmark";
    private static final String TILING = "vae_tiling";
    private static final String SLICING = "vae_slicing";
    private static final String TILES = "vae_tiles";
    private static final String SCHEDULER = "scheduler";
    private static final String SPACING = "timestep_spacing";
    private static final String KIND = "generate_type";
    private static final String PROMPTS = "prompts";
    private static final String NEGATIVE = "negative_prompt";
    private static final String HEIGHT = "height";
    private static final String WIDTH = "width";
    private static final String FRAMES = "num_frames";
    private static final String STEPS = "num_inference_steps";
    private static final String GUIDANCE = "guidance_scale";
    private static final String DYNAMIC = "use_dynamic_cfg";
    private static final String PER_PROMPT = "num_videos_per_prompt";
    private static final String TOKENS = "max_sequence_length";
    private static final String STRENGTH = "strength";
    private static final String RATE = "fps";
    private static final String CACHE = "cache";
    private static final String WINDOWS = "windows";
    private static final String WEIGHTS = "weights";
    private static final String KARRAS = "karras_sigmas";
    private static final String ORDER = "solver_order";
    private static final String KEEP_SHIFT = "keep_snr_shift";
    private static final String QUIRKS = "reference_quirks";
    private static final String SEED = "seed";
    private static final String TRIAL = "trial";
    private static final String EXTEND = "extend";
    private static final String CLIPS = "clips";
    private static final String OVERLAP = "overlap";
    /// The name of the kind of job.
    public static final String JOB = "generate";

    private static final int VERSION = 1;
    private static final String OUTPUTS = "outputs";
    private static final String OVERWRITE = "overwrite";
    private static final String VIDEO = "video";
    private static final String LATENTS = "latents";
    private static final String SHEET = "contact_sheet";
    private static final String PREVIEWS = "preview_every";
    private static final String PATH = "path";
    private static final String SCALE = "scale";
    private static final String ALPHA = "alpha";
    private static final String TEXT = "text";
    private static final String ORIGINAL = "original";
    private static final String INPUT = "input";
    private static final String LAST_IMAGE = "last_image";
    private static final String MASK = "mask";
    private static final String OVERLAP_HEIGHT = "overlap_height";
    private static final String OVERLAP_WIDTH = "overlap_width";

    private RequestJson() {}

    /// A request with its outputs.
    public static ObjectNode write(GenerationRequest request) {
        ObjectNode json = JsonFile.newObject();
        json.put("job", JOB);
        json.put("version", VERSION);
        json.setAll(writeWithoutOutputs(request));
        ObjectNode outputs = json.putObject(OUTPUTS);
        outputs.put(VIDEO, text(request.outputs().video()));
        request.outputs().latents().ifPresent(file -> outputs.put(LATENTS, text(file)));
        request.outputs().contactSheet().ifPresent(file -> outputs.put(SHEET, text(file)));
        outputs.put(PREVIEWS, request.outputs().previewEvery());
        outputs.put(OVERWRITE, request.outputs().overwrite());
        return json;
    }

    /// What shapes the pixels: a request without its outputs.
    static ObjectNode writeWithoutOutputs(GenerationRequest request) {
        ObjectNode json = JsonFile.newObject();
        json.put(MODEL, text(request.model()));
        write(json, request.options());
        json.put(KIND, request.kind().toString());
        ArrayNode prompts = json.putArray(PROMPTS);
        request.prompts().forEach(prompt -> {
            ObjectNode node = prompts.addObject();
            node.put(TEXT, prompt.text());
            prompt.input().ifPresent(file -> node.put(INPUT, text(file)));
            prompt.lastImage().ifPresent(file -> node.put(LAST_IMAGE, text(file)));
            prompt.mask().ifPresent(file -> node.put(MASK, text(file)));
            prompt.original().ifPresent(words -> node.put(ORIGINAL, words));
        });
        request.negativePrompt().ifPresent(text -> json.put(NEGATIVE, text));
        write(json, request.settings());
        json.put(SEED, request.seed());
        json.put(TRIAL, request.trial());
        request.extension().ifPresent(value -> {
            ObjectNode node = json.putObject(EXTEND).put(CLIPS, value.clips());
            value.overlap().ifPresent(frames -> node.put(OVERLAP, frames));
        });
        return json;
    }

    private static void write(ObjectNode json, PipelineOptions options) {
        options.transformer().ifPresent(path -> json.put(TRANSFORMER, text(path)));
        ArrayNode loras = json.putArray(LORAS);
        options.loras().forEach(lora -> {
            ObjectNode node = loras.addObject();
            node.put(PATH, text(lora.path()));
            node.put(SCALE, lora.scale());
            lora.alpha().ifPresent(alpha -> node.put(ALPHA, alpha));
        });
        json.put(DTYPE, word(options.compute().precision()));
        json.put(DEVICE, options.compute().device());
        if (options.compute().attention() != AttentionKernel.AUTO) {
            json.put(ATTENTION, word(options.compute().attention()));
        }
        if (options.compute().offload() != Offload.AUTO) {
            json.put(OFFLOAD, word(options.compute().offload()));
        }
        options.compute().cudnnBenchmark().ifPresent(value -> json.put(BENCHMARK, value));
        json.put(TILING, options.vae().tiling());
        json.put(SLICING, options.vae().slicing());
        options.vae().tiles().ifPresent(tiles -> {
            ObjectNode node = json.putObject(TILES);
            node.put(HEIGHT, tiles.height());
            node.put(WIDTH, tiles.width());
            node.put(OVERLAP_HEIGHT, tiles.overlapHeight());
            node.put(OVERLAP_WIDTH, tiles.overlapWidth());
        });
        options.scheduler().ifPresent(scheduler -> json.put(SCHEDULER, word(scheduler)));
        options.spacing().ifPresent(spacing -> json.put(SPACING, spacing.id()));
        json.put(KARRAS, options.sampler().karrasSigmas());
        options.sampler().solverOrder().ifPresent(order -> json.put(ORDER, order));
        json.put(KEEP_SHIFT, options.sampler().keepSnrShift());
        json.put(QUIRKS, options.sampler().referenceQuirks());
        json.put(WEIGHTS, word(options.weights()));
    }

    private static void write(ObjectNode json, GenerationSettings settings) {
        settings.height().ifPresent(value -> json.put(HEIGHT, value));
        settings.width().ifPresent(value -> json.put(WIDTH, value));
        settings.numFrames().ifPresent(value -> json.put(FRAMES, value));
        json.put(STEPS, settings.steps());
        json.put(GUIDANCE, settings.guidanceScale());
        json.put(DYNAMIC, settings.dynamicCfg());
        json.put(PER_PROMPT, settings.videosPerPrompt());
        settings.maxSequenceLength().ifPresent(value -> json.put(TOKENS, value));
        json.put(STRENGTH, settings.strength());
        settings.framesPerSecond().ifPresent(value -> json.put(RATE, value));
        settings.cache().ifPresent(value -> json.put(CACHE, value.toString()));
        settings.windows().ifPresent(value -> json.set(WINDOWS, WindowJson.write(value)));
    }

    /// Reads a request, whose content is not trusted.
    ///
    /// @param place where it is, for messages
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `request` when it is not one: it names the field
    public static GenerationRequest read(ObjectNode json, Place place) {
        JsonFields fields = new JsonFields(json, place);
        if (!fields.text("job").equals(Optional.of(JOB))) {
            throw fields.bad("job");
        }
        if (fields.whole("version", 1).orElse(0) != VERSION) {
            throw fields.bad("version");
        }
        JsonFields outputs = fields.object(OUTPUTS).orElseThrow(() -> fields.bad(OUTPUTS));
        GenerationRequest request = read(fields)
                .withOutputs(new GenerationOutputs(
                        outputs.path(VIDEO).orElseThrow(() -> outputs.bad(VIDEO)),
                        outputs.path(LATENTS),
                        outputs.path(SHEET),
                        outputs.whole(PREVIEWS, 0).orElse(0),
                        outputs.flag(OVERWRITE, false)));
        outputs.requireNothingElse();
        fields.requireNothingElse();
        return request;
    }

    /// Reads a request without outputs: one that names some is refused.
    static GenerationRequest readWithoutOutputs(ObjectNode json, Place place) {
        JsonFields fields = new JsonFields(json, place);
        GenerationRequest request = read(fields);
        fields.requireNothingElse();
        return request;
    }

    private static GenerationRequest read(JsonFields fields) {
        Optional<String> kind = fields.text(KIND);
        List<PromptInput> prompts =
                fields.objects(PROMPTS).stream().map(RequestJson::prompt).toList();
        if (prompts.isEmpty()) {
            throw fields.bad(PROMPTS);
        }
        GenerationRequest defaults = GenerationRequest.of(
                fields.path(MODEL).orElseThrow(() -> fields.bad(MODEL)), "", Path.of(GenerationOutputs.USUAL_VIDEO));
        return new GenerationRequest(
                defaults.model(),
                options(fields),
                kind.map(word -> GenerationKind.of(word).orElseThrow(() -> fields.bad(KIND)))
                        .orElse(defaults.kind()),
                prompts,
                fields.text(NEGATIVE),
                settings(fields),
                fields.longWhole(SEED).orElse(defaults.seed()),
                fields.flag(TRIAL, false),
                fields.object(EXTEND).map(RequestJson::extension),
                defaults.outputs());
    }

    private static GenerationRequest.Extension extension(JsonFields fields) {
        int clips = fields.whole(CLIPS, 1).orElse(1);
        if (clips > GenerationRequest.Extension.MOST_CLIPS) {
            throw fields.bad(CLIPS);
        }
        OptionalInt overlap = fields.whole(OVERLAP, 1);
        fields.requireNothingElse();
        return new GenerationRequest.Extension(clips, overlap);
    }

    private static PromptInput prompt(JsonFields fields) {
        PromptInput prompt = new PromptInput(
                fields.text(TEXT).orElseThrow(() -> fields.bad(TEXT)),
                fields.path(INPUT),
                fields.path(LAST_IMAGE),
                fields.path(MASK),
                fields.text(ORIGINAL));
        fields.requireNothingElse();
        return prompt;
    }

    private static PipelineOptions options(JsonFields fields) {
        PipelineOptions defaults = PipelineOptions.defaults();
        ComputeOptions compute = defaults.compute();
        PipelineOptions options = defaults.withCompute(new ComputeOptions(
                        fields.choice(DTYPE, Precision.values(), RequestJson::word)
                                .orElse(compute.precision()),
                        fields.text(DEVICE).orElse(compute.device()),
                        compute.threads(),
                        fields.choice(ATTENTION, AttentionKernel.values(), RequestJson::word)
                                .orElse(AttentionKernel.AUTO),
                        fields.choice(OFFLOAD, Offload.values(), RequestJson::word)
                                .orElse(Offload.AUTO),
                        fields.flag(BENCHMARK)))
                .withVae(new VaeOptions(
                        fields.flag(TILING, defaults.vae().tiling()),
                        fields.flag(SLICING, defaults.vae().slicing()),
                        fields.object(TILES).map(RequestJson::tiles)))
                .withSampler(new SamplerOptions(
                        fields.flag(KARRAS, false),
                        fields.whole(ORDER, 1),
                        fields.flag(KEEP_SHIFT, false),
                        fields.flag(QUIRKS, false)))
                .withWeights(fields.choice(WEIGHTS, WeightFormat.values(), RequestJson::word)
                        .orElse(defaults.weights()))
                .withLoras(fields.objects(LORAS).stream().map(RequestJson::lora).toList());
        Optional<Path> transformer = fields.path(TRANSFORMER);
        Optional<SchedulerChoice> scheduler = fields.choice(SCHEDULER, SchedulerChoice.values(), RequestJson::word);
        Optional<TimestepSpacing> spacing = fields.choice(SPACING, TimestepSpacing.values(), TimestepSpacing::id);
        options = transformer.map(options::withTransformer).orElse(options);
        options = scheduler.map(options::withScheduler).orElse(options);
        return spacing.map(options::withSpacing).orElse(options);
    }

    private static TileSize tiles(JsonFields fields) {
        try {
            TileSize tiles = new TileSize(
                    fields.whole(HEIGHT, 1).orElseThrow(() -> fields.bad(HEIGHT)),
                    fields.whole(WIDTH, 1).orElseThrow(() -> fields.bad(WIDTH)),
                    fields.number(OVERLAP_HEIGHT).orElseThrow(() -> fields.bad(OVERLAP_HEIGHT)),
                    fields.number(OVERLAP_WIDTH).orElseThrow(() -> fields.bad(OVERLAP_WIDTH)));
            fields.requireNothingElse();
            return tiles;
        } catch (IllegalArgumentException _) {
            throw fields.bad(TILES);
        }
    }

    private static LoraChoice lora(JsonFields fields) {
        LoraChoice lora = new LoraChoice(
                fields.path(PATH).orElseThrow(() -> fields.bad(PATH)),
                fields.number(SCALE).orElse(1),
                fields.number(ALPHA));
        fields.requireNothingElse();
        return lora;
    }

    private static GenerationSettings settings(JsonFields fields) {
        GenerationSettings defaults = GenerationSettings.defaults();
        OptionalDouble rate = fields.number(RATE);
        OptionalInt tokens = fields.whole(TOKENS, 1);
        return new GenerationSettings(
                fields.whole(HEIGHT, 1),
                fields.whole(WIDTH, 1),
                fields.whole(FRAMES, 1),
                fields.whole(STEPS, 1).orElse(defaults.steps()),
                fields.number(GUIDANCE).orElse(defaults.guidanceScale()),
                fields.flag(DYNAMIC, defaults.dynamicCfg()),
                fields.whole(PER_PROMPT, 1).orElse(defaults.videosPerPrompt()),
                tokens,
                fields.number(STRENGTH).orElse(defaults.strength()),
                rate,
                fields.text(CACHE).map(CacheChoice::of),
                fields.object(WINDOWS).map(WindowJson::read));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String text(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }
}

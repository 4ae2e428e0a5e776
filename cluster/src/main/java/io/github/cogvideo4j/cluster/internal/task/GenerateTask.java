package io.github.cogvideo4j.cluster.internal.task;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InferenceException;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.GenerationKeys;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Rows that are videos.
public final class GenerateTask implements RowTask {
    private static final double TERA = 1e12;
    /// Tokens at which attention costs as much as the rest: the two are halves at 17,776 tokens of CogVideoX-5B.
    private static final double EVEN = 17_776;
    private static final double PATCH = 16;
    private static final int TEXT = 226;
    /// Operations of the decoder for each value of a frame.
    private static final double DECODED = 1.5e6;
    /// H.264 at the usual quality, in bytes for each pixel.
    private static final double BYTES_PER_PIXEL = 0.1;

    /// How many models rows may name that each is opened once: what is known of one takes a megabyte or two.
    private static final int MODELS_AHEAD = 32;

    private static final int SHEET = 400_000;
    private static final int LONGEST_NAME = 60;
    private static final double MOST_SECONDS = 3600;

    private final ObjectNode defaults;
    private final String device;
    private final int threads;
    private final LoadedModels models;
    private final boolean owner;
    private final GenerationKeys keys = new GenerationKeys();
    private final Map<String, Shape> shapes = new HashMap<>();
    private final Map<String, Path> folders = new HashMap<>();
    private final Map<Path, Double> rates = new HashMap<>();

    /// What rows of one shape have in common.
    private record Shape(double work, long bytes, String device, Optional<Problem> problem) {}

    /// @param defaults the JSON form of a request, where a row says nothing else
    /// @param device   the device of this process, in place of the request's; empty: the request's
    /// @param kept     models that stay open when this is closed; empty: it has models of its own
    public GenerateTask(ObjectNode defaults, String device, int threads, Optional<LoadedModels> kept) {
        this.defaults = defaults.deepCopy();
        this.models = kept.orElseGet(() -> new LoadedModels(MODELS_AHEAD));
        this.owner = kept.isEmpty();
        this.device = device;
        this.threads = threads;
    }

    @Override
    public Prepared prepare(ObjectNode fields) throws IOException {
        GenerationRequest request = request(fields);
        PromptInput prompt = request.prompts().getFirst();
        String name = name(prompt.text()) + "-" + request.seed();
        Optional<Path> missing = Stream.of(prompt.input(), prompt.lastImage(), prompt.mask())
                .flatMap(Optional::stream)
                .filter(file -> !isThere(file))
                .findFirst();
        String group = group(request);
        if (missing.isPresent()) {
            Problem problem = Problem.of(ProblemCode.MISSING_FILE, Place.of(missing.get()), "cluster.row.no-file");
            return new Prepared(keyWithout(request), group, name, 0, 0, "", Optional.of(problem));
        }
        Shape shape = shape(request);
        return new Prepared(
                keys.key(request), group, name, shape.work(), shape.bytes(), shape.device(), shape.problem());
    }

    /// Whether something is there that has an end: not a pipe or a device.
    static boolean isThere(Path file) {
        return Files.isRegularFile(file) || Files.isDirectory(file);
    }

    /// A key for a row whose files are not there: of what it says, so that it becomes another one with them.
    private String keyWithout(GenerationRequest request) throws IOException {
        PromptInput prompt = request.prompts().getFirst();
        return keys.key(request.withPrompts(
                request.kind(), List.of(new PromptInput(prompt.text() + "\0" + prompt.input() + prompt.lastImage()))));
    }

    private GenerationRequest request(ObjectNode fields) throws IOException {
        ObjectNode json = defaults.deepCopy();
        if (fields.has("seconds")) {
            json.remove("num_frames"); // a row's length in place of the one of all rows
        }
        for (String name : fields.propertyNames()) {
            json.set(name, fields.get(name));
        }
        JsonNode model = json.get("model");
        if (model == null || !model.isString() || model.stringValue().isBlank()) {
            throw bad("cluster.row.no-model");
        }
        json.put("model", folder(model.stringValue()).toString());
        JsonNode seconds = json.remove("seconds");
        GenerationRequest request = RequestJson.read(json, Place.nowhere());
        PipelineOptions options = request.options();
        ComputeOptions compute = options.compute();
        request = request.withOptions(options.withCompute(
                new ComputeOptions(compute.precision(), device.isEmpty() ? compute.device() : device, threads)));
        PromptInput prompt = request.prompts().getFirst();
        if (prompt.input().isPresent()
                && !fields.has("generate_type")
                && Files.exists(prompt.input().get())) {
            request = request.withPrompts(kind(request, prompt.input().get()), request.prompts());
        }
        if (request.settings().videosPerPrompt() != 1) {
            request = request.withSettings(request.settings().withVideosPerPrompt(1));
        }
        return seconds == null ? request : lasting(request, seconds);
    }

    private static GenerationKind kind(GenerationRequest request, Path input) throws IOException {
        if (request.kind() != GenerationKind.T2V) {
            return request.kind();
        }
        return !Files.isDirectory(input) && Image.isStill(input) ? GenerationKind.I2V : GenerationKind.V2V;
    }

    /// Models are trained with whole seconds of frames and one more.
    private GenerationRequest lasting(GenerationRequest request, JsonNode seconds) throws IOException {
        double value = seconds.isNumber()
                ? seconds.doubleValue()
                : seconds.isString() && seconds.stringValue().matches("\\d{1,4}(\\.\\d{1,3})?")
                        ? Double.parseDouble(seconds.stringValue())
                        : -1;
        if (value <= 0 || value > MOST_SECONDS || request.settings().numFrames().isPresent()) {
            throw bad("inference.request.field", "seconds");
        }
        Double rate = rates.get(request.model());
        if (rate == null) {
            rate = GenerationJob.traits(request.model(), request.options()).framesPerSecond();
            rates.put(request.model(), rate);
        }
        return request.withSettings(request.settings().withNumFrames((int) Math.round(value * rate) + 1));
    }

    private Path folder(String model) throws IOException {
        Path known = folders.get(model);
        if (known == null) {
            known = ModelFolder.locate(model, Map.copyOf(System.getenv()));
            folders.put(model, known);
        }
        return known;
    }

    private static InvalidRequestException bad(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    /// The same on every machine: by what the model is, wherever it lies and is computed.
    private String group(GenerationRequest request) throws IOException {
        PipelineOptions options = request.options();
        ComputeOptions anywhere = new ComputeOptions(options.compute().precision(), "cpu", 1);
        return keys.identity(request.model()) + "\n" + request.kind() + "\n" + options.withCompute(anywhere);
    }

    private Shape shape(GenerationRequest request) throws IOException {
        PromptInput prompt = request.prompts().getFirst();
        String form = RequestJson.write(request.withSeed(0)
                        .withPrompts(
                                request.kind(),
                                List.of(new PromptInput(
                                        "", request.kind() == GenerationKind.I2V ? Optional.empty() : prompt.input()))))
                .toString();
        Shape known = shapes.get(form);
        if (known == null) {
            known = plan(request);
            // What is wrong with one row's picture says nothing of the others.
            if (known.problem().stream()
                    .noneMatch(problem -> problem.code() == ProblemCode.IMAGE
                            || problem.code() == ProblemCode.VIDEO
                            || problem.code() == ProblemCode.UNREADABLE)) {
                shapes.put(form, known);
            }
        }
        return known;
    }

    private Shape plan(GenerationRequest request) throws IOException {
        try {
            GenerationPlan plan = models.estimate(request);
            return new Shape(work(plan, request) / TERA, bytes(plan), plan.device(), Optional.empty());
        } catch (InvalidRequestException | InferenceException | MalformedFileException e) {
            return new Shape(0, 0, "", Optional.of(((CarriesProblem) e).problem()));
        }
    }

    /// The transformer's operations, from its weights and the tokens, and the decoder's.
    private static double work(GenerationPlan plan, GenerationRequest request) throws IOException {
        double tokens = (double) plan.latentFrames() * (plan.height() / PATCH) * (plan.width() / PATCH) + TEXT;
        long weights =
                weights(request.options().transformer().orElse(request.model().resolve("transformer")));
        double forward = weights * tokens * (1 + tokens / EVEN);
        int batch = request.settings().guidanceScale() > 1 ? 2 : 1;
        long calls = plan.windows().map(GenerationPlan.Windows::calls).orElse((long) plan.steps());
        int clips = plan.extended().map(GenerationPlan.Extended::clips).orElse(1);
        return clips * (forward * calls * batch + DECODED * plan.frames() * plan.height() * plan.width());
    }

    /// The size of the weights' files: two bytes and two operations for each weight. The same on every machine, since
    /// shards are dealt by it.
    private static long weights(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            long size = 0;
            for (Path file : files.filter(file -> file.toString().matches(".*\\.(safetensors|bin|pt)"))
                    .toList()) {
                size += Files.size(file);
            }
            return Math.max(1, size);
        } catch (NotDirectoryException _) {
            return Math.max(1, Files.size(folder));
        }
    }

    private static long bytes(GenerationPlan plan) {
        int frames = plan.extended().map(GenerationPlan.Extended::frames).orElse(plan.frames());
        return (long) (BYTES_PER_PIXEL * frames * plan.height() * plan.width()) + SHEET;
    }

    /// The first words of a prompt, as far as file systems and shells have no objection.
    static String name(String prompt) {
        StringBuilder name = new StringBuilder();
        prompt.codePoints().limit(LONGEST_NAME).forEach(c -> {
            if (c < 128 && Character.isLetterOrDigit(c)) {
                name.appendCodePoint(Character.toLowerCase(c));
            } else if (!name.isEmpty() && name.charAt(name.length() - 1) != '-') {
                name.append('-');
            }
        });
        while (!name.isEmpty() && name.charAt(name.length() - 1) == '-') {
            name.setLength(name.length() - 1);
        }
        return name.isEmpty() ? "video" : name.toString();
    }

    @Override
    public Made make(ObjectNode fields, Path scratch, JobControl control) throws IOException {
        Path video = scratch.resolve("video.mp4");
        GenerationRequest request = request(fields)
                .withOutputs(new GenerationOutputs(
                        video, Optional.empty(), Optional.of(GenerationOutputs.contactSheetBeside(video)), 0, false));
        try (PlannedGeneration plan = models.plan(request, control)) {
            GeneratedVideo made = plan.run(control).videos().getFirst();
            GenerationOutputs files = made.files();
            return new Made(
                    List.of(
                            new Produced(files.contactSheet().orElseThrow(), ".mp4.contact-sheet.png"),
                            new Produced(files.record(), ".mp4.json"),
                            new Produced(files.video(), ".mp4")),
                    OptionalLong.of(made.seed()),
                    plan.plan().device(),
                    Optional.empty());
        }
    }

    @Override
    public int loads() {
        return models.loads();
    }

    @Override
    public void close() {
        if (owner) {
            models.close();
        }
    }
}

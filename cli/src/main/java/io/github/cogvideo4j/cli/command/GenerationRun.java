package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Kind;
import io.github.cogvideo4j.cli.arguments.Prompt;
import io.github.cogvideo4j.cli.arguments.RequestArguments;
import io.github.cogvideo4j.cli.arguments.VideoOutputArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.generation.ModelIdentity;
import io.github.cogvideo4j.cli.generation.RunRecord;
import io.github.cogvideo4j.cli.report.CacheReport;
import io.github.cogvideo4j.cli.report.GenerationDisplay;
import io.github.cogvideo4j.cli.report.GenerationPlanReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.pipeline.VideoPipeline;
import io.github.cogvideo4j.inference.system.MachineMemory;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoCheck;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Makes the videos of one prompt after the other and puts the results in their places.
final class GenerationRun {
    private static final int SMOKE_STEPS = 4;
    private static final int SMOKE_FRAMES = 9;
    private static final int SMOKE_GRID = 32;

    private final Console console;
    private final Path folder;
    private final PipelineOptions options;
    private final RequestArguments arguments;
    private final VideoOutputArguments output;
    private final Kind kind;
    private final boolean smoke;

    GenerationRun(
            Console console,
            Path folder,
            PipelineOptions options,
            RequestArguments arguments,
            VideoOutputArguments output,
            Kind kind,
            boolean smoke) {
        this.console = console;
        this.folder = folder;
        this.options = options;
        this.arguments = arguments;
        this.output = output;
        this.kind = kind;
        this.smoke = smoke;
    }

    /// What would run for a prompt.
    GenerationPlan plan(VideoPipeline pipeline, Prompt prompt) throws IOException {
        try (Input input = Input.read(prompt, kind)) {
            return plan(
                    pipeline,
                    request(pipeline, prompt, input),
                    output.places(1, 1).video());
        }
    }

    /// What would run for a request, when its frames can be written.
    private static GenerationPlan plan(VideoPipeline pipeline, PipelineRequest request, Path video) throws IOException {
        GenerationPlan plan = pipeline.plan(request);
        VideoFormat.checkFrames(video, plan.height(), plan.width(), plan.framesPerSecond());
        return plan;
    }

    /// Makes the videos of a prompt.
    ///
    /// @param before how many videos were made before
    /// @param count  how many there will be in all
    /// @param videos where they are told of
    /// @return whether nothing is wrong with them, as far as can be seen
    boolean make(VideoPipeline pipeline, Prompt prompt, int before, int count, ArrayNode videos) throws IOException {
        try (Input input = Input.read(prompt, kind)) {
            PipelineRequest request = request(pipeline, prompt, input);
            VideoOutputArguments.Places first = output.places(before + 1, count);
            GenerationPlan plan = plan(pipeline, request, first.video());
            try (GenerationDisplay display = new GenerationDisplay(
                            console,
                            plan,
                            output.previewEvery(),
                            first.video(),
                            first.latents().isPresent());
                    PipelineResult result = pipeline.generateAll(request, display)) {
                display.finishBar();
                result.cache()
                        .ifPresent(use ->
                                CacheReport.print(console, request.cache().orElseThrow(), use));
                boolean sound = true;
                for (int i = 0; i < result.videos().size(); i++) {
                    VideoOutputArguments.Places places = output.places(before + i + 1, count);
                    ObjectNode told = videos.addObject();
                    sound &= keep(prompt, plan, result, display, i, places, told);
                }
                return sound;
            }
        } catch (InvalidModelException e) {
            if (smoke && e.problem().code() == ProblemCode.NAN_INF) {
                console.finding(e.problem());
                return false;
            }
            throw e;
        }
    }

    private boolean keep(
            Prompt prompt,
            GenerationPlan plan,
            PipelineResult result,
            GenerationDisplay display,
            int index,
            VideoOutputArguments.Places places,
            ObjectNode told)
            throws IOException {
        Video video = result.videos().get(index);
        video.save(places.video());
        if (places.sheet().isPresent()) {
            try (Image sheet = video.contactSheet()) {
                sheet.savePng(places.sheet().get());
            }
        }
        if (places.latents().isPresent()) {
            display.saveLatents(places.latents().get(), index, result.latents());
        }
        ObjectNode outcome = outcome(result, index, video);
        RunRecord record = new RunRecord(
                GenerationWords.of(
                        folder, options, arguments.request(prompt).build(), plan, prompt, kind, seed(result, index)),
                identity(prompt));
        OutputFile.write(places.record(), unfinished -> Files.writeString(unfinished, record.text(outcome)));
        console.print(
                "cli.generate.done",
                places.video(),
                video.frames(),
                video.width(),
                video.height(),
                video.framesPerSecond(),
                seed(result, index));
        told.put("path", places.video().toString());
        told.put("record", places.record().toString());
        places.sheet().ifPresent(file -> told.put("contact_sheet", file.toString()));
        places.latents().ifPresent(file -> told.put("latents", file.toString()));
        told.setAll(outcome);
        return !smoke || judge(video, places.video(), told);
    }

    private static long seed(PipelineResult result, int index) {
        return result.seeds().get(index);
    }

    private static ObjectNode outcome(PipelineResult result, int index, Video video) {
        ObjectNode outcome = JsonFile.newObject();
        outcome.put("seed", seed(result, index));
        outcome.put("frames", video.frames());
        outcome.put("width", video.width());
        outcome.put("height", video.height());
        outcome.put("fps", video.framesPerSecond());
        ObjectNode seconds = outcome.putObject("seconds");
        result.times().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .forEach(time -> seconds.put(
                        GenerationPlanReport.word(time.getKey()),
                        time.getValue().toMillis() / 1000.0));
        result.cache().ifPresent(use -> outcome.set("cache", CacheReport.json(use)));
        MachineMemory.peak().ifPresent(bytes -> outcome.put("peak_memory_bytes", bytes));
        return outcome;
    }

    /// Looks at a trial video and says in words what it is.
    private boolean judge(Video video, Path file, ObjectNode told) {
        VideoCheck check = VideoCheck.of(video);
        ObjectNode numbers = told.putObject("check");
        numbers.put("brightness", check.brightness());
        numbers.put("contrast", check.contrast());
        numbers.put("motion", check.motion());
        numbers.put("smoothness", check.smoothness());
        ArrayNode symptoms = numbers.putArray("symptoms");
        for (VideoCheck.Symptom symptom : check.symptoms()) {
            String word = symptom.name().toLowerCase(Locale.ROOT);
            symptoms.add(word);
            console.finding(Problem.of(ProblemCode.VIDEO, Place.of(file), "cli.smoke." + word));
        }
        if (check.symptoms().isEmpty()) {
            console.print("cli.smoke.sound", Math.round(check.brightness()), Math.round(check.contrast()));
        }
        return check.symptoms().isEmpty();
    }

    /// What the model and the input are, for the record.
    ObjectNode identity(Prompt prompt) {
        try {
            ObjectNode identity = ModelIdentity.of(folder);
            if (prompt.input().isPresent()) {
                identity.put("input_sha256", ModelIdentity.sha256(prompt.input().get()));
            }
            return identity;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PipelineRequest request(VideoPipeline pipeline, Prompt prompt, Input input) throws IOException {
        PipelineRequestBuilder builder = arguments.request(prompt);
        input.image().ifPresent(builder::image);
        input.video().ifPresent(builder::video);
        return smoke ? small(pipeline, builder) : builder.build();
    }

    /// A trial: few steps, few frames, half the size, as far as the model can.
    private PipelineRequest small(VideoPipeline pipeline, PipelineRequestBuilder builder) throws IOException {
        GenerationPlan whole = pipeline.plan(builder.build());
        builder.steps(Math.min(SMOKE_STEPS, whole.steps()));
        if (kind != Kind.V2V) {
            builder.numFrames(Math.min(SMOKE_FRAMES, whole.requestedFrames()));
        }
        PipelineRequest sameSize = builder.build();
        try {
            PipelineRequest half = builder.height(half(whole.height()))
                    .width(half(whole.width()))
                    .build();
            pipeline.plan(half);
            return half;
        } catch (InvalidRequestException _) {
            return sameSize; // learned positions fit one size only
        }
    }

    private static int half(int size) {
        return Math.max(SMOKE_GRID, size / 2 / SMOKE_GRID * SMOKE_GRID);
    }

    /// What a video starts from, read and held while it is made.
    private record Input(Optional<Image> image, Optional<Video> video) implements AutoCloseable {
        static Input read(Prompt prompt, Kind kind) throws IOException {
            if (prompt.input().isEmpty()) {
                return new Input(Optional.empty(), Optional.empty());
            }
            Path file = prompt.input().get();
            return kind == Kind.I2V
                    ? new Input(Optional.of(Image.read(file)), Optional.empty())
                    : new Input(Optional.empty(), Optional.of(Video.read(file)));
        }

        @Override
        public void close() {
            image.ifPresent(Image::close);
            video.ifPresent(Video::close);
        }
    }
}

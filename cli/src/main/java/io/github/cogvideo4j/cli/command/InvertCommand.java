package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.Needed;
import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.GenerationDisplay;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.InversionResult;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.pipeline.InversionPipeline;
import io.github.cogvideo4j.inference.video.TensorFile;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoFile;
import io.github.cogvideo4j.inference.video.VideoFile.FrameChoice;
import io.github.cogvideo4j.inference.video.VideoFile.VideoLimits;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo invert`: from a video to its noise and back, as CogVideo's `ddim_inversion.py` does.
@Command(name = "invert")
public final class InvertCommand extends ConsoleCommand {
    @Mixin
    private final PipelineArguments model = new PipelineArguments();

    @Option(names = "--prompt", paramLabel = "TEXT")
    private Optional<String> prompt = Optional.empty();

    @Option(names = "--video-path", paramLabel = "FILE")
    private Optional<Path> video = Optional.empty();

    @Option(names = "--output-path", paramLabel = "FOLDER", defaultValue = ".")
    private Path output = Path.of(".");

    @Option(names = "--guidance-scale", paramLabel = "X", defaultValue = "6.0")
    private double guidanceScale = 6;

    @Option(names = "--num-inference-steps", paramLabel = "N", defaultValue = "50")
    private int steps = 50;

    @Option(names = "--skip-frames-start", paramLabel = "N", defaultValue = "0")
    private int skipStart;

    @Option(names = "--skip-frames-end", paramLabel = "N", defaultValue = "0")
    private int skipEnd;

    @Option(names = "--frame-sample-step", paramLabel = "N", defaultValue = "0")
    private int sampleStep;

    @Option(names = "--max-num-frames", paramLabel = "N", defaultValue = "81")
    private int mostFrames = 81;

    @Option(names = "--width", paramLabel = "N", defaultValue = "720")
    private int width = 720;

    @Option(names = "--height", paramLabel = "N", defaultValue = "480")
    private int height = 480;

    @Option(names = "--fps", paramLabel = "N", defaultValue = "8")
    private double fps = 8;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "42")
    private long seed = 42;

    @Option(names = "--overwrite")
    private boolean overwrite;

    InvertCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        new Needed()
                .unless(model.named(), "--model", "cli.generate.no-model")
                .unless(prompt.isPresent(), "--prompt", "cli.invert.no-prompt")
                .unless(video.isPresent(), "--video-path", "cli.invert.no-video")
                .check();
        return invert(prompt.orElseThrow(), video.orElseThrow());
    }

    private ExitCode invert(String text, Path source) throws IOException {
        FrameChoice frames = frames();
        InversionResult.Files files = InversionResult.Files.in(output, source);
        files.check(overwrite);
        Path folder = model.folder(Optional.empty());
        try (InversionPipeline pipeline = InversionPipeline.load(folder, model.options());
                Video read = VideoFile.read(source, frames, VideoLimits.DEFAULT)) {
            PipelineRequest request = request(text, read);
            GenerationPlan plan = pipeline.plan(request);
            VideoFormat.checkFrames(files.reconstruction(), plan.height(), plan.width(), plan.framesPerSecond());
            try (GenerationDisplay display = new GenerationDisplay(console, Optional.empty());
                    InversionResult result = pipeline.invert(request, display.control())) {
                display.finishBar();
                TensorFile.write(files.latents(), overwrite, result.entries(), Map.of());
                console.print("cli.invert.latents", files.latents(), steps);
                save(result.inversion(), files.inversion());
                save(result.reconstruction(), files.reconstruction());
            }
        }
        ObjectNode told = JsonFile.newObject();
        told.put("inversion", files.inversion().toString());
        told.put("reconstruction", files.reconstruction().toString());
        told.put("latents", files.latents().toString());
        console.result(told);
        return ExitCode.DONE;
    }

    private FrameChoice frames() {
        requireAtLeast("--skip-frames-start", skipStart, 0);
        requireAtLeast("--skip-frames-end", skipEnd, 0);
        requireAtLeast("--frame-sample-step", sampleStep, 0);
        requireAtLeast("--max-num-frames", mostFrames, 1);
        return FrameChoice.sampled(skipStart, skipEnd, sampleStep, mostFrames);
    }

    private static void requireAtLeast(String option, int value, int least) {
        if (value < least) {
            throw new UsageException("cli.invert.least", option, value, least);
        }
    }

    private PipelineRequest request(String text, Video read) {
        return PipelineRequest.builder()
                .prompt(text)
                .video(read)
                .width(width)
                .height(height)
                .steps(steps)
                .guidanceScale(guidanceScale)
                .framesPerSecond(fps)
                .seed(seed)
                .build();
    }

    private void save(Video made, Path file) throws IOException {
        made.save(file, overwrite);
        console.print("cli.vae.decoded", file, made.frames(), made.width(), made.height());
    }
}

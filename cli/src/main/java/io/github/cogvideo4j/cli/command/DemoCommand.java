package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ConversionReport;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo demo`: the main job on a real checkpoint that ships with the sources.
@Command(name = "demo")
public final class DemoCommand extends ConsoleCommand {
    /// Set by the launcher: the root of the sources.
    static final String ROOT_PROPERTY = "cogvideo4j.root";

    private static final String PROMPT = "a lighthouse on a cliff, waves below, clouds moving at dusk";
    private static final int HEIGHT = 48;
    private static final int WIDTH = 80;
    private static final int FRAMES = 9;
    private static final int STEPS = 5;

    /// The places of checkpoint and base model below the root: in the sources, or in a distribution.
    private record Sample(String checkpoint, String base) {
        static final Sample OF_THE_SOURCES = new Sample(
                "testing/src/test/resources/fixtures/sample-t2v-2b/output/checkpoint-3",
                "testing/src/test/resources/golden/pipelines/t2v-2b");
        static final Sample PACKAGED = new Sample("sample/checkpoint-3", "sample/t2v-2b");

        static Sample here() {
            return Files.isDirectory(root().resolve(PACKAGED.checkpoint)) ? PACKAGED : OF_THE_SOURCES;
        }
    }

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "OUTPUT",
            descriptionKey = "OUTPUT",
            defaultValue = "cogvideo-demo")
    private Path output = Path.of("");

    @Option(names = "--overwrite")
    private boolean overwrite;

    @Option(names = "--run")
    private boolean run;

    DemoCommand(Console console) {
        super(console);
    }

    /// Where the sample checkpoint lies, if it is there.
    public static Path sample() {
        return root().resolve(Sample.here().checkpoint());
    }

    private static Path root() {
        return Path.of(System.getProperty(ROOT_PROPERTY, ""));
    }

    @Override
    protected ExitCode run() throws IOException {
        Path sample = sample();
        if (!Files.isDirectory(sample)) {
            throw new UsageException("cli.demo.no-sample");
        }
        Path base = root().resolve(Sample.here().base());
        if (run) {
            return new SampleRun(sample, base).watch(console, beside("-run"), beside("-report"), overwrite);
        }
        Path video = beside(".mp4");
        VideoFormat.check(video, overwrite);
        console.print("cli.demo.convert", ShellWord.of(sample), ShellWord.of(base), ShellWord.of(output));
        Checkpoint checkpoint = Checkpoints.open(sample, SourceOptions.defaults());
        ConversionOptions options = ConversionOptions.defaults()
                .withLink(LinkMode.COPY)
                .withOverwrite(overwrite)
                .withVerify(true);
        ConversionPlan plan = ConversionPlanner.plan(checkpoint, output, Optional.of(BaseModel.read(base)), options);
        try (ConversionProgress progress = new ConversionProgress(console)) {
            new ConversionReport(plan, console).showResult(Converter.convert(plan, progress.control()), true);
        }
        console.print("cli.demo.generate", ShellWord.of(output), ShellWord.of(PROMPT), ShellWord.of(video));
        ExitCode exit;
        try (PlannedGeneration job = new GenerationJob(generation(video)).plan(JobControl.none())) {
            exit = GenerationOutcome.of(console, job);
        }
        console.print("cli.demo.your-turn");
        console.print("cli.demo.next");
        return exit;
    }

    private Path beside(String ending) {
        return output.resolveSibling(output.getFileName() + ending);
    }

    /// A video of the sample's size and length.
    private GenerationRequest generation(Path video) {
        return GenerationRequest.of(output, PROMPT, video)
                .withSettings(GenerationSettings.defaults()
                        .withHeight(HEIGHT)
                        .withWidth(WIDTH)
                        .withNumFrames(FRAMES)
                        .withSteps(STEPS))
                .withOutputs(new GenerationOutputs(video, Optional.empty(), Optional.empty(), 0, overwrite));
    }
}

package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.LinkMode;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.cli.generation.OutputNames;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ConversionReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `cogvideo demo`: the main job on a real checkpoint that ships with the sources.
@Command(name = "demo")
public final class DemoCommand extends ConsoleCommand {
    /// Set by the launcher: the root of the sources.
    static final String ROOT_PROPERTY = "cogvideo4j.root";

    private static final String PROMPT = "a lighthouse on a cliff, waves below, clouds moving at dusk";

    /// Where checkpoint and base model lie below the root: in the sources, or in a distribution.
    private record Sample(String checkpoint, String base) {
        static final Sample OF_THE_SOURCES = new Sample(
                "testing/src/test/resources/fixtures/sample-t2v-2b/output/checkpoint-3",
                "testing/src/test/resources/golden/pipelines/t2v-2b");
        static final Sample PACKAGED = new Sample("sample/checkpoint-3", "sample/t2v-2b");

        static Sample here() {
            return Files.isDirectory(root().resolve(PACKAGED.checkpoint)) ? PACKAGED : OF_THE_SOURCES;
        }
    }

    @Parameters(index = "0", paramLabel = "OUTPUT", descriptionKey = "OUTPUT", defaultValue = "cogvideo-demo")
    private Path output = Path.of("");

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
        console.print("cli.demo.convert", ShellWord.of(sample), ShellWord.of(base), ShellWord.of(output));
        Checkpoint checkpoint = Checkpoints.open(sample, SourceOptions.defaults());
        ConversionOptions options = ConversionOptions.defaults()
                .withLink(LinkMode.COPY)
                .withOverwrite(true)
                .withVerify(true);
        ConversionPlan plan = ConversionPlanner.plan(checkpoint, output, Optional.of(BaseModel.read(base)), options);
        try (ConversionProgress progress = new ConversionProgress(console)) {
            new ConversionReport(plan, console).showResult(Converter.convert(plan, progress.control()), true);
        }
        Path video = OutputNames.beside(output.toAbsolutePath().normalize(), ".mp4");
        console.print("cli.demo.generate", ShellWord.of(output), ShellWord.of(PROMPT), ShellWord.of(video));
        ExitCode exit = GenerateCommand.run(console, generation(video));
        console.print("cli.demo.your-turn");
        return exit;
    }

    /// A video of the sample's size and length.
    private List<String> generation(Path video) {
        return List.of(
                "--model=" + output,
                "--prompt=" + PROMPT,
                "--height=48",
                "--width=80",
                "--num-frames=9",
                "--num-inference-steps=5",
                "--output-path=" + video,
                "--overwrite");
    }
}

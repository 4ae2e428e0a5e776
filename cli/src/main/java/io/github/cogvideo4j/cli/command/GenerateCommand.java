package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.GenerationChoices.Kind;
import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.Prompt;
import io.github.cogvideo4j.cli.arguments.RequestArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.VideoOutputArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.generation.RunRecord;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.GenerationPlanReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.ImageToVideoPipeline;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import io.github.cogvideo4j.inference.pipeline.VideoPipeline;
import io.github.cogvideo4j.inference.pipeline.VideoToVideoPipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo generate`: from a model's folder, or a training checkpoint, to videos.
@Command(name = "generate")
public final class GenerateCommand extends ConsoleCommand {
    @Mixin
    private final PipelineArguments model = new PipelineArguments();

    @Mixin
    private final RequestArguments request = new RequestArguments();

    @Mixin
    private final VideoOutputArguments output = new VideoOutputArguments();

    @Option(names = "--smoke")
    private boolean smoke;

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--repeat", paramLabel = "JSON")
    private Optional<Path> repeat = Optional.empty();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    GenerateCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        return repeat.isPresent() ? again(RunRecord.read(repeat.get())) : generate(Optional.empty());
    }

    private ExitCode generate(Optional<RunRecord> repeated) throws IOException {
        Path folder = model.folder();
        PipelineOptions options = model.options(request.preset());
        request.settleCache(folder, options);
        List<Prompt> prompts = request.prompts();
        Kind kind = kind(prompts);
        int perPrompt = request.videosPerPrompt();
        int count = prompts.size() * perPrompt;
        if (!dryRun) {
            for (int number = 1; number <= count; number++) {
                output.check(output.places(number, count));
            }
        }
        GenerationRun run = new GenerationRun(console, folder, options, request, output, kind, smoke);
        repeated.ifPresent(record -> warnOfDifferences(record, run, prompts.getFirst()));
        ObjectNode result = JsonFile.newObject();
        try (VideoPipeline pipeline = load(kind, folder, options)) {
            if (dryRun) {
                return showPlan(run.plan(pipeline, prompts.getFirst()), count);
            }
            ArrayNode videos = result.putArray("videos");
            boolean sound = true;
            for (int i = 0; i < prompts.size(); i++) {
                sound &= run.make(pipeline, prompts.get(i), i * perPrompt, count, videos);
            }
            console.result(result);
            return sound ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
        }
    }

    private Kind kind(List<Prompt> prompts) throws IOException {
        Set<Kind> kinds = new LinkedHashSet<>();
        for (Prompt prompt : prompts) {
            kinds.add(request.kind(prompt));
        }
        if (kinds.size() != 1) {
            throw new UsageException("cli.generate.mixed-inputs");
        }
        return kinds.iterator().next();
    }

    private static VideoPipeline load(Kind kind, Path folder, PipelineOptions options) throws IOException {
        return switch (kind) {
            case T2V -> TextToVideoPipeline.load(folder, options);
            case I2V -> ImageToVideoPipeline.load(folder, options);
            case V2V -> VideoToVideoPipeline.load(folder, options);
        };
    }

    private ExitCode showPlan(GenerationPlan plan, int videos) {
        plan.warnings().forEach(console::remark);
        GenerationPlanReport report = new GenerationPlanReport(plan, videos);
        report.print(console);
        console.result(report.json());
        return plan.memory().fits() ? ExitCode.DONE : ExitCode.ENVIRONMENT;
    }

    /// Runs what a record says, with the options of this command line before the record's.
    private ExitCode again(RunRecord record) throws IOException {
        List<OptionSpec> given = spec.commandLine().getParseResult().matchedOptions().stream()
                .filter(option -> !option.longestName().equals("--repeat"))
                .toList();
        Set<String> names = given.stream()
                .flatMap(option -> List.of(option.names()).stream())
                .map(name -> name.replaceFirst("^-+", ""))
                .collect(Collectors.toSet());
        List<String> words = new ArrayList<>(record.words(names));
        given.forEach(option ->
                option.originalStringValues().forEach(value -> words.add(option.longestName() + "=" + value)));
        return parsed(console, words).generate(Optional.of(record));
    }

    /// Runs the command from within the program.
    static ExitCode run(Console console, List<String> words) throws IOException {
        return parsed(console, words).generate(Optional.empty());
    }

    private static GenerateCommand parsed(Console console, List<String> words) {
        GenerateCommand command = new GenerateCommand(console);
        new CommandLine(command)
                .setCommandName("cogvideo generate")
                .setExpandAtFiles(false)
                .parseArgs(words.toArray(String[]::new));
        return command;
    }

    private void warnOfDifferences(RunRecord record, GenerationRun run, Prompt prompt) {
        for (String name : record.differences(run.identity(prompt))) {
            console.warn(Problem.of(ProblemCode.SOURCE_CHANGED, Place.nowhere(), "cli.generate.repeat-differs", name));
        }
    }
}

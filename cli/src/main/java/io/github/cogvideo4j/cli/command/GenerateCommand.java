package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.RequestArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.VideoOutputArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.GeneratedVideoReport;
import io.github.cogvideo4j.cli.report.GenerationDisplay;
import io.github.cogvideo4j.cli.report.GenerationPlanReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRecord;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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
    private final RequestArguments arguments = new RequestArguments();

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
        if (repeat.isPresent() && !repeat.get().toString().endsWith(".json")) {
            Path beside = Path.of(repeat.get() + ".json");
            if (Files.isRegularFile(beside)) {
                throw new UsageException("cli.generate.repeat-record", repeat.get(), beside);
            }
        }
        Optional<GenerationRecord> record =
                repeat.isPresent() ? Optional.of(GenerationRecord.read(repeat.get())) : Optional.empty();
        GenerationRequest request = request(record.map(GenerationRecord::request));
        if (dryRun) {
            return showPlan(GenerationJob.plan(request), request.videos());
        }
        try (GenerationJob job = GenerationJob.open(request)) {
            if (record.isPresent()) {
                job.differences(record.get()).forEach(this::warnOfDifference);
            }
            return generate(console, job);
        }
    }

    /// What is on the command line goes before what a record says.
    private GenerationRequest request(Optional<GenerationRequest> recorded) throws IOException {
        Predicate<String> given = name -> spec.commandLine().getParseResult().hasMatchedOption(name);
        Path folder = model.folder(recorded.map(GenerationRequest::model));
        GenerationRequest base = recorded.orElse(GenerationRequest.of(folder, "", Path.of("")));
        PipelineOptions options = model.over(base.options(), arguments.preset(), given);
        arguments.settleCache(folder, options);
        return arguments
                .over(base, recorded.map(GenerationRequest::kind), given)
                .withModel(folder)
                .withOptions(options)
                .withTrial(smoke)
                .withOutputs(output.outputs(smoke));
    }

    private void warnOfDifference(String name) {
        console.warn(Problem.of(ProblemCode.SOURCE_CHANGED, Place.nowhere(), "cli.generate.repeat-differs", name));
    }

    private ExitCode showPlan(GenerationPlan plan, int videos) {
        plan.warnings().forEach(console::remark);
        GenerationPlanReport report = new GenerationPlanReport(plan, videos);
        report.print(console);
        console.result(report.json());
        return plan.memory().fits() ? ExitCode.DONE : ExitCode.ENVIRONMENT;
    }

    /// Runs a job and tells what came of it.
    static ExitCode generate(Console console, GenerationJob job) throws IOException {
        ObjectNode result = JsonFile.newObject();
        ArrayNode told = result.putArray("videos");
        try (GenerationDisplay display = new GenerationDisplay(
                console, job.plan().steps(), job.request().settings().cache())) {
            List<GeneratedVideoReport> videos = job.run(display).videos().stream()
                    .map(GeneratedVideoReport::new)
                    .toList();
            videos.forEach(video -> told.add(video.json()));
            console.result(result);
            return videos.stream().allMatch(GeneratedVideoReport::isSound) ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
        } catch (InvalidModelException e) {
            if (job.request().trial() && e.problem().code() == ProblemCode.NAN_INF) {
                console.finding(e.problem());
                console.result(result);
                return ExitCode.PROBLEMS_FOUND;
            }
            throw e;
        }
    }
}

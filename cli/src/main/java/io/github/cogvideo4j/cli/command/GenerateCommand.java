package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Enhancement;
import io.github.cogvideo4j.cli.arguments.Needed;
import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.RequestArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.VideoOutputArguments;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.enhance.PromptEnhancer;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.GenerationPlanReport;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRecord;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

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
        new Needed()
                .unless(model.named() || record.isPresent(), "--model", "cli.generate.no-model")
                .unless(arguments.prompted() || record.isPresent(), "--prompt", "cli.generate.no-prompt")
                .check();
        GenerationRequest request = request(record.map(GenerationRecord::request));
        arguments.drawnSeed().ifPresent(seed -> console.note("cli.generate.seed-drawn", Long.toString(seed)));
        if (dryRun) {
            return showPlan(new GenerationJob(request).estimate(), request.videos());
        }
        try (PlannedGeneration job = new GenerationJob(enhanced(request)).plan(JobControl.none())) {
            if (record.isPresent()) {
                job.differences(record.get()).forEach(this::warnOfDifference);
            }
            return GenerationOutcome.of(console, job);
        }
    }

    /// Nobody is asked for a request that cannot be carried out with the prompts that were given.
    private GenerationRequest enhanced(GenerationRequest request) throws IOException {
        if (arguments.enhance() == Enhancement.FALSE) {
            return request;
        }
        PromptEnhancer enhancer = new PromptEnhancer(console, console.environment(), arguments.enhance());
        new GenerationJob(request).plan(JobControl.none()).close();
        return enhancer.enhanced(request);
    }

    /// What is on the command line goes before what a record says.
    private GenerationRequest request(Optional<GenerationRequest> recorded) throws IOException {
        Predicate<String> given = name -> spec.commandLine().getParseResult().hasMatchedOption(name);
        Path folder = model.folder(recorded.map(GenerationRequest::model));
        GenerationRequest base = recorded.orElse(GenerationRequest.of(folder, "", Path.of("")));
        PipelineOptions options = model.over(base.options(), arguments.preset(), given);
        return arguments
                .over(base.withModel(folder).withOptions(options), recorded.map(GenerationRequest::kind), given)
                .withTrial(smoke)
                .withOutputs(output.outputs(smoke));
    }

    private void warnOfDifference(String name) {
        console.warn(Problem.of(ProblemCode.SOURCE_CHANGED, Place.nowhere(), "cli.generate.repeat-differs", name));
    }

    private ExitCode showPlan(GenerationPlan plan, int videos) {
        plan.warnings().forEach(console::warn);
        GenerationPlanReport report = new GenerationPlanReport(plan, videos);
        report.print(console);
        console.result(report.json());
        return plan.memory().fits() ? ExitCode.DONE : ExitCode.ENVIRONMENT;
    }
}

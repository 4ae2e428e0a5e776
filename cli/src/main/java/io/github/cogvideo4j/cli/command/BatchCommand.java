package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cli.arguments.BatchArguments;
import io.github.cogvideo4j.cli.arguments.ClusterArguments;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Preset;
import io.github.cogvideo4j.cli.arguments.PipelineArguments;
import io.github.cogvideo4j.cli.arguments.SettingsArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.BatchDisplay;
import io.github.cogvideo4j.cli.report.BatchText;
import io.github.cogvideo4j.cluster.BatchFolder;
import io.github.cogvideo4j.cluster.BatchReport;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.BatchRequest.Cluster;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.cluster.PlannedBatch;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo batch`: from a file of rows to a folder of videos, each made once, whatever dies in between.
@Command(name = "batch")
public final class BatchCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "ROWS", descriptionKey = "ROWS")
    private String first = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "OUTPUT", descriptionKey = "OUTPUT")
    private Optional<String> second = Optional.empty();

    @Option(names = "--task", paramLabel = "TASK", defaultValue = "generate")
    private TaskKind task = TaskKind.GENERATE;

    @Mixin
    private final BatchArguments batch = new BatchArguments();

    @Option(names = "--dry-run")
    private boolean dryRun;

    @Option(names = "--print-submit")
    private boolean printSubmit;

    @Option(names = "--verify")
    private boolean verify;

    @Option(names = "--gc")
    private boolean collect;

    @Option(names = "--merge")
    private boolean merge;

    @Option(names = "--parquet")
    private boolean parquet;

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--against", paramLabel = "PATH")
    private Optional<Path> against = Optional.empty();

    @Mixin
    private final ClusterArguments cluster = new ClusterArguments();

    @Mixin
    private final PipelineArguments model = new PipelineArguments();

    @Mixin
    private final SettingsArguments settings = new SettingsArguments();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    BatchCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (verify || collect || merge || (parquet && second.isEmpty())) {
            if (second.isPresent() || dryRun) {
                throw new UsageException("cli.batch.folder-only", first);
            }
            return maintain(first);
        }
        String place = second.orElseThrow(() -> new UsageException("cli.usage.missing", "OUTPUT"));
        BatchRequest request = request(place);
        if (printSubmit) {
            Cluster there =
                    cluster.asked(false).orElseThrow(() -> new UsageException("cli.batch.no-master", "--print-submit"));
            new SparkProcess(console).print(there, arguments());
            return ExitCode.DONE;
        }
        if (!Cluster.isHere() && ((request.cluster().isPresent() && !dryRun) || parquet || needsSpark(first, place))) {
            String master = request.cluster().map(Cluster::master).orElse(Cluster.EMBEDDED);
            return new SparkProcess(console).run(arguments(), master.equals(Cluster.EMBEDDED));
        }
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            if (dryRun || plan.malformedRows() > 0) {
                return showPlan(plan);
            }
            BatchReport report;
            try (BatchDisplay display = new BatchDisplay(console, place, first, plan)) {
                report = plan.run(display.control());
            }
            console.keptAll();
            ObjectNode result = report.json();
            if (request.share().isEmpty()) {
                finish(request, result);
            }
            new BatchText(console).print(report);
            console.result(result);
            return report.failed() > 0 || report.stopped() ? ExitCode.PROBLEMS_FOUND : ExitCode.DONE;
        }
    }

    private static boolean needsSpark(String... places) {
        return Stream.of(places).anyMatch(Cluster::isNeededFor);
    }

    private List<String> arguments() {
        return spec.root().commandLine().getParseResult().originalArgs();
    }

    private BatchRequest request(String output) throws IOException {
        return new BatchRequest(
                task,
                first,
                output,
                task == TaskKind.GENERATE ? videoDefaults() : sourceDefaults(),
                batch.multiply(),
                batch.share(),
                batch.conduct(),
                model.options().compute().threads(),
                batch.scratch(),
                cluster.asked(batch.share().isEmpty() && new SparkProcess(console).isThere()));
    }

    private ObjectNode videoDefaults() throws IOException {
        if (base.isPresent() || against.isPresent()) {
            throw new UsageException("cli.batch.task-option", base.isPresent() ? "--base" : "--against", task);
        }
        Predicate<String> given = name -> spec.commandLine().getParseResult().hasMatchedOption(name);
        Path folder = model.named() ? model.folder(Optional.empty()) : Path.of("");
        PipelineOptions options = model.options();
        GenerationRequest request = settings.over(
                GenerationRequest.of(folder, "", Path.of("video.mp4"))
                        .withOptions(options)
                        .withSeed(batch.seed()),
                Preset.MODEL,
                false,
                given);
        ObjectNode defaults = RequestJson.write(request);
        defaults.remove("prompts");
        if (!model.named()) {
            defaults.remove("model");
        }
        // Every machine looks it up in its own cache.
        model.hubName().ifPresent(name -> defaults.put("model", name));
        return defaults;
    }

    private ObjectNode sourceDefaults() {
        if (task == TaskKind.CONVERT ? against.isPresent() : base.isPresent()) {
            throw new UsageException("cli.batch.task-option", base.isPresent() ? "--base" : "--against", task);
        }
        ObjectNode defaults = JsonFile.newObject();
        base.ifPresent(name -> defaults.put("base", name));
        against.ifPresent(path -> defaults.put("against", path.toString()));
        return defaults;
    }

    private ExitCode showPlan(PlannedBatch plan) {
        plan.malformed().forEach(console::finding);
        plan.expected().forEach(console::finding);
        BatchText text = new BatchText(console);
        text.print(plan);
        console.result(text.json(plan));
        if (plan.malformedRows() > 0) {
            return ExitCode.BAD_INPUT;
        }
        return plan.expectedFailures() > 0 ? ExitCode.PROBLEMS_FOUND : ExitCode.DONE;
    }

    /// The page and the names of VBench, which are made anew from the manifest.
    private void finish(BatchRequest request, ObjectNode result) throws IOException {
        String output = request.output();
        try (BatchFolder folder = BatchFolder.open(output, request.settings())) {
            String page = output + "/" + folder.writePage(console.locale());
            result.put("page", page);
            console.print("cli.batch.page", page);
            int links = folder.exportVbench();
            if (parquet) {
                result.put("manifest", output + "/" + folder.writeParquet());
            }
            if (links > 0) {
                result.put("vbench", links);
                console.print("cli.batch.vbench", links, output + "/vbench");
            }
        }
    }

    private ExitCode maintain(String output) throws IOException {
        if ((parquet || needsSpark(output)) && !Cluster.isHere()) {
            return new SparkProcess(console).run(arguments(), true);
        }
        ObjectNode result = JsonFile.newObject();
        boolean sound = true;
        Map<String, String> settings =
                cluster.asked(false).map(Cluster::settings).orElse(Map.of());
        try (BatchFolder folder = BatchFolder.open(output, settings)) {
            if (merge) {
                folder.merge();
            }
            if (verify) {
                List<Problem> problems = folder.verify(JobControl.none());
                problems.forEach(console::finding);
                sound = problems.isEmpty();
                result.put("damaged", problems.size());
                console.print(sound ? "cli.batch.verified" : "cli.batch.damaged", output, problems.size());
            }
            if (collect) {
                List<String> deleted = folder.collectGarbage();
                ArrayNode names = result.putArray("deleted");
                deleted.forEach(names::add);
                console.print("cli.batch.collected", deleted.size());
            }
            ObjectNode standing = folder.standing();
            result.setAll(standing);
            result.put("page", output + "/" + folder.writePage(console.locale()));
            folder.exportVbench();
            if (parquet) {
                result.put("manifest", output + "/" + folder.writeParquet());
            }
            new BatchText(console).printStanding(standing);
        }
        console.result(result);
        boolean whole = result.path("failed").asLong(0) == 0
                && (!merge || result.path("left").asLong(0) == 0);
        return sound && whole ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}

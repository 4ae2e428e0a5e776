package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.Inspection;
import io.github.cogvideo4j.checkpoints.inspect.Inspection.Verdict;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch;
import io.github.cogvideo4j.checkpoints.inspect.TensorSelection;
import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage;
import io.github.cogvideo4j.checkpoints.inspect.compare.ModelComparer;
import io.github.cogvideo4j.checkpoints.inspect.compare.PageFile;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.checkpoints.layout.HubCache;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.ThreadsArgument;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ComparisonReport;
import io.github.cogvideo4j.cli.report.ContentsReport;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.PickleReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo inspect`: what is inside a file or a folder, and what a fine-tuning changed.
@Command(name = "inspect")
public final class InspectCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "PATH", descriptionKey = "PATH")
    private String path = "";

    @Option(names = "--filter", paramLabel = "NAME")
    private Optional<String> filter = Optional.empty();

    @Option(names = "--sort", paramLabel = "ORDER")
    private Optional<TensorSelection.Order> order = Optional.empty();

    @Option(names = "--tree")
    private boolean tree;

    @Option(names = "--stats")
    private boolean stats;

    @Option(names = "--pickle")
    private boolean pickle;

    @Option(names = "--compare", paramLabel = "BASE")
    private Optional<String> compare = Optional.empty();

    @Option(names = "--html", paramLabel = "FILE")
    private Optional<Path> html = Optional.empty();

    @Mixin
    private final SourceArguments source = new SourceArguments();

    @Mixin
    private final ThreadsArgument threads = new ThreadsArgument();

    InspectCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        int workers = threads.count();
        if (compare.isPresent() && (tree || stats || pickle || filter.isPresent() || order.isPresent())) {
            throw new UsageException("cli.usage.compare-alone");
        }
        if (html.isPresent() && compare.isEmpty()) {
            throw new UsageException("cli.usage.html-without-compare");
        }
        return compare.isPresent() ? compare(locate(compare.get()), workers) : look(workers);
    }

    private ExitCode look(int workers) throws IOException {
        Path located = locate(path);
        ObjectNode result = JsonFile.newObject();
        console.result(result);
        result.put("path", located.toString());
        PickleReport listing = new PickleReport(console, result);
        Inspection inspection = Inspection.of(located, source.options(), pickle ? listing : PickleWatch.NONE);
        inspection.warnings().forEach(console::warn);
        inspection.problems().forEach(console::finding);
        listing.summarize(inspection.pickles());
        result.put("verdict", inspection.verdict().id());
        if (inspection.unreadable().isPresent()) {
            throw new InvalidCheckpointException(inspection.unreadable().get());
        }
        boolean suspicious = show(inspection, workers, result);
        boolean clean = inspection.verdict() == Verdict.CLEAN && !suspicious;
        if (suspicious && inspection.verdict() == Verdict.CLEAN) {
            result.put("verdict", Verdict.PROBLEMS.id());
        }
        listing.verdict(inspection, clean);
        return clean ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }

    /// Shows the contents; tells whether the values are suspicious.
    private boolean show(Inspection inspection, int workers, ObjectNode result) throws IOException {
        TensorSelection selection = new TensorSelection(filter, order);
        ContentsReport report = new ContentsReport(console, result);
        boolean suspicious = false;
        for (Contents contents : inspection.contents()) {
            List<ListedTensor> shown = selection.of(contents.tensors());
            Map<StoredTensor, TensorStatistics> statistics = stats ? statistics(shown, workers) : Map.of();
            report.show(contents, shown, tree, statistics);
            for (TensorStatistics known : statistics.values()) {
                for (Problem problem : known.problems()) {
                    suspicious = true;
                    console.finding(problem);
                }
            }
        }
        return suspicious;
    }

    private Map<StoredTensor, TensorStatistics> statistics(List<ListedTensor> shown, int workers) throws IOException {
        try (ConversionProgress progress = new ConversionProgress(console)) {
            return Statistics.of(shown.stream().map(ListedTensor::tensor).toList(), workers, progress.control());
        }
    }

    private ExitCode compare(Path base, int workers) throws IOException {
        if (html.isPresent()) {
            PageFile.requireReplaceable(html.get());
        }
        Checkpoint model = ModelComparer.open(locate(path), source.options());
        model.warnings().forEach(console::warn);
        Checkpoint from = ModelComparer.openBase(base, model);
        from.warnings().forEach(console::warn);
        Comparison comparison;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            comparison = ModelComparer.compare(model, from, workers, progress.control());
        }
        new ComparisonReport(console, comparison).show();
        if (html.isPresent()) {
            PageFile.write(html.get(), ComparisonPage.of(comparison, console.locale()));
            console.print("cli.inspect.page", html.get());
        }
        return ExitCode.DONE;
    }

    /// A path, or a model of the local cache where there is no such path.
    static Path locate(String argument) throws IOException {
        Path given = Path.of(argument);
        return Files.exists(given) || !HubCache.isIdentifier(argument)
                ? given
                : ModelFolder.locate(argument, Map.copyOf(System.getenv()));
    }
}

package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.inspect.TensorSelection;
import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.ComparisonPage;
import io.github.cogvideo4j.checkpoints.inspect.compare.ModelComparer;
import io.github.cogvideo4j.checkpoints.inspect.compare.PageFile;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.cli.arguments.CachedModel;
import io.github.cogvideo4j.cli.arguments.SourceArguments;
import io.github.cogvideo4j.cli.arguments.ThreadsArgument;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ComparisonReport;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.InspectionReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
        if (compare.isPresent()) {
            return compare(CachedModel.locate(compare.get()), workers);
        }
        TensorSelection selection = new TensorSelection(filter, order);
        return new InspectionReport(console, selection, tree, stats, workers)
                .run(CachedModel.locate(path), source.options(), pickle);
    }

    private ExitCode compare(Path base, int workers) throws IOException {
        if (html.isPresent()) {
            PageFile.requireReplaceable(html.get());
        }
        Checkpoint model = ModelComparer.open(CachedModel.locate(path), source.options());
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
}

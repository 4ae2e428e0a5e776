package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.Inspection;
import io.github.cogvideo4j.checkpoints.inspect.Inspection.Verdict;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch;
import io.github.cogvideo4j.checkpoints.inspect.TensorSelection;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/// `inspect`: what is told of a file or folder, for people and as JSON.
///
/// @param console   what it talks to
/// @param selection which tensors are shown, in which order
/// @param tree      whether they are shown as a tree of modules
/// @param stats     whether every value is read
/// @param threads   how many read at once
public record InspectionReport(Console console, TensorSelection selection, boolean tree, boolean stats, int threads) {
    /// Looks, and tells.
    ///
    /// @param path    the file or folder
    /// @param options what of it is meant
    /// @param pickle  whether everything in its pickles is listed
    public ExitCode run(Path path, SourceOptions options, boolean pickle) throws IOException {
        ObjectNode result = JsonFile.newObject();
        console.result(result);
        result.put("path", path.toString());
        PickleReport listing = new PickleReport(console, result);
        Inspection inspection = Inspection.of(path, options, pickle ? listing : PickleWatch.NONE);
        inspection.warnings().forEach(console::warn);
        inspection.problems().forEach(console::finding);
        listing.summarize(inspection.pickles());
        result.put("verdict", inspection.verdict().id());
        if (inspection.unreadable().isPresent()) {
            throw new InvalidCheckpointException(inspection.unreadable().get());
        }
        boolean suspicious = show(inspection, result);
        boolean clean = inspection.verdict() == Verdict.CLEAN && !suspicious;
        if (suspicious && inspection.verdict() == Verdict.CLEAN) {
            result.put("verdict", Verdict.PROBLEMS.id());
        }
        listing.verdict(inspection, clean);
        return clean ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }

    /// Shows the contents; tells whether the values are suspicious.
    private boolean show(Inspection inspection, ObjectNode result) throws IOException {
        ContentsReport report = new ContentsReport(console, result);
        boolean suspicious = false;
        for (Contents contents : inspection.contents()) {
            List<ListedTensor> shown = selection.of(contents.tensors());
            Map<StoredTensor, TensorStatistics> statistics = stats ? statistics(shown) : Map.of();
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

    private Map<StoredTensor, TensorStatistics> statistics(List<ListedTensor> shown) throws IOException {
        try (ConversionProgress progress = new ConversionProgress(console)) {
            return Statistics.of(shown.stream().map(ListedTensor::tensor).toList(), threads, progress.control());
        }
    }
}

package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `verify`: what is told of a verification, for people and as JSON.
///
/// @param console what it talks to
public record VerificationText(Console console) {
    /// Tells what was proven, or what is wrong.
    public ExitCode show(VerificationReport report) {
        report.warnings().forEach(console::warn);
        return report.source().isPresent() ? compared(report, report.source().get()) : checked(report);
    }

    private ExitCode checked(VerificationReport report) {
        ObjectNode result = JsonFile.newObject();
        result.put("manifest", report.manifest());
        result.put("files", report.files());
        result.put("tensors", report.tensors());
        if (report.problems().isEmpty()) {
            console.print(
                    report.manifest() ? "cli.verify.intact" : "cli.verify.sound",
                    report.folder(),
                    report.tensors(),
                    ByteSize.of(report.bytes()));
        }
        return finish(report.problems(), result);
    }

    private ExitCode compared(VerificationReport report, Path source) {
        ObjectNode result = JsonFile.newObject();
        result.put("tensors", report.tensors());
        result.put("equal", report.problems().isEmpty());
        ArrayNode list = result.putArray("differences");
        for (TensorDifference difference : report.differences()) {
            ObjectNode node = list.addObject();
            node.put("tensor", difference.name());
            if (difference instanceof TensorDifference.Values values) {
                node.put("count", values.count());
                node.put("first_index", values.first());
                node.put("largest", values.largest());
            }
        }
        if (report.problems().isEmpty()) {
            if (report.sources() > 1) {
                console.print("cli.verify.equal-merge", report.tensors(), report.sources());
            } else {
                console.print("cli.verify.equal", report.tensors(), source);
            }
        }
        return finish(report.problems(), result);
    }

    private ExitCode finish(List<Problem> problems, ObjectNode result) {
        problems.forEach(console::finding);
        console.result(result);
        return problems.isEmpty() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}

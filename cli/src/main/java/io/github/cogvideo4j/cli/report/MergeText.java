package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The sources of a merge with their weights, for people and as JSON.
final class MergeText {
    private MergeText() {}

    /// Tells the sources.
    ///
    /// @param node takes the field `sources`
    static void show(List<MergedSource> sources, Console console, ObjectNode node) {
        ArrayNode list = node.putArray("sources");
        for (MergedSource source : sources) {
            ObjectNode entry = list.addObject();
            entry.put("path", source.path());
            entry.put("weight", source.weight());
            source.step().ifPresent(step -> entry.put("step", step));
            console.print("cli.merge.source", "%.6g".formatted(source.weight()), source.path());
        }
        double sum = sources.stream().mapToDouble(MergedSource::weight).sum();
        node.put("weight_sum", sum);
        console.print("cli.merge.sum", "%.6g".formatted(sum));
    }

    /// Tells the command that proves the result.
    ///
    /// @param base the model that changes were taken against
    static void showNext(Path result, List<MergedSource> sources, Optional<String> base, Console console) {
        String against = sources.stream()
                .map(source -> "--against " + ShellWord.of(Path.of(source.path())))
                .collect(Collectors.joining(" "));
        console.print(
                "cli.merge.next",
                ShellWord.of(result),
                base.map(model -> against + " --base " + ShellWord.of(Path.of(model)))
                        .orElse(against));
    }
}

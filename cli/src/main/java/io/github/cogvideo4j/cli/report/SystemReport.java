package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.Commands;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Hints;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.system.SystemCheck;
import io.github.cogvideo4j.inference.system.SystemCheck.Check;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `doctor --system`: whether this machine can make videos.
///
/// @param console what it talks to
public record SystemReport(Console console) {
    /// Looks, and tells.
    ///
    /// @param device what is to be computed on
    /// @param model  the model that is meant
    public ExitCode run(String device, Optional<String> model) throws IOException {
        Optional<Path> folder = model.isPresent()
                ? Optional.of(ModelFolder.locate(model.get(), Map.copyOf(System.getenv())))
                : Optional.empty();
        List<Check> checks = SystemCheck.run(device, folder);
        boolean good = checks.stream().allMatch(Check::isGood);
        ObjectNode result = JsonFile.newObject();
        result.put("healthy", good);
        ArrayNode list = result.putArray("checks");
        for (Check check : checks) {
            String found = check.found().text(console.locale());
            console.line((check.isGood() ? "✓ " : "✗ ") + check.name() + ": " + found);
            ObjectNode node = list.addObject();
            node.put("name", check.name());
            node.put("good", check.isGood());
            node.put("found", found);
            check.remedy().ifPresent(remedy -> {
                List<String> options = Stream.concat(
                                Hints.options(check.remedies()).stream(),
                                check.remedies().stream().flatMap(way -> Commands.of(way).stream()))
                        .toList();
                String text = remedy.text(console.locale())
                        + (options.isEmpty() ? "" : " (" + Message.list(options).text(console.locale()) + ")");
                console.print("cli.doctor.remedy", text);
                node.put("remedy", text);
            });
        }
        console.print(good ? "cli.doctor.system-good" : "cli.doctor.system-gaps");
        console.result(result);
        return good ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }
}

package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.inspect.Inspection;
import io.github.cogvideo4j.checkpoints.inspect.Inspection.Verdict;
import io.github.cogvideo4j.checkpoints.inspect.PickleSummary;
import io.github.cogvideo4j.checkpoints.inspect.PickleSummary.PickleName;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch.PickleLine;
import io.github.cogvideo4j.cli.console.Console;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The report that lists pickles opcode by opcode while they are scanned, then every name in them with its verdict.
public final class PickleReport implements PickleWatch {
    /// More than the largest file of a trainer has; what is longer is cut, and JSON says so.
    private static final int MOST_LISTED = 100_000;

    private static final int LONGEST_ARGUMENT = 100;

    private final Console console;
    private final ObjectNode result;
    private final ArrayNode listings = JsonNodeFactory.instance.arrayNode();
    private ArrayNode lines = JsonNodeFactory.instance.arrayNode();

    /// @param console where it is told
    /// @param result  the JSON that it is added to
    public PickleReport(Console console, ObjectNode result) {
        this.console = console;
        this.result = result;
    }

    @Override
    public void begin(Path file, String name) {
        lines = JsonNodeFactory.instance.arrayNode();
        console.print("cli.inspect.pickle", name, file);
    }

    @Override
    public void line(PickleLine line) {
        String text = "%7d  %-16s%s%s"
                .formatted(
                        line.position(),
                        line.opcode(),
                        line.argument().map(PickleReport::shorten).orElse(""),
                        line.refused() || line.global().isPresent() ? verdict(line) : "")
                .stripTrailing();
        console.line(text);
        if (console.json() && lines.size() < MOST_LISTED) {
            lines.add(text.strip());
        }
    }

    @Override
    public void end(PickleSummary summary) {
        listings.add(lines);
        summary.broken()
                .ifPresent(problem -> console.print(
                        "cli.inspect.broken-off", problem.message().text(console.locale())));
    }

    private String verdict(PickleLine line) {
        String name = line.opcode().equals("STACK_GLOBAL")
                ? line.global().map(PickleName::name).orElse("")
                : "";
        return name + "  <- "
                + line.global()
                        .flatMap(PickleName::reason)
                        .map(reason -> console.text("cli.inspect.allowed", reason))
                        .orElseGet(() -> console.text("cli.inspect.refused"));
    }

    private static String shorten(String argument) {
        return argument.length() <= LONGEST_ARGUMENT ? argument : argument.substring(0, LONGEST_ARGUMENT) + "…";
    }

    /// Adds what was found to the result, and lists the names where the opcodes were asked for.
    public void summarize(List<PickleSummary> pickles) {
        ArrayNode nodes = result.putArray("pickles");
        for (int i = 0; i < pickles.size(); i++) {
            PickleSummary pickle = pickles.get(i);
            ObjectNode node = nodes.addObject();
            node.put("file", pickle.file().toString());
            node.put("name", pickle.name());
            pickle.offset().ifPresent(offset -> node.put("offset", offset));
            node.put("opcodes", pickle.opcodes());
            node.put("complete", pickle.broken().isEmpty());
            ArrayNode globals = node.putArray("globals");
            pickle.globals().forEach(mention -> describe(mention, globals.addObject()));
            if (i < listings.size()) {
                node.set("listing", listings.get(i));
                listNames(pickle);
            }
        }
    }

    private static void describe(PickleSummary.Mention mention, ObjectNode node) {
        PickleName global = mention.global();
        node.put("name", global.name());
        node.put("allowed", global.allowed());
        global.becomes().ifPresent(becomes -> node.put("becomes", becomes));
        global.reason().ifPresent(reason -> node.put("reason", reason));
        node.put("count", mention.count());
        node.put("position", mention.first());
    }

    private void listNames(PickleSummary pickle) {
        console.print("cli.inspect.names", pickle.globals().size(), pickle.name());
        for (PickleSummary.Mention mention : pickle.globals()) {
            console.line("  %s  %s ×%d  %s"
                    .formatted(
                            mention.global().allowed() ? "+" : "!",
                            mention.global().name(),
                            mention.count(),
                            mention.global().reason().orElseGet(() -> console.text("cli.inspect.refused"))));
        }
    }

    /// The last line: whether the path may be loaded.
    public void verdict(Inspection inspection, boolean clean) {
        if (clean) {
            console.print(
                    inspection.pickles().isEmpty() ? "cli.inspect.clean-no-pickles" : "cli.inspect.clean",
                    inspection.pickles().size());
        } else {
            console.print(
                    inspection.verdict() == Verdict.UNSAFE ? "cli.inspect.unsafe" : "cli.inspect.problems",
                    inspection.problems().size());
        }
    }
}

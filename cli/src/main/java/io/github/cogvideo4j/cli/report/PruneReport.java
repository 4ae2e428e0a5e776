package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Costs;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Fate;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.Item;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Hints;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report on a run's checkpoints: what they cost, what becomes of them, what was done; for people and as
/// JSON.
public final class PruneReport {
    private final PruneRequest request;
    private final PruneRequest.Plan plan;
    private final Console console;

    /// @param request what was asked for
    /// @param plan    what will be done
    /// @param console where it is told
    public PruneReport(PruneRequest request, PruneRequest.Plan plan, Console console) {
        this.request = request;
        this.plan = plan;
        this.console = console;
    }

    /// The plan. Nothing is changed.
    public void showPlan() {
        ObjectNode result = header();
        long bytes = going().stream().mapToLong(item -> item.costs().total()).sum();
        result.put("applied", false);
        if (request.keep().isEmpty() && !request.empty()) {
            console.print("cli.prune.no-rules");
        } else {
            console.print(
                    request.empty() ? "cli.prune.would-empty" : "cli.prune.would-go",
                    going().size(),
                    ByteSize.of(bytes),
                    plan.weights(),
                    plan.trash());
        }
        console.result(result);
    }

    /// Carries the plan out and tells what came of it.
    ///
    /// @return problems found where a checkpoint of the trash had to stay: its disk is not free
    public ExitCode apply() throws IOException {
        ObjectNode result = header();
        PruneRequest.Result done;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            done = plan.run(progress.control());
        }
        result.put("applied", true);
        ArrayNode pruned = result.putArray("pruned");
        done.pruned().forEach(item -> pruned.add(item.name()));
        result.put("pruned_bytes", done.bytes());
        boolean left = request.empty() && plan.items().stream().anyMatch(item -> item.fate() == Fate.STAYS);
        if (!left || !done.pruned().isEmpty()) {
            console.print(
                    request.empty() ? "cli.prune.emptied" : "cli.prune.gone",
                    done.pruned().size(),
                    ByteSize.of(done.bytes()),
                    plan.weights(),
                    plan.trash());
        }
        if (!request.empty() && !done.pruned().isEmpty()) {
            console.print(
                    "cli.prune.no-resume",
                    done.pruned().stream().map(Item::name).toList());
        }
        console.result(result);
        return left ? ExitCode.PROBLEMS_FOUND : ExitCode.DONE;
    }

    private List<Item> going() {
        return plan.items().stream().filter(item -> item.fate() == Fate.GOES).toList();
    }

    private ObjectNode header() {
        ObjectNode result = JsonFile.newObject();
        result.put("run", request.run().toString());
        result.put("weights", plan.weights().toString());
        result.put("trash", plan.trash().toString());
        ArrayNode list = result.putArray("checkpoints");
        TextTable table = new TextTable("lrrrrl");
        table.row(List.of(
                console.text("cli.prune.checkpoint"),
                console.text("cli.prune.weights"),
                console.text("cli.prune.optimizer"),
                console.text("cli.prune.other"),
                console.text("cli.prune.total"),
                ""));
        for (Item item : plan.items()) {
            Costs costs = item.costs();
            ObjectNode node = list.addObject();
            node.put("name", item.name());
            node.put("step", item.number());
            node.put("weights_bytes", costs.weights());
            node.put("optimizer_bytes", costs.optimizer());
            node.put("other_bytes", costs.other());
            node.put("fate", item.fate().name().toLowerCase(Locale.ROOT));
            item.reason()
                    .ifPresent(reason -> node.put("reason", reason.message().text(console.locale())));
            table.row(List.of(
                    item.name(),
                    ByteSize.of(costs.weights()),
                    ByteSize.of(costs.optimizer()),
                    ByteSize.of(costs.other()),
                    ByteSize.of(costs.total()),
                    fate(item)));
        }
        table.lines().forEach(console::line);
        for (Item item : plan.items()) {
            item.reason().ifPresent(reason -> tellReason(item, reason));
        }
        return result;
    }

    private void tellReason(Item item, Problem reason) {
        console.print("cli.prune.stays", item.name(), reason.message().text(console.locale()));
        Hints.of(reason).ifPresent(hint -> console.line(hint.text(console.locale())));
    }

    private String fate(Item item) {
        if (request.keep().isEmpty() && !request.empty()) {
            return "";
        }
        return console.text("cli.prune.fate-" + item.fate().name().toLowerCase(Locale.ROOT));
    }
}

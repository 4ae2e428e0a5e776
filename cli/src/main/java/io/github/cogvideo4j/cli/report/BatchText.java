package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cluster.BatchReport;
import io.github.cogvideo4j.cluster.PlannedBatch;
import io.github.cogvideo4j.formats.json.JsonFile;
import tools.jackson.databind.node.ObjectNode;

/// What is told of a batch, for people and as JSON.
///
/// @param console what it talks to
public record BatchText(Console console) {
    private static final int MINUTE = 60;
    private static final int HOUR = 3600;

    /// What the rows come to.
    public void print(PlannedBatch plan) {
        console.print("cli.batch.plan", plan.results(), plan.completed(), plan.failed(), plan.left());
        if (plan.duplicates() > 0) {
            console.print("cli.batch.duplicates", plan.duplicates());
        }
        if (plan.models() > 1) {
            console.print("cli.batch.models", plan.models());
        }
        if (plan.malformedRows() > 0) {
            console.print("cli.batch.malformed", plan.malformedRows());
        }
        if (plan.expectedFailures() > 0) {
            console.print("cli.batch.expected", plan.expectedFailures());
        }
        // Nothing is known of the device where no row that is left can be made.
        if (plan.left() > 0 && !plan.device().isEmpty()) {
            console.print(
                    plan.isMeasured() ? "cli.batch.time-measured" : "cli.batch.time-usual",
                    duration(plan.seconds()),
                    plan.device());
            console.print("cli.batch.disk", ByteSize.of(plan.bytes()));
        }
    }

    /// The same for machines.
    public ObjectNode json(PlannedBatch plan) {
        ObjectNode json = JsonFile.newObject();
        json.put("results", plan.results());
        json.put("completed", plan.completed());
        json.put("failed", plan.failed());
        json.put("left", plan.left());
        json.put("duplicates", plan.duplicates());
        json.put("models", plan.models());
        json.put("malformed", plan.malformedRows());
        json.put("expected_failures", plan.expectedFailures());
        json.put("seconds", Math.round(plan.seconds() * 1000) / 1000.0);
        json.put("measured", plan.isMeasured());
        json.put("device", plan.device());
        json.put("bytes", plan.bytes());
        return json;
    }

    /// What became of a run.
    public void print(BatchReport report) {
        console.print(
                "cli.batch.done",
                report.completed(),
                report.results(),
                report.failed(),
                report.made(),
                duration(report.seconds()));
        if (report.stopped()) {
            console.print("cli.batch.stopped", report.left());
        }
    }

    /// How a folder stands.
    public void printStanding(ObjectNode standing) {
        console.print(
                "cli.batch.standing",
                standing.path("completed").asLong(0),
                standing.path("results").asLong(0),
                standing.path("failed").asLong(0),
                standing.path("left").asLong(0));
    }

    /// `12 s`, `3 min`, `2 h 5 min`.
    String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 2 * MINUTE) {
            return console.text("cli.batch.seconds", whole);
        }
        if (whole < HOUR) {
            return console.text("cli.batch.minutes", whole / MINUTE);
        }
        return console.text("cli.batch.hours", whole / HOUR, whole % HOUR / MINUTE);
    }
}

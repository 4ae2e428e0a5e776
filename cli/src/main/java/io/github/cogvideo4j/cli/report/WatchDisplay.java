package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import io.github.cogvideo4j.inference.watch.WatchRequest.Event;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/// A watch on the console: a line for whatever is new of a checkpoint, and a bar for what is being done.
public final class WatchDisplay implements JobListener, AutoCloseable {
    private final Console console;
    private final WatchRequest request;
    private final ConversionProgress progress;
    private final Set<Problem> told = new HashSet<>();
    private boolean waiting;

    /// @param console where it is told
    /// @param request what was asked for
    public WatchDisplay(Console console, WatchRequest request) {
        this.console = console;
        this.request = request;
        this.progress = new ConversionProgress(console);
    }

    /// A control for a job that nobody cancels.
    public JobControl control() {
        return JobControl.of(this);
    }

    @Override
    public void on(JobEvent event) {
        switch (event) {
            case Event.Changed changed -> changed(changed.checkpoint(), changed.before());
            case Event.Waiting _ -> waiting();
            // Each checkpoint is opened and planned anew, and the same is noticed.
            case JobEvent.Warned warned -> warned(warned);
            default -> progress.on(event);
        }
    }

    private synchronized void warned(JobEvent.Warned warned) {
        if (told.add(warned.problem())) {
            progress.on(warned);
        }
    }

    private synchronized void waiting() {
        progress.close();
        if (!waiting) {
            console.status("cli.watch.waiting");
        }
        waiting = true;
    }

    /// What an earlier watch told is not told again.
    private synchronized void changed(WatchedCheckpoint now, Optional<WatchedCheckpoint> before) {
        waiting = false;
        progress.close();
        boolean moved =
                before.map(WatchedCheckpoint::state).filter(now.state()::equals).isEmpty();
        switch (now.state()) {
            // At first sight nothing is known but that it is there.
            case UNFINISHED -> {
                if (!moved && !before.map(WatchedCheckpoint::problem).equals(Optional.of(now.problem()))) {
                    now.problem().ifPresent(problem -> console.note("cli.watch.unfinished", now.name(), text(problem)));
                }
            }
            case WAITING -> {
                if (moved) {
                    console.note("cli.watch.complete", now.name());
                }
            }
            case DONE -> {
                if (moved) {
                    done(now);
                }
            }
            case FAILED, GONE -> {
                if (moved) {
                    now.problem().ifPresent(problem -> console.print("cli.watch.failed", now.name(), text(problem)));
                }
            }
        }
        if (now.deleted()
                && now.state() != State.GONE
                && !before.map(WatchedCheckpoint::deleted).orElse(false)) {
            console.note("cli.watch.deleted", now.name());
        }
        for (Alarm alarm : now.alarms()) {
            if (!before.map(WatchedCheckpoint::alarms)
                    .filter(all -> all.contains(alarm))
                    .isPresent()) {
                console.print("cli.watch.alarm", now.name(), text(alarm));
            }
        }
    }

    private void done(WatchedCheckpoint now) {
        String base = now.base().map(WatchDisplay::percent).orElse("-");
        if (now.previous().isPresent()) {
            Drift previous = now.previous().get();
            console.print(
                    "cli.watch.done-after",
                    now.name(),
                    now.samples().size(),
                    base,
                    percent(previous),
                    previous.against());
        } else {
            console.print("cli.watch.done", now.name(), now.samples().size(), base);
        }
    }

    private static String percent(Drift drift) {
        return Double.isFinite(drift.relative()) ? String.format(Locale.ROOT, "%.3g%%", 100 * drift.relative()) : "NaN";
    }

    private String text(Trouble trouble) {
        return isChinese() ? trouble.chinese() : trouble.english();
    }

    private String text(Alarm alarm) {
        return isChinese() ? alarm.chinese() : alarm.english();
    }

    private boolean isChinese() {
        return console.locale().getLanguage().equals(Locale.CHINESE.getLanguage());
    }

    /// Tells what came of it.
    public void show(WatchRequest.Result result) {
        progress.close();
        WatchReport report = result.report();
        Map<State, Long> counts = report.checkpoints().stream()
                .collect(Collectors.groupingBy(WatchedCheckpoint::state, Collectors.counting()));
        console.print(
                "cli.watch.summary",
                counts.getOrDefault(State.DONE, 0L),
                counts.getOrDefault(State.FAILED, 0L),
                counts.getOrDefault(State.GONE, 0L),
                counts.getOrDefault(State.UNFINISHED, 0L) + counts.getOrDefault(State.WAITING, 0L));
        for (Score score : Score.values()) {
            report.preferred(score)
                    .ifPresent(best ->
                            console.print("cli.watch.preferred", score.title().text(console.locale()), best.name()));
        }
        result.stop().ifPresent(stop -> console.print("cli.watch.stopped", stop.name(), request.stop()));
        console.print("cli.watch.report", request.output().resolve("index.html"));
        ObjectNode json = JsonFile.newObject();
        json.put("report", request.output().resolve(WatchReport.FILE_NAME).toString());
        json.put("page", request.output().resolve("index.html").toString());
        result.stop().ifPresent(stop -> {
            json.put("stopped_by", stop.name());
            json.put("stop_file", request.stop().toString());
        });
        ObjectNode all = report.json();
        json.set("checkpoints", all.path("checkpoints"));
        json.set("preferred", all.path("preferred"));
        console.result(json);
    }

    @Override
    public void close() {
        progress.close();
    }
}

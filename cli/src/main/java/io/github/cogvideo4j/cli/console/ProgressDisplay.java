package io.github.cogvideo4j.cli.console;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// A bar with rate and time left, which appears once the job has taken a second.
final class ProgressDisplay implements Progress {
    private static final Duration QUIET = Duration.ofSeconds(1);
    private static final int WIDTH = 78;
    private static final String TO_LINE_START_AND_CLEAR = "\r\u001b[K";

    private final Duration quiet;
    private final PrintStream stream;
    private final String label;
    private final long total;
    private final Unit unit;
    private final long begun = System.nanoTime();
    private Optional<ProgressBar> bar = Optional.empty();
    private String detail = "";
    private long done;
    private boolean closed;

    ProgressDisplay(PrintStream stream, String label, long total, Unit unit) {
        this(QUIET, stream, label, total, unit);
    }

    /// @param quiet how long the job takes before the bar appears
    ProgressDisplay(Duration quiet, PrintStream stream, String label, long total, Unit unit) {
        this.quiet = quiet;
        this.stream = stream;
        this.label = label;
        this.total = total;
        this.unit = unit;
    }

    @Override
    public synchronized void advance(long amount) {
        done += amount;
        if (bar.isEmpty() && !closed && System.nanoTime() - begun > quiet.toNanos()) {
            bar = Optional.of(show());
        }
        bar.ifPresent(shown -> shown.stepTo(done));
    }

    @Override
    public synchronized void detail(String text) {
        // The bar puts it right behind the speed.
        detail = text.isEmpty() ? "" : " " + text;
        bar.ifPresent(shown -> shown.setExtraMessage(detail));
    }

    @Override
    public synchronized void close() {
        closed = true;
        bar.ifPresent(shown -> {
            shown.close();
            clear();
        });
        bar = Optional.empty();
    }

    /// Makes room for a line of text; the bar draws itself again below.
    synchronized void clear() {
        if (bar.isPresent()) {
            stream.print(TO_LINE_START_AND_CLEAR);
            stream.flush();
        }
    }

    private ProgressBar show() {
        ProgressBarBuilder builder = ProgressBar.builder()
                .setTaskName(label)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(200)
                .startsFrom(0, Duration.ofNanos(System.nanoTime() - begun))
                .setConsumer(new DelegatingProgressBarConsumer(this::draw, WIDTH))
                .showSpeed();
        ProgressBar shown = (unit == Unit.BYTES ? builder.setUnit(" MB", 1_000_000) : builder).build();
        shown.setExtraMessage(detail);
        return shown;
    }

    private void draw(String line) {
        stream.print("\r" + line);
        stream.flush();
    }
}

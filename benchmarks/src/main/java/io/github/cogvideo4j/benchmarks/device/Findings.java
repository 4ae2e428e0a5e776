package io.github.cogvideo4j.benchmarks.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;

/// What a check found: lines for whoever waits, tables for the document, and whether all was right.
final class Findings {
    private static final int LONGEST = 160;

    private final long end;
    private final List<String> document = new ArrayList<>();
    private int wrong;

    /// @param seconds how long all of it may take
    Findings(double seconds) {
        this.end = System.nanoTime() + (long) (seconds * 1e9);
    }

    /// Something that is looked at.
    @FunctionalInterface
    interface Look {
        /// What was seen; whatever it throws is wrong.
        String see() throws IOException;
    }

    /// What was seen is not what should be.
    static final class Wrong extends RuntimeException {
        Wrong(String what) {
            super(what);
        }
    }

    /// Looks, unless the time is up.
    ///
    /// @param seconds about how long it takes
    void look(String name, double seconds, Look look) {
        if (System.nanoTime() + (long) (seconds * 1e9) > end) {
            say("skipped %s: no time is left for it", name);
            return;
        }
        long start = System.nanoTime();
        String seen;
        boolean right = true;
        try (PointerScope _ = new PointerScope()) {
            seen = look.see();
        } catch (RuntimeException | IOException | LinkageError e) {
            right = false;
            String text = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            seen = (e instanceof Wrong ? "" : e.getClass().getSimpleName() + ": ")
                    + text.substring(0, Math.min(LONGEST, text.length()));
        }
        wrong += right ? 0 : 1;
        say("%s %s: %s (%.1f s)", right ? "ok   " : "WRONG", name, seen, (System.nanoTime() - start) / 1e9);
    }

    /// Fails unless a difference is within what is allowed.
    static String within(double difference, double allowed) {
        String text = String.format(Locale.ROOT, "differs by %.2e, allowed %.2e", difference, allowed);
        if (!(difference <= allowed)) {
            throw new Wrong(text);
        }
        return text;
    }

    /// A line.
    void say(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format + "%n", arguments);
        System.out.flush();
    }

    /// Begins a table of the document.
    void table(String title, String... columns) {
        document.add("");
        document.add("### " + title);
        document.add("");
        document.add("| " + String.join(" | ", columns) + " |");
        document.add("|" + "---|".repeat(columns.length));
    }

    /// A row of the table.
    void row(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            texts.add(cell instanceof Double number ? String.format(Locale.ROOT, "%.3g", number) : cell.toString());
        }
        document.add("| " + String.join(" | ", texts) + " |");
    }

    /// Prints the tables, and keeps them in a file.
    ///
    /// @return whether all was right
    boolean finish(String heading, Path file) throws IOException {
        document.addFirst("## " + heading);
        document.forEach(line -> say("%s", line));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, document);
        say("%s", wrong == 0 ? "all right" : wrong + " wrong");
        return wrong == 0;
    }
}

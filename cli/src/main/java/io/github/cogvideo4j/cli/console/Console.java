package io.github.cogvideo4j.cli.console;

import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failure;
import io.github.cogvideo4j.cli.outcome.Failures;
import io.github.cogvideo4j.cli.outcome.Hints;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Scanner;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/// The streams that a command talks to. Results, what a check found among them, go to the standard output;
/// warnings, errors and progress to the standard error. With `--json`, the standard output holds one JSON
/// object and nothing else.
///
/// Safe to use from several threads.
public final class Console {
    /// A folder where all is wrong would fill the screen a thousand times; JSON lists everything.
    private static final int MOST_ALIKE = 20;

    private final Terminal terminal;
    private final Map<String, String> environment;
    private final Language language;
    private final boolean json;
    private final boolean debug;
    private final boolean colours;
    private final List<Problem> warnings = new ArrayList<>();
    private final List<Problem> notes = new ArrayList<>();
    private final List<Problem> findings = new ArrayList<>();
    private final List<Path> kept = new ArrayList<>();
    private Optional<ObjectNode> result = Optional.empty();
    private boolean ended;
    private Optional<ProgressDisplay> shown = Optional.empty();

    /// @param terminal    the streams
    /// @param environment the environment variables, which may refuse colours (`NO_COLOR`)
    /// @param language    the language of every sentence
    /// @param json        whether the result is wanted as JSON
    /// @param debug       whether errors come with their stack trace
    public Console(Terminal terminal, Map<String, String> environment, Language language, boolean json, boolean debug) {
        this.terminal = terminal;
        this.environment = Map.copyOf(environment);
        this.language = language;
        this.json = json;
        this.debug = debug;
        this.colours = environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "").equals("dumb");
    }

    /// The environment variables.
    public Map<String, String> environment() {
        return environment;
    }

    /// The locale of every sentence.
    public Locale locale() {
        return language.locale();
    }

    /// Whether the result is wanted as JSON. A command then gives its [#result], and need not print.
    public boolean json() {
        return json;
    }

    /// Whether the help may be coloured.
    public boolean coloursOut() {
        return colours && terminal.outTerminal();
    }

    private boolean coloursErr() {
        return colours && terminal.errTerminal();
    }

    /// The stream of the results, for the parser's help texts.
    public PrintStream out() {
        return terminal.out();
    }

    /// A text in the console's language, for a cell of a table.
    public String text(String key, Object... arguments) {
        return Message.of(key, arguments).text(locale());
    }

    /// Prints a sentence of the result, unless JSON is wanted.
    public void print(String key, Object... arguments) {
        line(Message.of(key, arguments).text(locale()));
    }

    /// Prints a line of the result that is no sentence (a row of a table), unless JSON is wanted.
    public void line(String text) {
        printResult(Message.clean(text));
    }

    /// Prints a command to be copied, unless JSON is wanted. However many words it has, none is left out.
    public void command(List<String> words) {
        printResult(words.stream().map(Message::clean).map(ShellWord::of).collect(Collectors.joining(" ")));
    }

    private synchronized void printResult(String text) {
        if (!json) {
            shown.ifPresent(ProgressDisplay::clear);
            terminal.out().println(text);
        }
    }

    /// Sets the result for `--json`.
    public synchronized void result(ObjectNode value) {
        result = Optional.of(value);
    }

    /// Notes a file that stays although the run may not come to its end: then it is told.
    public synchronized void keep(Path file) {
        kept.add(file);
    }

    /// Forgets the files that were noted: what they belong to is complete.
    public synchronized void keptAll() {
        kept.clear();
    }

    /// Tells what is going on, on the standard error, for people only.
    public void note(String key, Object... arguments) {
        if (!json) {
            printError(Message.of(key, arguments).text(locale()));
        }
    }

    /// Tells what is being done, when somebody watches.
    public void status(String key) {
        if (terminal.errTerminal()) {
            note(key);
        }
    }

    /// Tells what is worth knowing but stops nothing: as a note where it only says what was chosen, else as a
    /// warning.
    public void warn(Problem warning) {
        switch (warning.code()) {
            case CHOICE, ASSUMED -> hinted(Label.NOTE, warning);
            default -> hinted(Label.WARNING, warning);
        }
    }

    private synchronized void hinted(Label label, Problem problem) {
        if (say(label, problem, coloursErr(), this::printError)) {
            Hints.of(problem).ifPresent(hint -> printError(label(Label.HINT, coloursErr()) + hint.text(locale())));
        }
    }

    /// Asks a question that is answered with yes or no; no, where nobody is there to answer.
    public boolean confirm(String key, Object... arguments) {
        if (json || !terminal.errTerminal()) {
            return false;
        }
        printError(Message.of(key, arguments).text(locale()));
        try (Scanner answers = new Scanner(System.in, StandardCharsets.UTF_8)) {
            return answers.hasNextLine()
                    && List.of("y", "yes", "是")
                            .contains(answers.nextLine().strip().toLowerCase(Locale.ROOT));
        }
    }

    /// Tells what a check found: its result, and so on the standard output.
    public void finding(Problem finding) {
        finding(Label.PROBLEM, finding);
    }

    /// Tells what a check found, and how much it matters: a problem, a warning or a note.
    public void finding(Label label, Problem finding) {
        say(label, finding, coloursOut(), this::printResult);
    }

    /// Whether the problem itself was printed.
    private synchronized boolean say(Label label, Problem problem, boolean coloured, Consumer<String> print) {
        List<Problem> list = switch (label) {
            case WARNING -> warnings;
            case NOTE -> notes;
            case PROBLEM, ERROR, HINT -> findings;
        };
        list.add(problem);
        String code = problem.code().id();
        long alike =
                list.stream().filter(other -> other.code() == problem.code()).count();
        if (alike <= MOST_ALIKE) {
            print.accept(label(label, coloured) + ProblemText.line(problem.message(), code, problem.place(), locale()));
        } else if (alike == MOST_ALIKE + 1) {
            print.accept(text("cli.problem.more", code));
        }
        return alike <= MOST_ALIKE;
    }

    /// Begins to show how far a job is, when somebody watches.
    ///
    /// @param key   the bundle's key of what is being done
    /// @param total how much there is to do
    /// @param unit  what is counted
    public synchronized Progress progress(String key, long total, Progress.Unit unit) {
        if (!terminal.errTerminal()) {
            return new NoProgress();
        }
        ProgressDisplay display =
                new ProgressDisplay(terminal.err(), Message.of(key).text(locale()), total, unit);
        shown = Optional.of(display);
        return display;
    }

    /// Ends a run that came to a result.
    public ExitCode finish(ExitCode exit) {
        if (end() && json) {
            printJson(JsonOutput.result(exit, result, new JsonOutput.Told(findings, warnings, notes), locale()));
        }
        return exit;
    }

    /// Leaves the end of the run to a process that was started for it, which tells it.
    public synchronized void handOver() {
        ended = true;
    }

    /// Ends a run that failed: one line, a hint, and with `--debug` the trace.
    public ExitCode fail(Failure failure, Throwable cause) {
        if (!end()) {
            return failure.exit();
        }
        tell(failure);
        if (debug) {
            trace(cause);
        }
        return failure.exit();
    }

    /// Ends a run that a signal ends, if it has not ended yet.
    public void interrupted(Supplier<Failure> failure) {
        if (end()) {
            tell(failure.get());
        }
    }

    /// Ends a run that has told everything. Results that could not be written are no success.
    public ExitCode close(ExitCode exit) {
        end();
        Optional<Failure> lost = terminal.lost().map(Failures::outputLost);
        boolean success = exit == ExitCode.DONE || exit == ExitCode.PROBLEMS_FOUND;
        if (!success || lost.isEmpty()) {
            return exit;
        }
        printFailure(lost.get());
        return lost.get().exit();
    }

    /// Whether the run ends now: there is one end, told once.
    private synchronized boolean end() {
        boolean now = !ended;
        ended = true;
        return now;
    }

    private void tell(Failure failure) {
        printFailure(failure);
        if (json) {
            printJson(
                    JsonOutput.error(failure, result, kept, new JsonOutput.Told(findings, warnings, notes), locale()));
        }
    }

    private void printFailure(Failure failure) {
        shown.ifPresent(ProgressDisplay::close);
        Place place = failure.place();
        printError(label(Label.ERROR, coloursErr())
                + ProblemText.line(failure.message(), failure.code(), place, locale()));
        failure.hint().ifPresent(hint -> printError(label(Label.HINT, coloursErr()) + hint.text(locale())));
        if (!kept.isEmpty()) {
            printError(text("cli.failure.kept", kept.size(), kept.getLast()));
        }
    }

    private synchronized void printError(String text) {
        shown.ifPresent(ProgressDisplay::clear);
        terminal.err().println(text);
    }

    private String label(Label label, boolean coloured) {
        String text = text(label.key());
        return coloured ? "\u001b[1;" + label.colour() + "m" + text + "\u001b[0m" : text;
    }

    private void trace(Throwable cause) {
        StringWriter trace = new StringWriter();
        cause.printStackTrace(new PrintWriter(trace));
        trace.toString().lines().forEach(line -> printError("    " + Message.clean(line.strip())));
    }

    /// JSON is UTF-8 whatever the terminal's encoding.
    private void printJson(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        terminal.out().write(bytes, 0, bytes.length);
        terminal.out().flush();
    }

    /// The progress of a run that nobody watches.
    private record NoProgress() implements Progress {
        @Override
        public void advance(long amount) {}

        @Override
        public void detail(String text) {}

        @Override
        public void close() {}
    }
}

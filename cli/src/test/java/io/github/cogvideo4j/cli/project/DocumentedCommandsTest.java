package io.github.cogvideo4j.cli.project;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.Program;
import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.arguments.OptionNames;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/// Every command in README and docs is run, in a folder where the names that it uses are small samples
/// ([DocumentNames]), and does what the document is there for: it ends as expected and leaves what it names. What
/// blocks marked `console` print is [ShownOutputTest]'s.
class DocumentedCommandsTest {
    private static final Pattern COMMAND =
            Pattern.compile("^ {4}(?:\\./)?cogvideo +(.*)$|`(?:\\./)?cogvideo +([^`]+)`|`… ([^`]+)`");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

    /// What a reader writes where a document is short.
    private static final Map<String, String> MEANT = Map.of(
            "--base …", "--base CogVideoX-2b",
            "lora fuse …", "lora fuse BASE ADAPTER OUTPUT",
            "convert …", "convert CHECKPOINT OUTPUT",
            "ALPHA", "64",
            "COMMAND", "convert");

    private static final String SHARD = "diffusion_pytorch_model-00001-of-00003.safetensors";

    /// What comes first where a command needs what another one made.
    /// The first that fits counts.
    private static final List<Map.Entry<String, String>> BEFORE = List.of(
            Map.entry("--undo", "doctor my-model --fix --yes"),
            Map.entry("auto:psnr", "bench-cache --model my-model --cache pab"),
            Map.entry("batch --merge", "batch rows.jsonl videos --model my-model"),
            Map.entry("--scores scores.json", "score samples/step-500 samples/step-1000 --json > scores.json"),
            Map.entry("verify OUTPUT", "lora fuse BASE ADAPTER OUTPUT"),
            Map.entry(
                    "--against outputs/checkpoint-500 --base",
                    "merge outputs/checkpoint-500 my-model --method linear --base CogVideoX-2b"),
            Map.entry(
                    "--against outputs",
                    "merge outputs/checkpoint-500 outputs/checkpoint-1000 my-model --base CogVideoX-2b"),
            Map.entry(
                    "verify both.safetensors",
                    "merge style.safetensors motion.safetensors both.safetensors --weights 1,0.5 --rank 64"),
            Map.entry("verify my-model", "convert checkpoint-500 my-model --base CogVideoX-2b"));

    /// Added to a command so that it takes seconds: the samples' size, few steps, no question.
    private static final Map<String, String> SMALLER = Map.of(
            "^generate (?!.*--smoke|.*--num-frames)", "--num-inference-steps 2 --num-frames 9",
            "^generate .*--num-frames", "--num-inference-steps 2",
            "^watch (?!.*--once)", "--once --interval 0.1",
            "^watch .*--once", "--interval 0.1",
            "^batch (?!--)", "--num-inference-steps 1 --num-frames 5",
            "^bench-cache", "--num-inference-steps 2 --num-frames 9 --cache first-block:threshold=0",
            "^invert", "--width 80 --height 48 --num-inference-steps 2 --max-num-frames 9",
            "^doctor .*--fix", "--yes");

    /// Commands that find something in what they look at; all others end with 0.
    private static final Pattern FINDS = Pattern.compile("^doctor my-model$|^inspect pytorch_model\\.bin");

    /// Commands that tell of the machine, which is not the tests'.
    private static final Pattern TELLS_OF_THE_MACHINE = Pattern.compile("--system");

    /// Commands that cannot be run here, with the reason. They are parsed.
    private static final Map<String, String> NOT_RUN = Map.of(
            "--with-text-encoder", "no fixture is a SAT training with its text encoder: T5 has 4.7 billion values",
            "--enhance-prompt", "it asks a language model that somebody has to run",
            "serve --model", "it goes on until somebody stops it; the module server's tests do",
            "serve --config", "the same",
            "batch --parquet", "it needs Spark's jars; the module cluster's tests have them",
            "setup cuda", "it fetches hundreds of megabytes");

    private static final Pattern MADE =
            Pattern.compile("my-(?!model/).*|OUTPUT|out|sat|.*\\.(html|csv)|report|coded|inverted|lighthouse.mp4");

    @TempDir
    static Path folder;

    private static CommandServer server;

    /// A command where it stands: what it stands for often follows from the row of its table.
    record Shown(String line, String command) {
        @Override
        public String toString() {
            return command;
        }
    }

    static Stream<Shown> commands() throws IOException {
        List<Path> documents =
                new ArrayList<>(List.of(Resources.project("README.md"), Resources.project("README_zh.md")));
        try (Stream<Path> files = Files.list(Resources.project("docs"))) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
        }
        List<Shown> commands = new ArrayList<>();
        for (Path document : documents) {
            for (String line : Files.readAllLines(document)) {
                Matcher found = COMMAND.matcher(line);
                while (found.find()) {
                    commands.add(new Shown(line, command(line, found)));
                }
            }
        }
        return commands.stream().distinct();
    }

    private static String command(String line, Matcher found) {
        if (found.group(3) != null) {
            return "convert checkpoint-500 my-model --base CogVideoX-2b " + found.group(3);
        }
        String command = found.group(1) == null ? found.group(2) : found.group(1);
        command = command.replaceFirst("\\s+#.*$", "").strip();
        for (Map.Entry<String, String> meant : MEANT.entrySet()) {
            command = command.replace(meant.getKey(), meant.getValue());
        }
        command = command.replace(
                "FILE", line.contains("`ambiguous-weights`") ? "diffusion_pytorch_model.safetensors" : SHARD);
        // A command's name alone stands for the command, not for a run of it.
        return isName(words(command)) ? command + " --help" : command;
    }

    @BeforeAll
    static void start() throws IOException {
        server = new CommandServer(folder, Run.classPath(), Resources.project(""));
    }

    @AfterAll
    static void end() {
        server.close();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandDoesWhatItIsShownFor(Shown shown) throws IOException {
        if (NOT_RUN.keySet().stream().anyMatch(shown.command()::contains)) {
            parse(words(shown.command()));
            return;
        }
        clear();
        String before = BEFORE.stream()
                .filter(needed -> shown.command().contains(needed.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
        if (!before.isEmpty()) {
            run(new Shown(shown.line(), before));
        }
        CommandServer.Answer answer = run(shown);
        if (TELLS_OF_THE_MACHINE.matcher(shown.command()).find()) {
            assertThat(answer.exit()).isIn(ExitCode.DONE, ExitCode.PROBLEMS_FOUND, ExitCode.ENVIRONMENT);
        } else {
            ExitCode expected = FINDS.matcher(shown.command()).find() ? ExitCode.PROBLEMS_FOUND : ExitCode.DONE;
            assertThat(answer.exit()).as(answer.printed()).isEqualTo(expected);
        }
        // All names are typed without their folder, and are told so; the cache's own place is nobody's word.
        assertThat(answer.printed().replace(folder + "/.cache", "")).doesNotContain(folder.toString());
        for (String word : words(shown.command())) {
            if (MADE.matcher(word).matches() && !shown.command().contains("--dry-run")) {
                assertThat(folder.resolve(word)).as(answer.printed()).exists();
            }
        }
    }

    private CommandServer.Answer run(Shown shown) throws IOException {
        DocumentNames.place(shown.line() + " " + shown.command(), words(shown.command()), folder);
        List<String> words = new ArrayList<>(words(shown.command()));
        SMALLER.forEach((command, more) -> {
            if (Pattern.compile(command).matcher(shown.command()).find()) {
                words.addAll(words(more));
            }
        });
        int redirected = words.indexOf(">");
        if (redirected < 0) {
            return server.run(words);
        }
        CommandServer.Answer answer = server.run(words.subList(0, redirected));
        Files.writeString(folder.resolve(words.get(redirected + 1)), answer.printed());
        return answer;
    }

    private static void clear() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.toList().reversed()) {
                if (!path.equals(folder)) {
                    Files.delete(path);
                }
            }
        }
    }

    private static boolean isName(List<String> words) {
        CommandLine command = Program.commandLine(new Console(nowhere(), Map.of(), Language.EN, false, false));
        for (String word : words) {
            command = command == null ? null : command.getSubcommands().get(word);
        }
        return command != null && !words.equals(List.of("demo"));
    }

    private static Terminal nowhere() {
        return Terminal.of(OutputStream.nullOutputStream(), OutputStream.nullOutputStream(), UTF_8);
    }

    private static void parse(List<String> words) {
        CommandLine program = Program.commandLine(new Console(nowhere(), Map.of(), Language.EN, false, false));
        program.parseArgs(OptionNames.of(program).canonical(words).toArray(String[]::new));
    }

    private static List<String> words(String command) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(command);
        while (word.find()) {
            words.add(Stream.of(word.group(1), word.group(2), word.group(3))
                    .filter(text -> text != null)
                    .findFirst()
                    .orElseThrow());
        }
        return words;
    }
}

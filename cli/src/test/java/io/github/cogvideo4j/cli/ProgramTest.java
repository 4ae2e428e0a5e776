package io.github.cogvideo4j.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.outcome.Failures;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ProgramTest {
    @Test
    void helpBeginsWithAnExampleAndSucceeds() {
        Run run = Run.of("--help");
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        assertThat(run.out()).startsWith("Example:\n  cogvideo ");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void withoutACommandTheHelpIsShownAsAUsageError() {
        Run run = Run.of();
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).startsWith("Example:");
    }

    @Test
    void versionIsOneLine() {
        assertThat(Run.of("--version").out())
                .startsWith("cogvideo ")
                .contains("Java 2")
                .hasLineCount(1);
    }

    @Test
    void aWrongOptionIsOneLineAndAHint() {
        Run run = Run.of("--debg");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("error: there is no option --debg")
                .contains("--debug");
        assertThat(run.err()).contains("hint: run \"cogvideo --help\"");
    }

    @Test
    void whatComesFromTheCommandLineIsCleanedBeforeItIsPrinted() {
        assertThat(Run.of("--x\u001b[2J").err()).doesNotContain("\u001b").contains("--x\uFFFD[2J");
    }

    @ParameterizedTest
    @CsvSource({"zh, 没有 --nope 这个选项", "en, there is no option --nope", "zh_CN, 没有 --nope 这个选项"})
    void langChoosesTheLanguageWhereverItStands(String language, String words) {
        assertThat(Run.of("--lang", language, "--nope").err()).contains(words);
        assertThat(Run.of("--nope", "--lang=" + language).err()).contains(words);
    }

    @ParameterizedTest
    @CsvSource({
        "COGVIDEO_LANG, zh, 用法",
        "LC_ALL, zh_CN.UTF-8, 用法",
        "LC_MESSAGES, zh_TW, 用法",
        "LANG, zh_CN.GBK, 用法",
        "LANG, en_US.UTF-8, Usage",
        "LC_ALL, POSIX, Usage"
    })
    void theLocaleChoosesTheLanguage(String variable, String value, String word) {
        assertThat(Run.in(Map.of(variable, value), "--help").out()).contains(word);
    }

    @Test
    void lcAllDecidesBeforeLang() {
        assertThat(Run.in(Map.of("LC_ALL", "en_US.UTF-8", "LANG", "zh_CN.UTF-8"), "--help")
                        .out())
                .contains("Usage");
        assertThat(Run.in(Map.of("LC_ALL", "", "LANG", "zh_CN.UTF-8"), "--help").out())
                .contains("用法");
    }

    @Test
    void aWrongLanguageIsNamedWithTheOnesThereAre() {
        Run run = Run.of("--lang", "fr");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--lang cannot be fr; it is one of en, zh");
    }

    @Test
    void anOptionWithoutItsValueIsNamed() {
        assertThat(Run.of("--lang").err()).contains("--lang needs a value");
    }

    @Test
    void withJsonAnErrorIsAnObjectOnTheStandardOutput() {
        Run run = Run.of("--json", "--nope");
        JsonNode output = JsonMapper.shared().readTree(run.out());
        assertThat(output.get("exitCode").intValue()).isEqualTo(2);
        assertThat(output.get("error").get("code").stringValue()).isEqualTo("usage");
        assertThat(output.get("error").get("message").stringValue()).contains("--nope");
        assertThat(output.get("warnings").isArray()).isTrue();
    }

    @Test
    void anArgumentFileStandsForItsWords(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("arguments"), "--lang zh # in Chinese\n--help");
        assertThat(Run.of("@" + file).out()).contains("用法");
    }

    @Test
    void aMissingArgumentFileIsAUsageError() {
        Run run = Run.of("@no/such/file");
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("no/such/file");
    }

    @Test
    void debugAddsTheTrace() {
        assertThat(Run.of("--nope", "--debug").err())
                .contains("UnmatchedArgumentException")
                .contains("    at ");
    }

    @ParameterizedTest
    @CsvSource({"help, cogvideo COMMAND", "help convert, cogvideo convert", "help lora fuse, cogvideo lora fuse"})
    void helpIsACommandToo(String words, String usage) {
        Run run = Run.of(words.split(" "));
        assertThat(run.exit()).isEqualTo(ExitCode.DONE);
        assertThat(run.out())
                .isEqualTo(Run.of((words.replaceFirst("help ?", "") + " --help")
                                .strip()
                                .split(" "))
                        .out());
        assertThat(run.out()).contains(usage.substring(0, usage.lastIndexOf(' ')));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--json", "lora --json"})
    void withJsonAMissingCommandIsAnError(String words) {
        Run run = Run.of(words.split(" "));
        assertThat(run.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(JsonMapper.shared()
                        .readTree(run.out())
                        .get("error")
                        .get("code")
                        .stringValue())
                .isEqualTo("usage");
    }

    @ParameterizedTest
    @CsvSource({
        "convert checkpoint '', OUTPUT",
        "convert '' model, CHECKPOINT",
        "convert checkpoint model --base '', --base",
        "verify '', MODEL",
        "verify model --against '', --against",
        "generate --prompt x --model '', --model",
        "inspect '', PATH"
    })
    void anEmptyArgumentIsNamed(String words, String name) {
        Run run = Run.of(words.replace("''", "\0")
                .lines()
                .flatMap(line -> java.util.Arrays.stream(line.split(" ")))
                .map(word -> word.equals("\0") ? "" : word)
                .toArray(String[]::new));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(name + " is empty");
    }

    @Test
    void aMissingOptionHasTheNameThatDocumentsUse() {
        assertThat(Run.of("vae", "encode", "--video-path", "x.mp4").err())
                .contains("name the model with --model")
                .doesNotContain("--model-path");
    }

    @ParameterizedTest
    @CsvSource({"No space left on device, 4", "Bad file descriptor, 4", "Broken pipe, 0"})
    void resultsThatAreLostAreNoSuccess(String reason, int exit) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        OutputStream full = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException(reason);
            }
        };
        Program program = new Program(Terminal.of(full, err, UTF_8), Map.of("LANG", "C"));
        assertThat(program.run("--version").value()).isEqualTo(exit);
        if (exit == 0) {
            assertThat(err.toString(UTF_8)).isEmpty();
        } else {
            assertThat(err.toString(UTF_8))
                    .startsWith("error: ")
                    .contains(reason)
                    .hasLineCount(1);
        }
    }

    @Test
    void whereChineseCannotBeShownTheProgramSpeaksEnglish() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Terminal ascii = Terminal.of(out, new ByteArrayOutputStream(), US_ASCII);
        new Program(ascii, Map.of("LANG", "zh_CN")).run("--help");
        assertThat(out.toString(US_ASCII)).startsWith("Example:").doesNotContain("?");
    }

    @Test
    void aSignalIsToldOnceAndAsJsonToo() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = new Console(Terminal.of(out, err, UTF_8), Map.of(), Language.EN, true, false);
        console.interrupted(() -> Failures.interrupted(ExitCode.TERMINATED));
        console.interrupted(() -> Failures.interrupted(ExitCode.TERMINATED));
        console.finish(ExitCode.DONE);
        assertThat(err.toString(UTF_8)).hasLineCount(1).contains("interrupted");
        assertThat(JsonMapper.shared()
                        .readTree(out.toString(UTF_8))
                        .get("exitCode")
                        .intValue())
                .isEqualTo(143);
    }

    @Test
    void afterTheEndASignalTellsNothing() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Program program = new Program(Terminal.of(new ByteArrayOutputStream(), err, UTF_8), Map.of());
        program.run("--version");
        program.interrupt(() -> ExitCode.INTERRUPTED);
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"SIGINT handler, 130", "SIGTERM handler, 143", "SIGHUP handler, 129", "main, 130"})
    void theSignalIsKnownByItsThread(String thread, int exit) {
        assertThat(ExitCode.ofSignal(List.of("main", thread)).value()).isEqualTo(exit);
    }

    /// The help of what stands before a wrong word would be an answer to another question.
    @ParameterizedTest
    @ValueSource(strings = {"help lora fuze", "lora fuze --help", "lora fuze"})
    void helpOnACommandThatIsNotThereIsAnError(String line) {
        Run.usage(Run.of(line.split(" ")), "there is no command fuze; similar: fuse");
    }

    @ParameterizedTest
    @CsvSource({"convrt, convert", "vreify, verify", "gen, generate", "scores, score", "dem, demo", "lor, lora"})
    void aCommandNearToTheWordIsSuggested(String word, String command) {
        Run.usage(Run.of("help", word), "there is no command " + word + "; similar: " + command + " [");
    }

    @ParameterizedTest
    @ValueSource(strings = {"train", "download", "x", "quantize", "c"})
    void whatIsFarFromTheWordIsNot(String word) {
        Run run = Run.of(word);
        Run.usage(run, "there is no command " + word);
        assertThat(run.err()).doesNotContain("similar");
    }
}

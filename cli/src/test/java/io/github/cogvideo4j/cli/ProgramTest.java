package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
}

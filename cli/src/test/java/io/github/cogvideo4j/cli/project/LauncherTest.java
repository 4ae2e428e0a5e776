package io.github.cogvideo4j.cli.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The launchers in environments where little is set, with a Java that only tells how it was started.
@EnabledOnOs(OS.LINUX)
class LauncherTest {
    @TempDir
    Path folder;

    private Path program = Path.of("");

    @BeforeEach
    void unpack() throws IOException {
        Path launcher = Resources.project("cli/src/launcher");
        program = copy(launcher.resolve("packaged"), folder.resolve("bin/cogvideo"));
        copy(launcher.resolve("start.bash"), folder.resolve("lib/start.bash"));
        Path java = folder.resolve("runtime/bin/java");
        Files.createDirectories(java.getParent());
        Files.writeString(java, """
                #!/bin/sh
                echo "locale=${LC_ALL-unset}"
                for word in "$@"; do echo "word=$word"; done
                """);
        assertThat(java.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void anEmptyEnvironmentIsEnough() throws Exception {
        Started started = start(Map.of(), "env", "-i", program.toString(), "--help");
        assertThat(started.exit()).as(started.output()).isZero();
        assertThat(started.output()).contains("word=--help", "locale=C.UTF-8").doesNotContain("unbound");
    }

    @Test
    void wordsReachTheProgramAsTheyAre() throws Exception {
        assertThat(start(Map.of("LC_ALL", "C.UTF-8"), program.toString(), "", "a b", "*", "权重")
                        .output()
                        .lines()
                        .toList())
                .endsWith("word=", "word=a b", "word=*", "word=权重");
    }

    /// Chinese without an encoding, or in one that the system has not, would be printed as question marks.
    @ParameterizedTest
    @CsvSource({"LANG, xx_CN", "LANG, xx_CN.GBK", "LC_ALL, xx_CN.GB18030", "LANG, C", "LC_ALL, POSIX"})
    void aLocaleThatIsNotThereBecomesUtf8(String variable, String locale) throws Exception {
        assertThat(start(Map.of(variable, locale), program.toString()).output()).contains("locale=C.UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"find_jdk", "HOME= find_jdk", "JAVA_HOME=/nowhere find_jdk"})
    void aJdkIsLookedForWithoutAHome(String command) throws Exception {
        String script = "set -euo pipefail; source \"$1\"; " + command + " || echo none";
        Started started = start(
                Map.of(),
                "env",
                "-i",
                "bash",
                "-c",
                script,
                "bash",
                Resources.project("cli/src/launcher/find-jdk.bash").toString());
        assertThat(started.exit()).as(started.output()).isZero();
        assertThat(started.output()).doesNotContain("unbound");
    }

    /// A standard output that is closed would become the first file that Java opens.
    @Test
    void aClosedStandardOutputStaysOne() throws Exception {
        Started started = start(Map.of(), "bash", "-c", "\"$1\" --help >&-", "bash", program.toString());
        assertThat(started.output()).contains("error").doesNotContain("word=");
    }

    /// No variable of the environment is taken for granted.
    @Test
    void everyVariableOfTheEnvironmentMayBeUnset() throws IOException {
        for (String file : List.of("cogvideo", "cli/src/launcher/find-jdk.bash", "cli/src/launcher/start.bash")) {
            assertThat(Files.readString(Resources.project(file)))
                    .as(file)
                    .doesNotContainPattern("\\$(HOME|TMPDIR|PATH|USER)\\b|\\$\\{(HOME|TMPDIR|PATH|USER)\\}");
        }
    }

    private record Started(int exit, String output) {}

    private static Started start(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Started(process.waitFor(), output);
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        return Files.copy(from, to, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
    }
}

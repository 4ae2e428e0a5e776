package io.github.cogvideo4j.cli.completion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class CompletionsTest {
    @Command(name = "sample", subcommands = Sub.class)
    static class Sample {}

    @Command(name = "cut", description = "Cuts it, don't ask%nhow")
    static class Sub {
        @Option(names = "--file", description = "what is cut: 100%%")
        Path file = Path.of("");

        @Option(
                names = {"-q", "--quiet"},
                negatable = true)
        boolean quiet;

        @Option(names = "--count")
        int count;
    }

    @Test
    void fishKnowsCommandsOptionsAndWhatTheyTake() {
        assertThat(new FishCompletion("sample", new CommandLine(new Sample()))
                        .script()
                        .lines())
                .contains(
                        "complete -c sample -n '__sample_at' -f -a 'cut' -d 'Cuts it, don\\'t ask'",
                        "complete -c sample -n '__sample_at cut' -l file -r -d 'what is cut: 100%'",
                        "complete -c sample -n '__sample_at cut' -l quiet -s q -l no-quiet",
                        "complete -c sample -n '__sample_at cut' -l count -x");
    }

    @Test
    void everyShellHasItsScript(@TempDir Path folder) throws IOException {
        Completions.main(new String[] {folder.toString()});
        for (String name : List.of("cogvideo.bash", "cogvideo.fish")) {
            assertThat(Files.readString(folder.resolve(name))).contains("convert", "max-shard-size", "bf16");
        }
        assertThat(folder.resolve("cogvideo.zsh")).content().contains("cogvideo.bash");
    }

    /// bash itself reads the script and completes with it.
    @Test
    void bashCompletesACommandAndAnOption(@TempDir Path folder) throws IOException, InterruptedException {
        Completions.main(new String[] {folder.toString()});
        assertThat(completed(folder, "cogvideo", "conv")).contains("convert");
        assertThat(completed(folder, "cogvideo", "convert", "--max-sh")).contains("--max-shard-size");
    }

    private static String completed(Path folder, String... words) throws IOException, InterruptedException {
        String script = """
                source "$1"; shift
                COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
                _complete_cogvideo
                printf '%s\\n' "${COMPREPLY[@]}"
                """;
        List<String> command = new java.util.ArrayList<>(List.of(
                "bash", "-c", script, "bash", folder.resolve("cogvideo.bash").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of("LC_ALL", "C"));
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}

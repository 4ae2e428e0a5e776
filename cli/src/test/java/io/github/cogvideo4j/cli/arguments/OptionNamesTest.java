package io.github.cogvideo4j.cli.arguments;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class OptionNamesTest {
    @Command(name = "sample")
    static class Sample {
        @Option(names = {"--max-shard-size", "--safe_serialization"})
        String text = "";

        @Option(names = "--keep-frozen", negatable = true)
        boolean keep;
    }

    private final OptionNames names = OptionNames.of(new CommandLine(new Sample()));

    @Test
    void underscoresInOurNamesBecomeDashes() {
        assertThat(names.canonical(List.of("--max_shard_size", "5GB", "--no_keep_frozen")))
                .containsExactly("--max-shard-size", "5GB", "--no-keep-frozen");
    }

    @Test
    void valuesKeepTheirUnderscores() {
        assertThat(names.canonical(List.of("--max_shard_size=a_b", "a_b", "-x_y")))
                .containsExactly("--max-shard-size=a_b", "a_b", "-x_y");
    }

    @Test
    void namesThatHaveUnderscoresThemselvesAndUnknownOnesStay() {
        assertThat(names.canonical(List.of("--safe_serialization", "--no_such_option")))
                .containsExactly("--safe_serialization", "--no_such_option");
    }

    @Test
    void nothingChangesAfterTheEndOfOptions() {
        assertThat(names.canonical(List.of("--", "--max_shard_size"))).containsExactly("--", "--max_shard_size");
    }

    @Property(tries = 1000)
    void wordsThatAreNoOptionsNeverChange(Generator generator) {
        List<String> values = generator.list(0, 20, () -> "v" + generator.text(20));
        assertThat(names.canonical(values)).isEqualTo(values);
    }
}

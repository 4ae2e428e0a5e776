package io.github.cogvideo4j.cli.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.problem.Remedy;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CommandsTest {
    @Test
    void aCommandQuotesWhatAShellWouldTake() {
        assertThat(Commands.of(new Remedy.RepairFolder(Path.of("my model; rm -r $HOME"), false, Optional.empty())))
                .hasValue("cogvideo doctor 'my model; rm -r $HOME' --fix");
        assertThat(Commands.of(new Remedy.RepairFolder(Path.of("a"), true, Optional.of("it's"))))
                .hasValue("cogvideo doctor a --fix --convert --keep 'it'\\''s'");
    }
}

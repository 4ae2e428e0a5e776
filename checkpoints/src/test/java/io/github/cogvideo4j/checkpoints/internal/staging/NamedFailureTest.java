package io.github.cogvideo4j.checkpoints.internal.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NamedFailureTest {
    private static final Path SHOWN = Path.of("my-model/transformer/config.json");

    /// A full disk is told by a channel without the file's name.
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFullDiskNamesTheFile() {
        assertThatThrownBy(() -> NamedFailure.naming(SHOWN, () -> Files.write(Path.of("/dev/full"), new byte[1])))
                .isInstanceOfSatisfying(
                        FileSystemException.class, e -> assertThat(e.getFile()).isEqualTo(SHOWN.toString()));
    }

    @Test
    void whatNamesItsFileAlreadyStays() {
        assertThatThrownBy(() -> NamedFailure.naming(SHOWN, () -> Files.readString(Path.of("no/such/file"))))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("no/such/file");
    }
}

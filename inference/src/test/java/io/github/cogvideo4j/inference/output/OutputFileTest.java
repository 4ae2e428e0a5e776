package io.github.cogvideo4j.inference.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What can be known before the work is known before the work.
class OutputFileTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "/", "frames/.."})
    void aPlaceWithoutANameOfItsOwnIsRefused(String path) {
        assertRefused(Path.of(path), "needs a file name");
    }

    @Test
    void aNameThatNoFileSystemTakesIsRefused() throws IOException {
        assertRefused(folder.resolve("a".repeat(252) + ".mp4"), "too long");
        assertRefused(folder.resolve("视".repeat(84) + ".mp4"), "too long");
        Path longest = folder.resolve("a".repeat(200) + ".mp4");
        OutputFile.check(longest, false);
        OutputFile.write(longest, false, unfinished -> Files.writeString(unfinished, "new"));
        assertThat(longest).hasContent("new");
    }

    @Test
    void aResultThatFailsLeavesNoFolders() {
        Path deep = folder.resolve("a/b/video.mp4");
        assertThatThrownBy(() -> OutputFile.write(deep, false, unfinished -> {
                    Files.writeString(unfinished, "half");
                    throw new IOException("No space left on device");
                }))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("video.mp4");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFileIsNoFolderForResults() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "old");
        assertRefused(file.resolve("video.mp4"), "is a file");
        assertRefused(file.resolve("deep/er/video.mp4"), "is a file");
        assertThat(file).hasContent("old");
    }

    @Test
    void aFolderThatIsNotThereYetIsNoProblem() throws IOException {
        Path deep = folder.resolve("a/b/video.mp4");
        OutputFile.check(deep, false);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderThatMayNotBeWrittenIsSaidToBeSo() throws IOException {
        Path closed = Files.createDirectory(folder.resolve("closed"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
        Assumptions.assumeFalse(Files.isWritable(closed), "this user may write everywhere");
        assertThatThrownBy(() -> OutputFile.check(closed.resolve("a/video.mp4"), false))
                .isInstanceOf(AccessDeniedException.class)
                .hasMessageContaining("closed");
    }

    /// Another run may finish in the meantime: its result stays.
    @Test
    void whatAppearedMeanwhileIsNotReplacedUnasked() throws IOException {
        Path file = folder.resolve("video.mp4");
        assertThatThrownBy(() -> OutputFile.write(file, false, unfinished -> {
                    Files.writeString(unfinished, "ours");
                    Files.writeString(file, "theirs");
                }))
                .isInstanceOf(OutputException.class);
        assertThat(file).hasContent("theirs");
        Path frames = folder.resolve("frames");
        assertThatThrownBy(() -> OutputFile.writeFolder(frames, false, unfinished -> {
                    Files.writeString(unfinished.resolve("frame_00000.png"), "ours");
                    Files.writeString(Files.createDirectory(frames).resolve("frame_00000.png"), "theirs");
                }))
                .isInstanceOf(OutputException.class);
        assertThat(frames.resolve("frame_00000.png")).hasContent("theirs");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("video.mp4", "frames");
    }

    @Test
    void aResultIsReplacedWhenThatWasAskedFor() throws IOException {
        Path file = Files.writeString(folder.resolve("video.mp4"), "old");
        OutputFile.write(file, true, unfinished -> Files.writeString(unfinished, "new"));
        assertThat(file).hasContent("new");
        assertThatThrownBy(() -> OutputFile.write(file, false, unfinished -> Files.writeString(unfinished, "newer")))
                .isInstanceOf(OutputException.class);
        assertThat(file).hasContent("new");
    }

    private static void assertRefused(Path path, String part) {
        for (Check check : new Check[] {OutputFile::check, OutputFile::checkFolder}) {
            assertThatThrownBy(() -> check.of(path, true))
                    .as(path.toString())
                    .isInstanceOfSatisfying(OutputException.class, e -> {
                        assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED);
                        assertThat(e.problem().message().text()).contains(part);
                    });
        }
    }

    private interface Check {
        void of(Path path, boolean overwrite) throws IOException;
    }
}

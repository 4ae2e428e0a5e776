package io.github.cogvideo4j.cli.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class FailuresTest {
    private static final Path FILE = Path.of("weights.pt");

    @Test
    void aProblemOfAFileIsBadInputWithItsCodeAndPlace() {
        Failure failure = Failures.of(
                new MalformedFileException(ProblemCode.TRUNCATED, Place.at(FILE, 7), "formats.source.shrunk", 3));
        assertThat(failure.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(failure.code()).isEqualTo("truncated");
        assertThat(failure.place()).isEqualTo(Place.at(FILE, 7));
        assertThat(failure.hint()).isPresent();
    }

    @Test
    void aProblemWithoutAGeneralRemedyHasNoHint() {
        Failure failure = Failures.of(
                new UnsafeFileException(ProblemCode.ZIP_DUPLICATE, Place.of(FILE), "formats.json.no-object"));
        assertThat(failure.hint()).isEmpty();
    }

    @Test
    void tooLittleSpaceIsTheEnvironment() {
        Failure failure =
                Failures.of(new OutputException(ProblemCode.NO_SPACE, Place.of(FILE), "cli.failure.disk-full"));
        assertThat(failure.exit()).isEqualTo(ExitCode.ENVIRONMENT);
    }

    /// Linux has a device for it, so the words are the system's own.
    @Test
    void aFullDiskIsToldByTheSystemsWords() throws IOException {
        Assumptions.assumeTrue(Files.exists(Path.of("/dev/full")));
        try (FileOutputStream full = new FileOutputStream("/dev/full")) {
            IOException thrown =
                    org.assertj.core.api.Assertions.catchThrowableOfType(IOException.class, () -> full.write(1));
            assertThat(Failures.of(thrown).code()).isEqualTo("no-space");
            assertThat(Failures.of(thrown).exit()).isEqualTo(ExitCode.ENVIRONMENT);
        }
    }

    @Test
    void aFullDiskIsRecognisedInChinese() {
        Failure failure = Failures.of(new FileSystemException("out", null, "设备上没有空间"));
        assertThat(failure.code()).isEqualTo("no-space");
        assertThat(failure.place()).isEqualTo(Place.of(Path.of("out")));
    }

    @Test
    void aMissingFileIsBadInputAndADeniedOneTheEnvironment() {
        assertThat(Failures.of(new NoSuchFileException("a")).exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(Failures.of(new AccessDeniedException("a")).exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(Failures.of(new IOException("Input/output error")).exit()).isEqualTo(ExitCode.ENVIRONMENT);
    }

    @Test
    void wrappersAreLookedThrough() {
        Throwable cause = new MalformedFileException(ProblemCode.BAD_CRC, Place.of(FILE), "formats.json.no-object");
        assertThat(Failures.of(new ExecutionException(new CompletionException(cause)))
                        .code())
                .isEqualTo("bad-crc");
        assertThat(Failures.of(new UncheckedIOException(new NoSuchFileException("a")))
                        .code())
                .isEqualTo("not-found");
    }

    /// Names come from files, too: a record, a list of prompts.
    @Test
    void aNameThatCannotBeAPathIsWrongUsage() {
        Failure failure = Failures.of(org.assertj.core.api.Assertions.catchThrowable(() -> Path.of("a\0b")));
        assertThat(failure.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(failure.message().text()).contains("a\uFFFDb cannot be the name");
    }

    @Test
    void interruptionsEndWith130() {
        assertThat(Failures.of(new InterruptedException()).exit().value()).isEqualTo(130);
        assertThat(Failures.of(new ClosedByInterruptException()).exit().value()).isEqualTo(130);
    }

    @Test
    void memoryAndNativeLibrariesAreTheEnvironment() {
        assertThat(Failures.of(new OutOfMemoryError("Java heap space")).exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(Failures.of(new UnsatisfiedLinkError("no torch")).exit()).isEqualTo(ExitCode.ENVIRONMENT);
    }

    @Test
    void anythingElseIsCalledABug() {
        Failure failure = Failures.of(new IllegalStateException("that cannot be"));
        assertThat(failure.exit()).isEqualTo(ExitCode.BUG);
        assertThat(failure.message().text()).contains("bug", "IllegalStateException", "that cannot be");
        assertThat(failure.hint().orElseThrow().text()).contains("--debug");
    }

    @Test
    void aCircleOfCausesEnds() {
        Exception first = new IllegalStateException("a");
        Exception second = new IllegalStateException("b", first);
        first.initCause(second);
        assertThat(Failures.of(first).exit()).isEqualTo(ExitCode.BUG);
    }

    /// libtorch's own words: it throws one kind of exception for everything, with a C++ trace in the message.
    @Test
    void memoryThatLibtorchDoesNotGetIsTheEnvironment() {
        RuntimeException thrown = org.assertj.core.api.Assertions.catchThrowableOfType(
                RuntimeException.class, () -> torch.empty(1L << 50));

        Failure failure = Failures.of(thrown);

        assertThat(failure.exit()).isEqualTo(ExitCode.ENVIRONMENT);
        assertThat(failure.code()).isEqualTo("out-of-memory");
        assertThat(failure.message().text()).doesNotContain("frame #");
    }

    @Test
    void whatElseLibtorchThrowsIsToldByItsFirstLine() {
        RuntimeException thrown = org.assertj.core.api.Assertions.catchThrowableOfType(
                RuntimeException.class, () -> torch.set_num_threads(0));

        assertThat(Failures.of(thrown).message().text())
                .contains("Expected positive number of threads")
                .doesNotContain("frame #", "Exception raised from");
    }
}

package io.github.cogvideo4j.checkpoints.internal.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StagingTest {
    private static final String ID = "0123456789ab";

    @TempDir
    Path folder;

    @Test
    void nothingIsUnderTheNameUntilItIsPublished() throws IOException {
        Path target = folder.resolve("model");
        try (Staging staging = Staging.create(target, false)) {
            Files.writeString(staging.folder().resolve("a"), "new");
            assertThat(target).doesNotExist();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(staging.folder())))
                    .isEqualTo("rwx------");
            staging.publish();
        }
        assertThat(target.resolve("a")).hasContent("new");
        assertThat(names(folder)).containsExactly("model");
    }

    @Test
    void thePublishedFolderHasThePermissionsOfAnyNewFolder() throws IOException {
        Path ordinary = Files.createDirectory(folder.resolve("ordinary"));
        Path target = folder.resolve("model");
        try (Staging staging = Staging.create(target, false)) {
            staging.publish();
        }
        assertThat(Files.getPosixFilePermissions(target)).isEqualTo(Files.getPosixFilePermissions(ordinary));
    }

    @Test
    void neitherFailureLeavesFoldersAbove() throws IOException {
        assertThatThrownBy(() -> Staging.create(folder.resolve("a/b").resolve("n".repeat(250)), false))
                .isInstanceOf(IOException.class);
        assertThat(folder).isEmptyDirectory();
        Path middle = folder.resolve("x").resolve("n".repeat(300)).resolve("model");
        assertThatThrownBy(() -> Staging.create(middle, false)).isInstanceOf(IOException.class);
        assertThat(folder).isEmptyDirectory();
        Staging.create(folder.resolve("c/d/model"), false).close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anAbandonedOneLeavesNothing() throws IOException {
        try (Staging staging = Staging.create(folder.resolve("model"), false)) {
            Files.writeString(staging.folder().resolve("a"), "new");
        }
        assertThat(names(folder)).isEmpty();
    }

    @Test
    void anOlderConversionIsReplacedOnlyWhenAsked() throws IOException {
        Path target = ours("old");
        assertRefused(target, false);
        try (Staging staging = Staging.create(target, true)) {
            Files.writeString(staging.folder().resolve("a"), "new");
            assertThat(target.resolve("a")).hasContent("old");
            staging.publish();
        }
        assertThat(target.resolve("a")).hasContent("new");
        assertThat(names(folder)).containsExactly("model");
    }

    @Test
    void ofTwoThatRaceToOneNameTheFirstWinsAndTheOtherIsRefused() throws IOException {
        Path target = folder.resolve("model");
        try (Staging first = Staging.create(target, false);
                Staging second = Staging.create(target, false)) {
            Files.writeString(first.folder().resolve("a"), "first");
            Files.writeString(second.folder().resolve("a"), "second");
            first.publish();
            assertThatThrownBy(second::publish)
                    .isInstanceOfSatisfying(
                            OutputException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
        }
        assertThat(target.resolve("a")).hasContent("first");
        assertThat(names(folder)).containsExactly("model");
    }

    /// Whatever came to be under the name meanwhile, by whomever.
    @Test
    void whatAppearsUnderTheNameMeanwhileStays() throws IOException {
        for (boolean overwrite : new boolean[] {false, true}) {
            Path target = folder.resolve("model");
            try (Staging staging = Staging.create(target, overwrite)) {
                Files.writeString(Files.createDirectory(target).resolve("a"), "precious");
                assertThatThrownBy(staging::publish).isInstanceOf(OutputException.class);
            }
            assertThat(target.resolve("a")).hasContent("precious");
            assertThat(names(folder)).containsExactly("model");
            Files.delete(target.resolve("a"));
            Files.delete(target);
        }
    }

    @Test
    void anEmptyFolderUnderTheNameIsFilled() throws IOException {
        Path target = Files.createDirectory(folder.resolve("model"));
        try (Staging staging = Staging.create(target, false)) {
            Files.writeString(staging.folder().resolve("a"), "new");
            staging.publish();
        }
        assertThat(target.resolve("a")).hasContent("new");
    }

    @Test
    @Attack(
            name = "output-takeover",
            tries = "`--overwrite` onto a folder of someone's own files, or onto a link",
            fails = "only a folder with this program's own manifest is replaced")
    void whatThisProgramDidNotWriteIsNeverReplaced() throws IOException {
        Path foreign = Files.createDirectory(folder.resolve("photos"));
        Files.writeString(foreign.resolve("a"), "precious");
        assertRefused(foreign, true);
        assertRefused(Files.writeString(folder.resolve("file"), "precious"), true);
        Path link = Files.createSymbolicLink(folder.resolve("link"), foreign);
        assertRefused(link, true);
        assertThat(foreign.resolve("a")).hasContent("precious");
    }

    @Test
    void theLeftoversOfAKilledRunAreCleared() throws IOException {
        Files.createFile(folder.resolve(".model.cogvideo4j-" + ID + ".lock"));
        Path staging = Files.createDirectory(folder.resolve(".model.cogvideo4j-" + ID));
        Files.writeString(staging.resolve("half"), "half");
        Path other = Files.createDirectory(folder.resolve(".other.cogvideo4j-" + ID));
        Staging.create(folder.resolve("model"), false).close();
        assertThat(names(folder)).containsExactly(other.getFileName().toString());
    }

    @Test
    void aRunKilledBetweenTheTwoRenamesIsUndone() throws IOException {
        Path target = ours("old");
        Files.createFile(folder.resolve(".model.cogvideo4j-" + ID + ".lock"));
        Files.createDirectory(folder.resolve(".model.cogvideo4j-" + ID));
        Files.move(target, folder.resolve(".model.cogvideo4j-" + ID + ".old"));
        Staging.create(target, true).close();
        assertThat(target.resolve("a")).hasContent("old");
        assertThat(names(folder)).containsExactly("model");
    }

    @Test
    void whatAnotherRunningProcessBuildsIsLeftAlone() throws IOException {
        Path lock = folder.resolve(".model.cogvideo4j-" + ID + ".lock");
        Path staging = Files.createDirectory(folder.resolve(".model.cogvideo4j-" + ID));
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            assertThat(channel.tryLock()).isNotNull();
            Staging.create(folder.resolve("model"), false).close();
            assertThat(staging).exists();
        }
    }

    @Test
    @Attack(
            name = "staging-link",
            tries = "a link under the name of a run's temporary folder leads its clearing into another folder",
            fails = "the link itself is removed; a temporary folder is made new, never adopted")
    void aLinkInPlaceOfALeftoverIsRemovedAndNotFollowed() throws IOException {
        Path precious = Files.createDirectory(folder.resolve("precious"));
        Files.writeString(precious.resolve("a"), "precious");
        Files.createFile(folder.resolve(".model.cogvideo4j-" + ID + ".lock"));
        Files.createSymbolicLink(folder.resolve(".model.cogvideo4j-" + ID), precious);
        Staging.create(folder.resolve("model"), false).close();
        assertThat(precious.resolve("a")).hasContent("precious");
    }

    private Path ours(String content) throws IOException {
        Path target = Files.createDirectory(folder.resolve("model"));
        Files.writeString(target.resolve(Manifest.FILE_NAME), "{}");
        Files.writeString(target.resolve("a"), content);
        return target;
    }

    private static void assertRefused(Path target, boolean overwrite) {
        assertThatThrownBy(() -> Staging.create(target, overwrite))
                .isInstanceOfSatisfying(
                        OutputException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
    }

    private static java.util.List<String> names(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".."})
    void isNeverPublishedWhereTheProgramRuns(String above) {
        Path here = Path.of("").toAbsolutePath().resolve(above).normalize();

        assertThatThrownBy(() -> Staging.create(here, true))
                .isInstanceOfSatisfying(
                        OutputException.class,
                        e -> assertThat(e.problem().message().text(Locale.ENGLISH))
                                .contains("the current folder"));
    }
}

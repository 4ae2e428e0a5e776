package io.github.cogvideo4j.server.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.server.internal.job.FileKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobFile;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Thumbnails, spritesheets and animations, made when they are asked for.
class DerivedFilesTest {
    private static final List<FileKind> KINDS = List.of(FileKind.THUMBNAIL, FileKind.SPRITESHEET, FileKind.GIF);
    private static final String ID = "video_1";

    @TempDir
    private Path folder;

    private final AtomicInteger made = new AtomicInteger();

    private JobFiles published(int frames, int height, int width) throws IOException {
        JobFiles files = new JobFiles(folder);
        try (Video video = Video.allocate(frames, height, width, 8)) {
            for (long i = 0; i < video.pixels().byteSize(); i++) {
                video.pixels().set(ValueLayout.JAVA_BYTE, i, (byte) (i * i >> 9));
            }
            video.save(files.begin(ID, 1).resolve(FileKind.VIDEO.fileName()));
        }
        files.publish(ID, 1);
        return files;
    }

    private DerivedFiles derived(JobFiles files) {
        return new DerivedFiles(files, (_, _, _) -> made.incrementAndGet());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void nothingIsThereUntilItIsAskedForAndTheRowLearnsTheSize() throws Exception {
        JobFiles files = published(60, 48, 640);
        Path place = files.finished(ID, 1);
        assertThat(names(place)).containsExactly("video.mp4");
        List<Long> sizes = new ArrayList<>();
        try (DerivedFiles derived = new DerivedFiles(files, (_, _, bytes) -> sizes.add(bytes))) {
            long whole = Files.size(place.resolve("video.mp4"));
            for (FileKind kind : KINDS) {
                JobFile file = derived.file(ID, 1, kind);
                whole += file.size();
                assertThat(file.path()).isEqualTo(place.resolve(kind.fileName()));
                assertThat(sizes).last().isEqualTo(whole);
                assertThat(derived.file(ID, 1, kind)).isEqualTo(file);
            }
            assertThat(sizes).hasSize(KINDS.size());
            try (Image thumbnail = Image.read(place.resolve(FileKind.THUMBNAIL.fileName()));
                    Image sheet = Image.read(place.resolve(FileKind.SPRITESHEET.fileName()));
                    Video animation = Video.read(place.resolve(FileKind.GIF.fileName()))) {
                assertThat(List.of(thumbnail.width(), thumbnail.height())).containsExactly(480, 36);
                assertThat(List.of(sheet.width(), sheet.height())).containsExactly(10 * 160, 5 * 12);
                assertThat(animation.frames()).isEqualTo(60);
            }
            assertThat(names(files.uploads())).isEmpty();
        }
    }

    @Property(tries = 200)
    void theSheetHasACellForEachFrameUpToFifty(Generator random) {
        int frames = random.integer(1, 400);
        Job.Sprites sprites = DerivedFiles.sprites(frames);
        assertThat(sprites.frames()).isEqualTo(Math.min(frames, 50));
        assertThat(sprites.columns() * sprites.rows()).isBetween(sprites.frames(), sprites.frames() + 9);
        assertThat(sprites.columns()).isBetween(1, 10);
    }

    /// As many ask at once as a page has cards, at two servers that share the files.
    @Test
    void howeverManyAskAServerMakesItOnce() throws Exception {
        JobFiles files = published(9, 48, 80);
        JobFiles others = new JobFiles(folder);
        try (DerivedFiles one = derived(files);
                DerivedFiles other = derived(others)) {
            Set<JobFile> seen = new HashSet<>();
            List<FileKind> asked = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                asked.add(KINDS.get(i % KINDS.size()));
            }
            List<Thread> threads = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            for (int i = 0; i < asked.size(); i++) {
                DerivedFiles server = i % 2 == 0 ? one : other;
                FileKind kind = asked.get(i);
                threads.add(Thread.startVirtualThread(() -> {
                    try {
                        JobFile file = server.file(ID, 1, kind);
                        synchronized (seen) {
                            seen.add(file);
                        }
                    } catch (IOException | RuntimeException e) {
                        synchronized (seen) {
                            failures.add(e);
                        }
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            // Each of two servers makes each of three files once at most, and all see the same bytes.
            assertThat(made.get()).isBetween(3, 6);
            assertThat(seen.stream().map(JobFile::sha256).distinct()).hasSize(3);
            assertThat(names(files.uploads())).isEmpty();
        }
    }

    /// What is cut off anywhere, or empty, or gone, is made again, with the same bytes.
    @Property(tries = 12)
    void whatIsNotWholeIsMadeAgain(Generator random) throws Exception {
        folder = Files.createTempDirectory("derived");
        try {
            JobFiles files = published(random.integer(1, 9), 16 * random.integer(1, 3), 16 * random.integer(1, 5));
            try (DerivedFiles derived = derived(files)) {
                for (FileKind kind : KINDS) {
                    JobFile whole = derived.file(ID, 1, kind);
                    byte[] bytes = Files.readAllBytes(whole.path());
                    int left = random.integer(-1, bytes.length - 1);
                    if (left < 0) {
                        Files.delete(whole.path());
                    } else {
                        Files.write(whole.path(), java.util.Arrays.copyOf(bytes, left));
                    }
                    JobFile again = derived.file(ID, 1, kind);
                    assertThat(again.sha256()).isEqualTo(whole.sha256());
                    assertThat(Files.readAllBytes(again.path())).isEqualTo(bytes);
                }
            }
        } finally {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /// Deleted before it is made, and after it was put in its place but before its size is noted.
    @Test
    void aVideoThatIsDeletedMeanwhileLeavesNothing() throws Exception {
        JobFiles files = published(9, 48, 80);
        try (DerivedFiles derived = new DerivedFiles(files, (id, attempt, _) -> deleted(files, id, attempt))) {
            for (FileKind kind : KINDS) {
                assertThatExceptionOfType(NoSuchFileException.class).isThrownBy(() -> derived.file(ID, 1, kind));
            }
        }
        assertThat(files.attempts()).isEmpty();
        assertThat(names(files.uploads())).isEmpty();
    }

    private static void deleted(JobFiles files, String id, int attempt) {
        try {
            files.delete(id, attempt);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aDamagedVideoHasNone() throws Exception {
        JobFiles files = published(9, 48, 80);
        Files.write(files.finished(ID, 1).resolve(FileKind.VIDEO.fileName()), new byte[100]);
        try (DerivedFiles derived = derived(files)) {
            for (FileKind kind : KINDS) {
                assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> derived.file(ID, 1, kind));
            }
        }
        assertThat(names(files.finished(ID, 1))).containsExactly("video.mp4");
        assertThat(names(files.uploads())).isEmpty();
        assertThat(made).hasValue(0);
    }

    @Test
    void aServerThatStopsMakesNothingMore() throws Exception {
        JobFiles files = published(9, 48, 80);
        DerivedFiles derived = derived(files);
        derived.close();
        assertThatExceptionOfType(CancellationException.class).isThrownBy(() -> derived.file(ID, 1, FileKind.GIF));
        assertThat(names(files.finished(ID, 1))).containsExactly("video.mp4");
    }
}

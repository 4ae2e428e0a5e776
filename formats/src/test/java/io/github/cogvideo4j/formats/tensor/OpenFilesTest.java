package io.github.cogvideo4j.formats.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenFilesTest {
    private static final int FILES = 40;
    private static final int BYTES = 64;

    @TempDir
    Path folder;

    /// Also where fewer files may be open than threads read. Files are opened and closed under one lock, so what
    /// the opener counts is exact whatever the threads do meanwhile.
    @ParameterizedTest
    @CsvSource({"1, 4", "2, 8", "5, 3", "64, 4"})
    void manyFilesAreReadThroughAFewOpenOnes(int most, int threads) throws Exception {
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            files.add(write("file-" + i, i));
        }
        CountingOpener opener = new CountingOpener();
        try (OpenFiles open = new OpenFiles(most, opener);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                Random random = new Random(thread);
                readers.add(pool.submit(() -> {
                    for (int n = 0; n < 500; n++) {
                        int file = random.nextInt(FILES);
                        int position = random.nextInt(BYTES);
                        ByteBuffer target = ByteBuffer.allocate(BYTES - position);
                        open.readFully(files.get(file), position, target);
                        assertThat(target.array()).containsOnly(file);
                    }
                    return null;
                }));
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        assertThat(opener.highest).isBetween(1L, (long) most);
        assertThat(opener.open()).isZero();
    }

    @Test
    void aFileThatIsOpenedAgainMustBeTheSame() throws IOException {
        Path first = write("first", 1);
        Path second = write("second", 2);
        try (OpenFiles open = new OpenFiles(1)) {
            open.readFully(first, 0, ByteBuffer.allocate(BYTES));
            open.readFully(second, 0, ByteBuffer.allocate(BYTES));
            open.readFully(first, 0, ByteBuffer.allocate(BYTES));
            // Two ways to change it: written to, and another under its name.
            Files.setLastModifiedTime(second, FileTime.from(Instant.EPOCH));
            assertChanged(open, second);
            FileTime time = Files.getLastModifiedTime(first);
            Path other = write("other", 3);
            Files.setLastModifiedTime(other, time);
            Files.move(other, first, StandardCopyOption.REPLACE_EXISTING);
            open.readFully(write("third", 4), 0, ByteBuffer.allocate(BYTES));
            assertChanged(open, first);
        }
    }

    private static void assertChanged(OpenFiles open, Path file) {
        assertThatThrownBy(() -> open.readFully(file, 0, ByteBuffer.allocate(BYTES)))
                .isInstanceOfSatisfying(
                        MalformedFileException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.SOURCE_CHANGED));
    }

    private Path write(String name, int value) throws IOException {
        byte[] content = new byte[BYTES];
        java.util.Arrays.fill(content, (byte) value);
        return Files.write(folder.resolve(name), content);
    }

    private static final class CountingOpener implements OpenFiles.Opener {
        private final List<FileChannel> channels = new ArrayList<>();
        private long highest;

        @Override
        public FileChannel open(Path path) throws IOException {
            FileChannel channel = FileChannel.open(path);
            channels.add(channel);
            highest = Math.max(highest, open());
            return channel;
        }

        long open() {
            return channels.stream().filter(FileChannel::isOpen).count();
        }
    }
}

package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.stream.Stream;

/// A trainer that writes a real checkpoint's files again and again, a piece at a time, in the order in which its
/// program does, now and then touches files that are there, and deletes the oldest checkpoint when there are too many.
final class SimulatedTrainer {
    /// A checkpoint that a real trainer wrote, and the files that come last, in their order; the others come in any.
    ///
    /// @param fixture its folder
    /// @param last    the beginnings of names
    record Layout(String fixture, List<String> last) {
        private Path folder() {
            return Resources.fixture(fixture);
        }

        @Override
        public String toString() {
            return fixture;
        }
    }

    static final List<Layout> LAYOUTS = List.of(
            new Layout("zero2-multi-bf16-w2/output/checkpoint-9", List.of("latest")),
            new Layout(
                    "ddp-bf16-w2/output/checkpoint-3",
                    List.of("model.safetensors", "optimizer.bin", "scheduler.bin", "random_states_")),
            new Layout("cogkit-sft-w2/output/checkpoint-2", List.of(".metadata")),
            new Layout(
                    "videoxfun-full-ema/output/checkpoint-2",
                    List.of("optimizer.bin", "scheduler.bin", "random_states_", "sampler_pos_start")));

    private interface Step {
        void take() throws IOException;
    }

    private final Path run;
    private final Layout layout;
    private final int kept;
    private final Generator generator;
    private final Queue<Step> steps = new ArrayDeque<>();
    private final Deque<Path> there = new ArrayDeque<>();
    private final Queue<Path> later = new ArrayDeque<>();
    private final Map<String, Boolean> written = new LinkedHashMap<>();

    /// @param kept how many checkpoints stay
    SimulatedTrainer(Path run, Layout layout, int count, int kept, Generator generator) throws IOException {
        this.run = run;
        this.layout = layout;
        this.kept = kept;
        this.generator = generator;
        for (int i = 1; i <= count; i++) {
            checkpoint("checkpoint-" + i * 100);
        }
    }

    private void checkpoint(String name) throws IOException {
        Path target = run.resolve(name);
        // accelerate and CogKit delete the oldest before they write.
        steps.add(this::rotate);
        steps.add(() -> {
            Files.createDirectories(target);
            there.add(target);
            written.put(name, false);
        });
        for (Path file : files()) {
            Path copy = target.resolve(layout.folder().relativize(file).toString());
            byte[] bytes = Files.readAllBytes(file);
            int pieces = generator.integer(1, 3);
            steps.add(() -> {
                Files.createDirectories(copy.getParent());
                Files.createFile(copy);
            });
            for (int piece = 0; piece < pieces; piece++) {
                byte[] part =
                        Arrays.copyOfRange(bytes, bytes.length * piece / pieces, bytes.length * (piece + 1) / pieces);
                steps.add(() -> Files.write(copy, part, StandardOpenOption.APPEND));
            }
        }
        steps.add(() -> written.put(name, true));
        if (generator.integer(0, 2) == 0) {
            steps.add(this::touch);
        }
    }

    /// What a backup that copies files back does, or a file server whose clock was set: other times, the same bytes.
    private void touch() throws IOException {
        if (there.isEmpty()) {
            return;
        }
        Path checkpoint = generator.of(List.copyOf(there));
        FileTime time = FileTime.from(Instant.now().plusSeconds(generator.integer(-1000, 1000)));
        for (Path file : contents(checkpoint)) {
            if (Files.isRegularFile(file) && generator.bool()) {
                Files.setLastModifiedTime(file, time);
            }
        }
    }

    /// Everything in a folder, and the folder last.
    private static List<Path> contents(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.sorted(Collections.reverseOrder()).toList();
        }
    }

    private List<Path> files() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(layout.folder())) {
            files = new ArrayList<>(all.filter(Files::isRegularFile).sorted().toList());
        }
        Collections.shuffle(files, new Random(generator.integer(0, Integer.MAX_VALUE - 1)));
        files.sort((one, other) -> Integer.compare(place(one), place(other)));
        return files;
    }

    private int place(Path file) {
        String name = file.getFileName().toString();
        for (int i = 0; i < layout.last().size(); i++) {
            if (name.startsWith(layout.last().get(i))) {
                return i + 1;
            }
        }
        return 0;
    }

    /// Deletes file by file, as `shutil.rmtree` does; other things happen in between.
    private void rotate() throws IOException {
        if (there.size() >= kept) {
            later.addAll(contents(there.remove()));
        }
    }

    /// Goes on a little.
    ///
    /// @return whether there is more to come
    boolean work(int most) {
        try {
            for (int i = 0; i < most && (!later.isEmpty() || !steps.isEmpty()); i++) {
                if (later.isEmpty()) {
                    steps.remove().take();
                } else {
                    Files.delete(later.remove());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return !later.isEmpty() || !steps.isEmpty();
    }

    /// The checkpoints that were begun, and whether each was written to its end.
    Map<String, Boolean> written() {
        return written;
    }

    /// Whether a file of a checkpoint is whole.
    boolean isWhole(Path checkpoint, Path file) throws IOException {
        return Files.mismatch(
                        file,
                        layout.folder().resolve(checkpoint.relativize(file).toString()))
                < 0;
    }
}

package io.github.cogvideo4j.checkpoints.internal.watch;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The scalars that a training has logged for TensorBoard, in the event files below its run's folder: what
/// diffusers' scripts and VideoX-Fun write to `logs/NAME/`, diffusion-pipe beside its checkpoints, SAT to `runs/`.
/// Links are not followed.
///
/// DeepSpeed's own monitor counts samples instead of steps (`Train/Samples/train_loss`); its scalars are left out.
final class TensorBoardLogs {
    private static final String EVENTS = "tfevents";
    private static final int DEEPEST = 4;
    private static final int MOST_VISITED = 100_000;
    private static final int MOST_FILES = 1000;

    /// The values that a training has logged, by the last part of their tags, in any case.
    enum Scalar {
        /// The loss of a step.
        LOSS,
        /// The learning rate.
        LEARNING_RATE;

        private Set<String> names() {
            return switch (this) {
                case LOSS -> Set.of("loss", "train_loss");
                case LEARNING_RATE -> Set.of("lr", "learning_rate");
            };
        }

        /// The value that a tag is of.
        static Optional<Scalar> of(String tag) {
            return Arrays.stream(values()).filter(scalar -> scalar.isOf(tag)).findFirst();
        }

        /// Whether a tag is one: not of a validation, and not counted in samples.
        boolean isOf(String tag) {
            List<String> parts = List.of(tag.toLowerCase(Locale.ROOT).split("/", -1));
            return names().contains(parts.getLast())
                    && parts.subList(0, parts.size() - 1).stream()
                            .noneMatch(part -> part.startsWith("val")
                                    || part.startsWith("eval")
                                    || part.startsWith("test")
                                    || part.equals("samples"));
        }
    }

    private TensorBoardLogs() {}

    private static List<Path> below(Path run) throws IOException {
        List<Path> found = new ArrayList<>();
        Files.walkFileTree(run, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
            private int visited;

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()
                        && String.valueOf(file.getFileName()).contains(EVENTS)) {
                    found.add(file);
                }
                return ++visited < MOST_VISITED && found.size() < MOST_FILES
                        ? FileVisitResult.CONTINUE
                        : FileVisitResult.TERMINATE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE;
            }

            // Folders are deleted by the trainer while they are listed.
            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) {
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(found);
        return found;
    }

    /// The values of the last step up to a step; of one step that was done twice, after a resume, the later ones. What
    /// is not finite is left out.
    ///
    /// @param run where the event files are, or in folders below it
    static Map<Scalar, Double> upTo(Path run, long step) throws IOException {
        Map<Scalar, EventFile.Entry> last = new EnumMap<>(Scalar.class);
        for (Path file : below(run)) {
            EventFile.each(file, tag -> Scalar.of(tag).isPresent(), entry -> {
                if (entry.step() >= 0 && entry.step() <= step && Float.isFinite(entry.value())) {
                    last.merge(
                            Scalar.of(entry.tag()).orElseThrow(),
                            entry,
                            (before, now) -> now.isAfter(before) ? now : before);
                }
            });
        }
        Map<Scalar, Double> values = new EnumMap<>(Scalar.class);
        last.forEach((scalar, entry) -> values.put(scalar, shortest(entry.value())));
        return values;
    }

    /// The number that was logged, not what is next to it in 32 bits: 1e-4 and not 0.00009999999747.
    private static double shortest(float value) {
        return Double.parseDouble(Float.toString(value));
    }
}

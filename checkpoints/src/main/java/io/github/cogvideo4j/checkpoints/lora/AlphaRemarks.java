package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Says what alpha an adapter is applied with, above all where nobody knows it.
///
/// CogVideo's trainer multiplies by alpha / rank while training (64 / 128 by default) and saves neither, so a
/// reader that takes alpha to be the rank applies the adapter at another strength than it was trained at.
final class AlphaRemarks {
    private static final Pattern MENTION =
            Pattern.compile("(?i)lora[_-]?alpha[\"']?\\s{0,8}[:=]?\\s{0,8}[\"']?([0-9]{1,7}(?:\\.[0-9]{1,6})?)");
    private static final List<String> ENDINGS = List.of(".json", ".yaml", ".yml", ".toml", ".sh");
    private static final long LONGEST = 1 << 20;
    private static final int MOST_FILES = 64;
    private static final int LEVELS = 3;

    /// A file of the training that mentions alpha.
    ///
    /// @param file  the file
    /// @param alpha the value
    record Mention(Path file, String alpha) {}

    private AlphaRemarks() {}

    static void tell(AppliedAdapter applied, Problems remarks) {
        LoraAdapter adapter = applied.adapter();
        Place place = Place.of(adapter.file());
        OptionalDouble recorded = adapter.layers().values().stream()
                .flatMapToDouble(layer -> layer.alpha().stream())
                .findFirst();
        if (applied.alpha().isPresent()) {
            if (recorded.isPresent()
                    && recorded.getAsDouble() != applied.alpha().getAsDouble()) {
                remarks.report(
                        ProblemCode.CHOICE,
                        place,
                        "checkpoints.lora.alpha-overridden",
                        applied.alpha().getAsDouble(),
                        recorded.getAsDouble());
            }
        } else if (!adapter.recordsAlpha()) {
            int rank = adapter.layers().firstEntry().getValue().rank();
            Optional<Mention> mention = mention(adapter.file());
            if (mention.isPresent()) {
                remarks.report(
                        ProblemCode.LORA_ALPHA,
                        place,
                        "checkpoints.lora.alpha-mentioned",
                        rank,
                        mention.get().file(),
                        mention.get().alpha());
            } else {
                remarks.report(ProblemCode.LORA_ALPHA, place, "checkpoints.lora.alpha-unknown", rank);
            }
        }
    }

    /// Looks for alpha in the configuration and script files beside an adapter and in the folders above it.
    /// What cannot be read mentions nothing.
    static Optional<Mention> mention(Path adapter) {
        Path folder = adapter.toAbsolutePath().getParent();
        for (int level = 0; folder != null && level < LEVELS; level++, folder = folder.getParent()) {
            for (Path file : candidates(folder)) {
                Optional<Mention> found = read(file);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static List<Path> candidates(Path folder) {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, AlphaRemarks::isCandidate)) {
            for (Path child : children) {
                if (files.size() == MOST_FILES) {
                    break;
                }
                files.add(child);
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException _) {
            return List.of();
        }
        files.sort(Comparator.naturalOrder());
        return files;
    }

    private static boolean isCandidate(Path file) throws IOException {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return ENDINGS.stream().anyMatch(name::endsWith) && Files.isRegularFile(file) && Files.size(file) <= LONGEST;
    }

    private static Optional<Mention> read(Path file) {
        try {
            Matcher matcher = MENTION.matcher(Files.readString(file));
            return matcher.find() ? Optional.of(new Mention(file, matcher.group(1))) : Optional.empty();
        } catch (IOException _) {
            return Optional.empty();
        }
    }
}

package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The warnings about an adapter that is used: how much of it was bound, and with which alpha it is applied,
/// above all where it is unknown.
///
/// CogVideo's trainer multiplies by alpha / rank while training (64 / 128 by default) and saves neither, so a
/// reader that takes alpha to be the rank applies the adapter at another strength than it was trained at.
public final class AdapterWarnings {
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

    private AdapterWarnings() {}

    /// Says with which alpha an adapter is applied, where that is not what it records.
    ///
    /// @param adapter the adapter
    /// @param given   an alpha that goes before what it records
    public static void tellAlpha(AdapterContent adapter, OptionalDouble given, Warnings warnings) {
        Place place = Place.of(adapter.file());
        List<AdaptedModule> modules = adapter.modules().values().stream()
                .filter(AdaptedModule::usesAlpha)
                .toList();
        OptionalDouble recorded = modules.stream()
                .flatMapToDouble(module -> module.alpha().stream())
                .findFirst();
        if (given.isPresent()) {
            if (recorded.isPresent() && recorded.getAsDouble() != given.getAsDouble()) {
                warnings.report(
                        ProblemCode.CHOICE,
                        place,
                        "checkpoints.lora.alpha-overridden",
                        given.getAsDouble(),
                        recorded.getAsDouble());
            }
        } else if (!adapter.recordsAlpha()) {
            Optional<Mention> mention = mention(adapter.file());
            if (mention.isPresent()) {
                warnings.report(Problem.of(
                                ProblemCode.LORA_ALPHA,
                                place,
                                "checkpoints.lora.alpha-mentioned",
                                ranks(adapter),
                                mention.get().file(),
                                mention.get().alpha())
                        .with(Remedy.change(
                                Remedy.Field.LORA_ALPHA,
                                String.valueOf(mention.get().alpha()))));
            } else {
                warnings.report(
                        Problem.of(ProblemCode.LORA_ALPHA, place, "checkpoints.lora.alpha-unknown", ranks(adapter))
                                .with(Remedy.change(Remedy.Field.LORA_ALPHA)));
            }
        }
    }

    /// Says how many modules were bound, which is all of them.
    public static void tellBinding(AdapterBinding binding, Warnings warnings) {
        Place place = Place.of(binding.adapter().file());
        warnings.report(
                ProblemCode.CHOICE,
                place,
                "checkpoints.lora.bound",
                binding.bound(),
                binding.modules(),
                binding.adapter().dialect(),
                ranks(binding.adapter()));
        if (!binding.wrapper().isEmpty()) {
            warnings.report(ProblemCode.CHOICE, place, "checkpoints.lora.wrapper", binding.wrapper());
        }
    }

    /// The rank, or the range of ranks; `-` where there is none.
    public static String ranks(AdapterContent adapter) {
        IntSummaryStatistics ranks = adapter.modules().values().stream()
                .flatMapToInt(module -> module.rank().stream())
                .summaryStatistics();
        if (ranks.getCount() == 0) {
            return "-";
        }
        return ranks.getMin() == ranks.getMax()
                ? String.valueOf(ranks.getMin())
                : ranks.getMin() + "-" + ranks.getMax();
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
        try (DirectoryStream<Path> children = Files.newDirectoryStream(folder, AdapterWarnings::isCandidate)) {
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

package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Choices that were made by measuring, kept in a file of the user's cache. A file that is not there, is damaged or
/// cannot be written costs a measurement and nothing else.
public final class MeasuredChoices {
    private static final int FORMAT = 1;
    private static final long LARGEST = 1L << 20;
    private static final int MOST = 2_000;

    private final Path file;

    /// @param file where they are kept
    public MeasuredChoices(Path file) {
        this.file = file;
    }

    /// The fastest of several ways: as it was measured before, else measured now and kept.
    ///
    /// @param question   what is chosen, with all that the answer depends on
    /// @param candidates the ways, by name
    /// @param trial      the seconds that a way takes; empty when it cannot
    /// @return empty when none of them can
    public Optional<String> fastest(String question, List<String> candidates, Function<String, OptionalDouble> trial) {
        ObjectNode root = read();
        ObjectNode choices = root.path("choices") instanceof ObjectNode known ? known : root.putObject("choices");
        Optional<String> before = fastest(choices.path(question), candidates);
        if (before.isPresent()) {
            return before;
        }
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (String candidate : candidates) {
            trial.apply(candidate).ifPresent(value -> seconds.put(candidate, value));
        }
        if (seconds.isEmpty()) {
            return Optional.empty();
        }
        if (choices.size() >= MOST) {
            choices.removeAll();
        }
        ObjectNode measured = choices.putObject(question);
        seconds.forEach(measured::put);
        root.put("format", FORMAT);
        write(root);
        return fastest(measured, candidates);
    }

    private static Optional<String> fastest(JsonNode measured, List<String> candidates) {
        String best = "";
        double least = Double.POSITIVE_INFINITY;
        for (String candidate : candidates) {
            JsonNode seconds = measured.path(candidate);
            if (seconds.isNumber() && seconds.doubleValue() > 0 && seconds.doubleValue() < least) {
                best = candidate;
                least = seconds.doubleValue();
            }
        }
        return best.isEmpty() ? Optional.empty() : Optional.of(best);
    }

    private ObjectNode read() {
        try {
            ObjectNode root = JsonFile.readObject(file, LARGEST, ProblemCode.REQUEST);
            return root.path("format").asInt(0) == FORMAT ? root : JsonFile.newObject();
        } catch (IOException | FormatException _) {
            return JsonFile.newObject();
        }
    }

    private void write(ObjectNode root) {
        try {
            Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
            Path unfinished = Files.createTempFile(folder, ".kernels", ".json");
            try {
                Files.writeString(unfinished, JsonFile.format(root));
                Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(unfinished);
            }
        } catch (IOException _) {
            // It is measured again the next time.
        }
    }
}

package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.quality.CacheSubject;
import io.github.cogvideo4j.inference.quality.CacheTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// The user's tables of step caches, which `bench-cache` writes and `--cache auto:psnr=X` reads.
public final class CacheTables {
    private static final String PREFIX = "auto:psnr=";

    private CacheTables() {}

    /// Their folder: `cogvideo4j/bench-cache` in `XDG_CACHE_HOME`, which defaults to `~/.cache`.
    public static Path folder(Map<String, String> environment) {
        Path cache = Optional.ofNullable(environment.get("XDG_CACHE_HOME"))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".cache"));
        return cache.resolve("cogvideo4j").resolve("bench-cache");
    }

    /// Whether a choice is to be looked up.
    static boolean isAutomatic(String text) {
        return text.equals("auto") || text.startsWith("auto:");
    }

    /// The fastest cache of the subject's table whose videos are as like the exact ones as asked.
    ///
    /// @throws UsageException          when the text is not `auto:psnr=X`
    /// @throws InvalidRequestException when there is no table, or nothing in it is like enough
    static CacheChoice choose(String text, Path model, CacheSubject subject) throws IOException {
        double psnr = psnr(text);
        CacheTable table = CacheTable.read(folder(System.getenv()), subject)
                .orElseThrow(() -> refused("cli.bench-cache.none", model, subject.scheduler(), subject.steps()));
        return table.fastest(psnr).orElseThrow(() -> refused("cli.bench-cache.none-like", psnr, subject.steps()));
    }

    private static double psnr(String text) {
        try {
            if (text.startsWith(PREFIX)) {
                return Double.parseDouble(text.substring(PREFIX.length()));
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new UsageException("cli.bench-cache.auto", text);
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.COMPONENT_MISSING, Place.nowhere(), key, arguments);
    }
}

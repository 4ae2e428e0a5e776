package io.github.cogvideo4j.checkpoints.fuzz;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// Where Jazzer comes in: it looks for two of these methods by name. The system property `fuzz.target` says which
/// target it drives.
public final class JazzerEntry {
    private static SourceFuzzTarget target = SourceFuzzTarget.HUB;
    private static Path folder = Path.of("");

    private JazzerEntry() {}

    /// Called once, before the first input.
    public static void fuzzerInitialize() throws IOException {
        target = named(System.getProperty("fuzz.target", ""));
        folder = Files.createTempDirectory("fuzz");
        target.prepare(folder);
    }

    /// Called for every input.
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        target.run(input, folder);
    }

    /// Writes all seeds of a target into a folder.
    ///
    /// @param arguments the target and the folder
    public static void main(String[] arguments) throws IOException {
        Path seeds = Files.createDirectories(Path.of(arguments[1]));
        for (Path seed : named(arguments[0]).seeds()) {
            byte[] bytes = Files.readAllBytes(seed);
            Files.write(seeds.resolve(Resources.sha256(bytes)), bytes);
        }
    }

    private static SourceFuzzTarget named(String name) {
        return SourceFuzzTarget.valueOf(name.toUpperCase(Locale.ROOT));
    }
}

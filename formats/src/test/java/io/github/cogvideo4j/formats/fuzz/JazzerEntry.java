package io.github.cogvideo4j.formats.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where Jazzer comes in: it looks for these two methods by name. The system property `fuzz.target` says which
/// target it drives.
public final class JazzerEntry {
    private static FuzzTarget target = FuzzTarget.SAFETENSORS;
    private static Path scratch = Path.of("");

    private JazzerEntry() {}

    /// Called once, before the first input.
    public static void fuzzerInitialize() throws IOException {
        target = FuzzTarget.named(System.getProperty("fuzz.target", ""));
        scratch = Files.createTempFile("fuzz", ".input");
        scratch.toFile().deleteOnExit();
    }

    /// Called for every input.
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        target.run(input, scratch);
    }
}

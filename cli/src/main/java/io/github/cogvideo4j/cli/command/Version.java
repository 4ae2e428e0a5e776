package io.github.cogvideo4j.cli.command;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/// The line that `--version` prints, with what a report of a problem needs besides.
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        // From the jar's manifest; there is none when the classes run from a folder.
        String version = Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("(development)");
        return new String[] {
            "cogvideo " + version + " (Java " + Runtime.version() + ", " + System.getProperty("os.name") + " "
                    + System.getProperty("os.arch") + ")"
        };
    }
}

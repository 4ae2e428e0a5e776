package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.Version;
import picocli.CommandLine.IVersionProvider;

/// The line that `--version` prints, with what a report of a problem needs besides.
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "cogvideo %s (Java %s, %s %s)"
                    .formatted(
                            Version.current(),
                            Runtime.version(),
                            System.getProperty("os.name"),
                            System.getProperty("os.arch"))
        };
    }
}

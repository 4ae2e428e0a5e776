package io.github.cogvideo4j.cli.command;

import picocli.CommandLine.IVersionProvider;

/// The line that `--version` prints, with what a report of a problem needs besides.
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "cogvideo " + io.github.cogvideo4j.checkpoints.Version.current() + " (Java " + Runtime.version() + ", "
                    + System.getProperty("os.name") + " " + System.getProperty("os.arch") + ")"
        };
    }
}

package io.github.cogvideo4j.checkpoints;

import java.util.Optional;

/// The version of this library, as its jar says.
public final class Version {
    private Version() {}

    /// The version, or `development` when run from classes.
    public static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("development");
    }
}

package io.github.cogvideo4j.inference.internal.cuda;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The folder for what this program keeps for one user and can make or fetch again:
/// `$XDG_CACHE_HOME/cogvideo4j`, by default `~/.cache/cogvideo4j`; `~/Library/Caches/cogvideo4j` on macOS,
/// `%LOCALAPPDATA%\cogvideo4j` on Windows.
public final class UserCache {
    private static final String NAME = "cogvideo4j";

    private UserCache() {}

    /// The folder, which need not be there yet.
    ///
    /// @param environment the environment variables
    public static Path folder(Map<String, String> environment) {
        return folder(environment, Path.of(System.getProperty("user.home", "")), System.getProperty("os.name", ""));
    }

    static Path folder(Map<String, String> environment, Path home, String system) {
        String name = system.toLowerCase(Locale.ROOT);
        if (name.startsWith("windows")) {
            return variable(environment, "LOCALAPPDATA")
                    .orElseGet(() -> home.resolve("AppData").resolve("Local"))
                    .resolve(NAME);
        }
        return variable(environment, "XDG_CACHE_HOME")
                .orElseGet(() ->
                        name.startsWith("mac") ? home.resolve("Library").resolve("Caches") : home.resolve(".cache"))
                .resolve(NAME);
    }

    /// A variable counts when it names an absolute path, as the XDG specification has it.
    private static Optional<Path> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .filter(Path::isAbsolute);
    }
}

package io.github.cogvideo4j.checkpoints.internal.staging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The folders that had to be made above a result, so that they can be removed again when none is made.
public final class NewFolders {
    private final List<Path> made;

    private NewFolders(List<Path> made) {
        this.made = List.copyOf(made);
    }

    /// Makes a folder and what is missing above it. When that fails, nothing stays.
    public static NewFolders create(Path folder) throws IOException {
        List<Path> missing = new ArrayList<>();
        Path above = folder.toAbsolutePath().normalize();
        while (above != null && !Files.exists(above)) {
            missing.add(above);
            above = above.getParent();
        }
        NewFolders folders = new NewFolders(missing);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            folders.removeEmpty();
            throw e;
        }
        return folders;
    }

    /// Removes those that are empty: what others put there meanwhile stays.
    public void removeEmpty() {
        for (Path folder : made) {
            try {
                Files.deleteIfExists(folder);
            } catch (IOException _) {
                // Something is in it, and so in those above.
            }
        }
    }
}

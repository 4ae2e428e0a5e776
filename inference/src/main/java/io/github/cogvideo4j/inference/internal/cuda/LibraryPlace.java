package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A place that CUDA libraries may lie in: what one setup, one PyTorch or one toolkit installed.
///
/// @param name    what it is called
/// @param folders where its libraries lie, the first counts
record LibraryPlace(Message name, List<Path> folders) {
    LibraryPlace {
        folders = List.copyOf(folders);
    }

    /// The file of a library. The twins count only where they lie side by side.
    Optional<Path> find(String library) {
        return folders.stream()
                .filter(folder -> Files.isRegularFile(folder.resolve(library)))
                .filter(folder -> !LibraryGroup.TWINS.contains(library)
                        || LibraryGroup.TWINS.stream().allMatch(twin -> Files.isRegularFile(folder.resolve(twin))))
                .map(folder -> folder.resolve(library))
                .findFirst();
    }

    /// What it lacks of a group.
    List<String> missing(LibraryGroup group) {
        return group.libraries().stream()
                .filter(library -> find(library).isEmpty())
                .toList();
    }

    /// The files of a group, in the order in which they are opened; where NVRTC is among them, its parts come
    /// after it.
    List<Path> files(LibraryGroup group) throws IOException {
        List<Path> files = new ArrayList<>();
        for (String library : group.libraries()) {
            Path file = find(library).orElseThrow();
            files.add(file);
            Path folder = file.getParent();
            if (library.equals(LibraryGroup.NVRTC) && folder != null) {
                try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, LibraryGroup.NVRTC_PARTS)) {
                    parts.forEach(files::add);
                }
            }
        }
        return files;
    }

    /// Whether it holds the libraries of CUDA 12, and so none that can be used.
    boolean isOlder() {
        return folders.stream()
                .flatMap(folder ->
                        List.of("libcudart.so.12", "libcublas.so.12").stream().map(folder::resolve))
                .anyMatch(Files::isRegularFile);
    }
}

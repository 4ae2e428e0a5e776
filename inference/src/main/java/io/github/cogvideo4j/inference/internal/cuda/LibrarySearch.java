package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The places that CUDA libraries are taken from, in their order: a variable of ours, what the setup fetched or
/// was told, the PyTorch that the setup found, a conda environment, the system.
///
/// @param places the places, the first that has a group whole is where the group comes from
record LibrarySearch(List<LibraryPlace> places) {
    /// Folders with libraries, as in `PATH`.
    static final String VARIABLE = "COGVIDEO_CUDA_LIBRARIES";

    /// No place at all.
    static final LibrarySearch NOWHERE = new LibrarySearch(List.of());

    private static final String CONDA = "CONDA_PREFIX";
    private static final List<String> SYSTEM = List.of("usr/lib/x86_64-linux-gnu", "usr/lib64");
    private static final List<String> IN_A_TOOLKIT =
            List.of("lib64", "targets/x86_64-linux/lib", "extras/CUPTI/lib64", "lib");

    LibrarySearch {
        places = List.copyOf(places);
    }

    /// The places of this machine.
    ///
    /// @param environment the environment variables
    /// @param home        the setup's folder
    /// @param root        the root of the file system
    static LibrarySearch of(Map<String, String> environment, CudaHome home, Path root) {
        return of(environment, home, home.noted(), root);
    }

    /// The places of this machine.
    ///
    /// @param noted what a setup found out
    static LibrarySearch of(Map<String, String> environment, CudaHome home, CudaHome.Noted noted, Path root) {
        List<LibraryPlace> places = new ArrayList<>();
        List<Path> given = folders(environment.getOrDefault(VARIABLE, ""));
        if (!given.isEmpty()) {
            places.add(new LibraryPlace(Message.of("inference.cuda.place", VARIABLE), given));
        }
        if (!noted.given().isEmpty()) {
            places.add(new LibraryPlace(Message.of("inference.cuda.place-given"), noted.given()));
        }
        List<Path> fetched = home.fetchedLibraries();
        if (!fetched.isEmpty()) {
            places.add(new LibraryPlace(Message.of("inference.cuda.place-setup"), fetched));
        }
        if (!noted.python().isEmpty()) {
            places.add(
                    new LibraryPlace(Message.of("inference.cuda.place-python", noted.interpreter()), noted.python()));
        }
        folders(environment.getOrDefault(CONDA, "")).stream()
                .map(prefix -> prefix.resolve("lib"))
                .filter(Files::isDirectory)
                .map(folder -> new LibraryPlace(Message.of("inference.cuda.place-conda", folder), List.of(folder)))
                .forEach(places::add);
        places.addAll(system(root));
        return new LibrarySearch(places);
    }

    private static List<LibraryPlace> system(Path root) {
        List<Path> system =
                SYSTEM.stream().map(root::resolve).filter(Files::isDirectory).toList();
        List<LibraryPlace> places = new ArrayList<>();
        for (String parent : List.of("usr/local", "opt")) {
            for (Path toolkit : toolkits(root.resolve(parent))) {
                List<Path> folders = IN_A_TOOLKIT.stream()
                        .map(toolkit::resolve)
                        .filter(Files::isDirectory)
                        .toList();
                if (!folders.isEmpty()) {
                    places.add(new LibraryPlace(Message.of("inference.cuda.place", toolkit), folders));
                }
            }
        }
        if (!system.isEmpty()) {
            places.add(new LibraryPlace(Message.of("inference.cuda.place-system", system), system));
        }
        return places;
    }

    /// Those of CUDA 13, the newest first.
    private static List<Path> toolkits(Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(parent)) {
            return entries.filter(path -> path.getFileName().toString().matches("cuda-13([.]\\d{1,3})?"))
                    .sorted(Comparator.<Path, Integer>comparing(LibrarySearch::minor)
                            .reversed())
                    .toList();
        } catch (IOException | UncheckedIOException _) {
            return List.of();
        }
    }

    private static int minor(Path toolkit) {
        String name = toolkit.getFileName().toString();
        int point = name.indexOf('.');
        return point < 0 ? 0 : Integer.parseInt(name.substring(point + 1));
    }

    /// The absolute folders of a list as in `PATH`.
    static List<Path> folders(String list) {
        return Stream.of(list.split(File.pathSeparator))
                .filter(part -> !part.isBlank())
                .flatMap(LibrarySearch::path)
                .filter(Path::isAbsolute)
                .toList();
    }

    /// A path, or nothing where a text cannot be one.
    static Stream<Path> path(String text) {
        try {
            return Stream.of(Path.of(text));
        } catch (InvalidPathException _) {
            return Stream.empty();
        }
    }

    /// The first place that has a group whole.
    Optional<LibraryPlace> whole(LibraryGroup group) {
        return places.stream().filter(place -> place.missing(group).isEmpty()).findFirst();
    }

    /// From where each group comes; groups that no place has whole are not in it.
    Map<LibraryGroup, LibraryPlace> chosen() {
        Map<LibraryGroup, LibraryPlace> chosen = new EnumMap<>(LibraryGroup.class);
        for (LibraryGroup group : LibraryGroup.values()) {
            whole(group).ifPresent(place -> chosen.put(group, place));
        }
        return chosen;
    }

    /// What the places lack of a group, each for itself; those that have nothing of it are left out.
    Message lacking(LibraryGroup group) {
        return places.stream()
                .filter(place -> place.isOlder()
                        || place.missing(group).size() < group.libraries().size())
                .map(place -> place.isOlder()
                        ? Message.of("inference.cuda.place-older", place.name())
                        : Message.of("inference.cuda.place-lacks", place.name(), Message.first(place.missing(group))))
                .reduce((before, next) -> Message.of("inference.cuda.and", before, next))
                .map(parts -> Message.of("inference.cuda.lacking-parts", group.title(), parts))
                .orElseGet(() -> Message.of("inference.cuda.lacking", group.title()));
    }
}

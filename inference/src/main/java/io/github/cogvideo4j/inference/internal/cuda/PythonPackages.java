package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The libraries that packages of a Python brought: PyTorch's are in the namespace package `nvidia`, each in a
/// folder `lib`. The interpreter is asked where that is; nothing is imported.
///
/// @param interpreter the interpreter
/// @param folders     the folders with libraries
record PythonPackages(Path interpreter, List<Path> folders) {
    private static final String QUESTION = """
            import importlib.util as u
            s = u.find_spec('nvidia')
            print('\\n'.join(s.submodule_search_locations) if s and s.submodule_search_locations else '')
            """;
    private static final int LONGEST_ANSWER = 1 << 16;
    /// Interpreters on a network's file system take seconds to start.
    private static final int PATIENCE_SECONDS = 30;

    PythonPackages {
        folders = List.copyOf(folders);
    }

    /// Those of the interpreters that a user has at hand: of an environment that is active, else on the path.
    static List<Path> interpreters(Map<String, String> environment) {
        Set<Path> interpreters = new LinkedHashSet<>();
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            LibrarySearch.folders(environment.getOrDefault(variable, ""))
                    .forEach(prefix -> interpreters.add(prefix.resolve("bin").resolve("python3")));
        }
        Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> LibrarySearch.folders(folder).stream())
                .flatMap(folder -> Stream.of("python3", "python").map(folder::resolve))
                .filter(Files::isExecutable)
                .limit(2)
                .forEach(interpreters::add);
        return interpreters.stream().filter(Files::isExecutable).toList();
    }

    /// Asks an interpreter.
    static PythonPackages of(Path interpreter) {
        List<Path> folders = new ArrayList<>();
        answer(interpreter)
                .lines()
                .flatMap(line -> LibrarySearch.folders(line).stream())
                .forEach(packages -> folders.addAll(libraries(packages)));
        return new PythonPackages(interpreter, folders);
    }

    private static String answer(Path interpreter) {
        try {
            Process process = new ProcessBuilder(interpreter.toString(), "-c", QUESTION)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                    .start();
            CompletableFuture<Boolean> patience = process.onExit()
                    .thenApply(_ -> true)
                    .completeOnTimeout(false, PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .whenComplete((ended, _) -> {
                        if (!Boolean.TRUE.equals(ended)) {
                            process.destroyForcibly();
                        }
                    });
            byte[] answer = process.getInputStream().readNBytes(LONGEST_ANSWER);
            patience.join();
            process.destroyForcibly();
            return new String(answer, StandardCharsets.UTF_8);
        } catch (IOException _) {
            return "";
        }
    }

    private static File nothing() {
        return new File(File.separatorChar == '/' ? "/dev/null" : "NUL");
    }

    /// `nvidia/cu13/lib`, `nvidia/cudnn/lib`, ...
    private static List<Path> libraries(Path packages) {
        try (Stream<Path> entries = Files.list(packages)) {
            return entries.map(entry -> entry.resolve("lib"))
                    .filter(Files::isDirectory)
                    .sorted()
                    .toList();
        } catch (IOException _) {
            return List.of();
        }
    }

    /// The first of some interpreters that has the whole toolkit, else the first that has anything.
    static Optional<PythonPackages> best(List<Path> interpreters) {
        List<PythonPackages> found = interpreters.stream()
                .map(PythonPackages::of)
                .filter(packages -> !packages.folders().isEmpty())
                .toList();
        return found.stream()
                .filter(packages ->
                        packages.place().missing(LibraryGroup.TOOLKIT).isEmpty())
                .findFirst()
                .or(() -> found.stream().findFirst());
    }

    private LibraryPlace place() {
        return new LibraryPlace(Message.of("inference.cuda.place-python", interpreter), folders);
    }
}

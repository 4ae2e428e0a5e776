package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The folder that a setup fills: the unpacked archives, each in a folder of its own, and what the setup found
/// out.
///
/// @param folder the folder, which need not be there
public record CudaHome(Path folder) {
    /// A folder to use instead of the user's cache.
    public static final String VARIABLE = "COGVIDEO_CUDA_HOME";

    private static final String RECORD = "setup.json";
    private static final int LARGEST_RECORD = 1 << 16;

    private static final String INTERPRETER = "python";
    private static final String PYTHON = "python_libraries";
    private static final String GIVEN = "given_libraries";

    /// What libtorch for CUDA cannot do without.
    private static final List<String> NATIVES = List.of(
            "libc10.so", "libc10_cuda.so", "libtorch.so", "libtorch_cpu.so", "libtorch_cuda.so", "libjnitorch.so");

    /// The folder of this user, for this version of libtorch.
    ///
    /// @param environment the environment variables
    public static CudaHome of(Map<String, String> environment) {
        Path all = Optional.ofNullable(environment.get(VARIABLE))
                .filter(value -> !value.isBlank())
                .map(Path::of)
                .orElseGet(() -> UserCache.folder(environment).resolve("cuda"));
        return new CudaHome(all.toAbsolutePath()
                .normalize()
                .resolve(CudaArtifacts.PUBLISHED.libtorch().version()));
    }

    /// What a setup found out about libraries that are not its own.
    ///
    /// @param given       folders that the user named
    /// @param interpreter the Python that was asked; empty where none was
    /// @param python      the folders of the libraries that its packages brought
    record Noted(List<Path> given, String interpreter, List<Path> python) {
        static final Noted NOTHING = new Noted(List.of(), "", List.of());

        Noted {
            given = List.copyOf(given);
            python = List.copyOf(python);
        }
    }

    /// Where the libraries of an artifact are unpacked.
    Path of(Artifact artifact) {
        return folder.resolve(artifact.name());
    }

    /// Where libtorch for CUDA lies.
    Path natives() {
        return of(CudaArtifacts.PUBLISHED.libtorch());
    }

    /// Where JavaCPP unpacks the libraries of other jars in runs that may use CUDA.
    Path unpackedByOthers() {
        return folder.resolve("javacpp");
    }

    /// Whether libtorch for CUDA is there.
    boolean hasNatives() {
        return NATIVES.stream().map(natives()::resolve).allMatch(Files::isRegularFile);
    }

    /// Whether an artifact is unpacked.
    boolean has(Artifact artifact) {
        return of(artifact).equals(natives()) ? hasNatives() : Files.isDirectory(of(artifact));
    }

    /// The folders of NVIDIA's libraries that a setup fetched.
    List<Path> fetchedLibraries() {
        return Stream.of(LibraryGroup.values())
                .flatMap(group -> CudaArtifacts.PUBLISHED.of(group).stream())
                .map(this::of)
                .filter(Files::isDirectory)
                .toList();
    }

    /// What the setup noted; nothing where it noted nothing that can be read.
    Noted noted() {
        Path file = folder.resolve(RECORD);
        if (!Files.isRegularFile(file)) {
            return Noted.NOTHING;
        }
        try {
            ObjectNode json = JsonFile.readObject(file, LARGEST_RECORD, ProblemCode.JOURNAL);
            return new Noted(paths(json.path(GIVEN)), json.path(INTERPRETER).asString(""), paths(json.path(PYTHON)));
        } catch (IOException | FormatException _) {
            return Noted.NOTHING; // the next setup writes it anew
        }
    }

    /// Notes, in one step.
    void note(Noted noted) throws IOException {
        ObjectNode json = JsonFile.newObject();
        json.put("version", 1);
        fill(json.putArray(GIVEN), noted.given());
        json.put(INTERPRETER, noted.interpreter());
        fill(json.putArray(PYTHON), noted.python());
        Path unfinished = Files.createTempFile(folder, "." + RECORD + ".", ".part");
        try {
            Files.writeString(unfinished, JsonFile.format(json));
            Files.move(
                    unfinished,
                    folder.resolve(RECORD),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static void fill(ArrayNode array, List<Path> paths) {
        paths.forEach(path -> array.add(path.toString()));
    }

    /// Only absolute paths: what is opened must not depend on the folder that a run is started in.
    private static List<Path> paths(JsonNode array) {
        return array.valueStream()
                .flatMap(node -> LibrarySearch.path(node.asString("")))
                .filter(Path::isAbsolute)
                .toList();
    }
}

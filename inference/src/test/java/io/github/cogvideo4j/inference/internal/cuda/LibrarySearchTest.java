package io.github.cogvideo4j.inference.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Where CUDA libraries are taken from. The files are empty: nothing is opened here.
class LibrarySearchTest {
    @TempDir
    private Path temporary;

    private Path root;
    private CudaHome home;

    @BeforeEach
    void makeFolders() throws IOException {
        root = Files.createDirectories(temporary.resolve("root"));
        home = new CudaHome(Files.createDirectories(temporary.resolve("home")));
    }

    private static Path fill(Path folder, LibraryGroup... groups) throws IOException {
        Files.createDirectories(folder);
        for (LibraryGroup group : groups) {
            for (String library : group.libraries()) {
                Files.write(folder.resolve(library), new byte[0]);
            }
        }
        return folder;
    }

    private LibrarySearch search(Map<String, String> environment) {
        return LibrarySearch.of(environment, home, root);
    }

    private static List<Path> from(LibrarySearch search, LibraryGroup group) {
        return search.whole(group).orElseThrow().folders();
    }

    @Test
    void placesComeInTheirOrder() throws IOException {
        Path variable = fill(temporary.resolve("variable"), LibraryGroup.values());
        Path given = fill(temporary.resolve("given"), LibraryGroup.values());
        Path fetched =
                fill(home.of(CudaArtifacts.PUBLISHED.of(LibraryGroup.NCCL).getFirst()), LibraryGroup.values());
        Path python = fill(temporary.resolve("python"), LibraryGroup.values());
        Path conda = fill(temporary.resolve("conda/lib"), LibraryGroup.values());
        Path toolkit = fill(root.resolve("usr/local/cuda-13.1/lib64"), LibraryGroup.values());
        fill(root.resolve("usr/local/cuda-13.0/lib64"), LibraryGroup.values());
        fill(root.resolve("usr/local/cuda-12.9/lib64"), LibraryGroup.values());
        Path system = fill(root.resolve("usr/lib64"), LibraryGroup.values());
        home.note(new CudaHome.Noted(List.of(given), "/usr/bin/python3", List.of(python)));
        Map<String, String> environment = Map.of(
                LibrarySearch.VARIABLE,
                variable.toString(),
                "CONDA_PREFIX",
                conda.getParent().toString());

        List<Path> order = List.of(variable, given, fetched, python, conda, toolkit);
        for (Path place : order) {
            for (LibraryGroup group : LibraryGroup.values()) {
                assertThat(from(search(environment), group)).containsExactly(place);
            }
            // What lacks one library of a group is passed over for the whole group, and for that group only.
            Files.delete(place.resolve("libcudart.so.13"));
            assertThat(from(search(environment), LibraryGroup.TOOLKIT)).doesNotContain(place);
            assertThat(from(search(environment), LibraryGroup.CUDNN)).containsExactly(place);
            Files.delete(place.resolve("libnccl.so.2"));
            Files.delete(place.resolve("libcudnn_cnn.so.9"));
        }
        assertThat(from(search(environment), LibraryGroup.TOOLKIT))
                .containsExactly(root.resolve("usr/local/cuda-13.0/lib64"));
        Files.delete(root.resolve("usr/local/cuda-13.0/lib64/libcublas.so.13"));
        assertThat(from(search(environment), LibraryGroup.TOOLKIT)).containsExactly(system);
    }

    static Stream<String> libraries() {
        return Stream.of(LibraryGroup.values()).flatMap(group -> group.libraries().stream());
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void eachLibraryIsMissedByItsName(String library) throws IOException {
        Path folder = fill(temporary.resolve("cuda"), LibraryGroup.values());
        Files.delete(folder.resolve(library));
        LibrarySearch search = search(Map.of(LibrarySearch.VARIABLE, folder.toString()));
        LibraryGroup group = Stream.of(LibraryGroup.values())
                .filter(candidate -> candidate.libraries().contains(library))
                .findFirst()
                .orElseThrow();
        assertThat(search.whole(group)).isEmpty();
        assertThat(search.chosen()).hasSize(LibraryGroup.values().length - 1);
        assertThat(search.lacking(group).text())
                .isEqualTo(
                        group == LibraryGroup.NCCL
                                ? "NCCL 2 was not found"
                                : group.title() + " is not complete anywhere: " + LibrarySearch.VARIABLE + " lacks "
                                        + (LibraryGroup.TWINS.contains(library)
                                                ? "libcublasLt.so.13, libcublas.so.13"
                                                : library));
    }

    @Test
    void cublasComesWithItsTwin() throws IOException {
        Path one = fill(temporary.resolve("one"), LibraryGroup.TOOLKIT);
        Path two = fill(temporary.resolve("two"), LibraryGroup.TOOLKIT);
        Files.delete(one.resolve("libcublasLt.so.13"));
        String both = one + File.pathSeparator + two;
        LibraryPlace place = search(Map.of(LibrarySearch.VARIABLE, both))
                .whole(LibraryGroup.TOOLKIT)
                .orElseThrow();
        assertThat(place.find("libcublas.so.13")).contains(two.resolve("libcublas.so.13"));
        assertThat(place.find("libcublasLt.so.13")).contains(two.resolve("libcublasLt.so.13"));
        assertThat(place.find("libcudart.so.13")).contains(one.resolve("libcudart.so.13"));
        Files.delete(two.resolve("libcublas.so.13"));
        assertThat(search(Map.of(LibrarySearch.VARIABLE, both)).whole(LibraryGroup.TOOLKIT))
                .isEmpty();
    }

    @Test
    void partsOfNvrtcAreOpenedAfterIt() throws IOException {
        Path folder = fill(temporary.resolve("cuda"), LibraryGroup.TOOLKIT);
        Files.write(folder.resolve("libnvrtc-builtins.so.13.0"), new byte[0]);
        List<Path> files = search(Map.of(LibrarySearch.VARIABLE, folder.toString()))
                .whole(LibraryGroup.TOOLKIT)
                .orElseThrow()
                .files(LibraryGroup.TOOLKIT);
        assertThat(files)
                .hasSize(LibraryGroup.TOOLKIT.libraries().size() + 1)
                .containsSubsequence(folder.resolve("libnvrtc.so.13"), folder.resolve("libnvrtc-builtins.so.13.0"))
                .containsSubsequence(folder.resolve("libcublasLt.so.13"), folder.resolve("libcublas.so.13"));
    }

    @Test
    void aPyTorchForCuda12IsCalledSo() throws IOException {
        Path older = Files.createDirectories(temporary.resolve("older"));
        Files.write(older.resolve("libcudart.so.12"), new byte[0]);
        home.note(new CudaHome.Noted(List.of(), "/opt/venv/bin/python3", List.of(older)));
        LibrarySearch search = search(Map.of());
        assertThat(search.lacking(LibraryGroup.TOOLKIT).text())
                .isEqualTo("CUDA 13 is not complete anywhere: the PyTorch of /opt/venv/bin/python3 is for CUDA 12");
        // Beside it there may be one for CUDA 13, which is taken.
        Path newer = fill(temporary.resolve("newer"), LibraryGroup.values());
        assertThat(from(search(Map.of(LibrarySearch.VARIABLE, newer.toString())), LibraryGroup.TOOLKIT))
                .containsExactly(newer);
    }

    @Test
    void nothingAnywhereIsSaidInShort() {
        assertThat(search(Map.of()).lacking(LibraryGroup.CUDNN).text()).isEqualTo("cuDNN 9 was not found");
    }

    @Test
    void relativeFoldersAreNotTaken() throws IOException {
        Files.createDirectories(home.folder());
        Files.writeString(
                home.folder().resolve("setup.json"),
                "{\"python\": 7, \"python_libraries\": [\"lib\", 3, \"\\u0000\", \"/a\"], \"given_libraries\": {}}");
        assertThat(home.noted()).isEqualTo(new CudaHome.Noted(List.of(), "7", List.of(Path.of("/a"))));
        assertThat(LibrarySearch.folders("lib" + File.pathSeparator + "/b")).containsExactly(Path.of("/b"));
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void aDamagedNoteIsNoNote(String text) throws IOException {
        Files.writeString(home.folder().resolve("setup.json"), text);
        assertThat(home.noted()).isEqualTo(CudaHome.Noted.NOTHING);
    }

    static Stream<String> damaged() {
        return Stream.of("", "[", "[]", "{\"python_libraries\": [\"/a\"]", "x".repeat(1 << 17), "[".repeat(60_000));
    }
}

package io.github.cogvideo4j.formats.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class BrokenTorchFilesTest {
    /// Damaged and hostile files of `torch.save`, alone or in a checkpoint.
    static Stream<String> cases() {
        List<String> kinds = List.of("evil-", "pickle-", "zip-", "storage-", "tensor-", "truncated-", "zero-length-");
        return Stream.concat(
                Stream.of("bin-is-really-safetensors"),
                Resources.cases("broken").stream().filter(name -> kinds.stream().anyMatch(name::startsWith)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aBrokenFileIsRefusedForWhatIsWrongWithIt(String name) throws IOException {
        Path folder = Resources.fixture("broken/" + name);
        JsonNode expected =
                new ObjectMapper().readTree(folder.resolve("case.json")).get("expect");
        Warnings warnings = new Warnings();
        Optional<Problem> refusal = Optional.empty();
        Path refused = folder;
        for (Path file : torchFiles(folder.resolve("input"))) {
            try {
                TorchFile opened = TorchFile.open(file, warnings);
                opened.root().asDict().ifPresent(dict -> StateDict.tensors(file, dict));
            } catch (FormatException e) {
                refusal = Optional.of(e.problem());
                refused = file;
            }
        }
        switch (expected.get("outcome").asString()) {
            case "convert" -> assertThat(refusal).isEmpty();
            case "error-or-ignore" -> {
                assertThat(refusal).isEmpty();
                assertThat(warnings.all()).anySatisfy(problem -> check(problem, folder, expected));
            }
            default -> {
                assertThat(refusal).isPresent();
                check(refusal.get(), refused, expected);
            }
        }
    }

    private static void check(Problem problem, Path file, JsonNode expected) {
        assertThat(problem.code().id()).isEqualTo(expected.get("code").asString());
        assertThat(problem.place().file()).isPresent();
        String said = file.getFileName() + ": " + problem.message().text();
        expected.get("message_should_mention").forEach(word -> assertThat(said).contains(word.asString()));
    }

    private static List<Path> torchFiles(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file ->
                            file.toString().endsWith(".pt") || file.toString().endsWith(".bin"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

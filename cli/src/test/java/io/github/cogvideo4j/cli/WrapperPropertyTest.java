package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/// Whatever stands before the names, in whichever container: the whole conversion gives the same bytes under the
/// same names, or is refused. A foreign name is never written.
class WrapperPropertyTest {
    private static final List<String> MODELS = models();

    @TempDir
    Path folder;

    /// The fixtures that have a model's whole weights in one file, by its path.
    private static List<String> models() {
        List<String> models = new ArrayList<>();
        for (String name : Resources.cases("")) {
            Path home = Resources.fixture(name);
            Stream.of(
                            home.resolve("live-master.safetensors"),
                            home.resolve("base/transformer/diffusion_pytorch_model.safetensors"))
                    .filter(file -> Files.exists(file) && Files.isDirectory(home.resolve("base/transformer")))
                    .filter(file -> WrittenTensors.raw(file).keySet().stream().noneMatch(key -> key.contains("lora")))
                    .findFirst()
                    .ifPresent(file -> models.add(name + "|" + file));
        }
        return models;
    }

    /// Every fixture, under a wrapper of its own.
    @Property(tries = 1)
    void everyFixtureGivesTheSameBytesOrARefusal(Generator random) throws IOException {
        for (String model : MODELS) {
            convert(model, random);
        }
    }

    @Property(tries = 20)
    void theSameBytesOrARefusal(Generator random) throws IOException {
        for (int i = 0; i < 4; i++) {
            convert(random.of(MODELS), random);
        }
    }

    private void convert(String model, Generator random) throws IOException {
        String wrapper = wrapper(random);
        String fixture = model.substring(0, model.indexOf('|'));
        Map<String, WrittenTensors.Raw> plain = WrittenTensors.raw(Path.of(model.substring(model.indexOf('|') + 1)));
        Map<String, WrittenTensors.Raw> wrapped = new LinkedHashMap<>();
        plain.forEach((name, tensor) -> wrapped.put(wrapper + name, tensor));
        String container = random.of("safetensors", "bin");
        Path source = ContainerFiles.write(folder.resolve("weights." + container), wrapped);
        Path output = folder.resolve("model");
        List<String> words =
                new ArrayList<>(List.of("convert", source.toString(), output.toString(), "--dtype", "source"));
        if (random.bool()) {
            words.addAll(List.of("--base", Resources.fixture(fixture) + "/base"));
        }
        Run run = Run.of(words.toArray(String[]::new));
        String what = "%s under '%s': %s, %s".formatted(fixture, wrapper, words, run.err());
        if (run.exit() == ExitCode.DONE) {
            assertThat(written(output)).as(what).isEqualTo(WrittenTensors.described(plain));
            Resources.delete(output);
        } else {
            // Names that a base or a family knows are always found. But two experts of one model have the same, and
            // in a plain file the user's own buffers are names like any others.
            assertThat(run.exit()).as(what).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(run.err())
                    .as(what)
                    .containsAnyOf(
                            fixture.contains("tied-buffers")
                                    ? new String[] {"[extra-tensor]", "[unknown-names]"}
                                    : new String[] {"[ambiguous-weights]"});
            assertThat(output).as(what).doesNotExist();
        }
    }

    /// `a.b.`, `x_`, `state.model.`, or nothing.
    private static String wrapper(Generator random) {
        StringBuilder wrapper = new StringBuilder();
        for (int segment = random.integer(0, 3); segment > 0; segment--) {
            for (int letter = random.integer(1, 8); letter > 0; letter--) {
                wrapper.append("abcdefghijklmnopqrstuvwxyz_".charAt(random.integer(0, 26)));
            }
            wrapper.append(segment == 1 && random.integer(0, 3) == 0 ? '_' : '.');
        }
        return wrapper.toString();
    }

    /// The weights of the only component that was written.
    private static SortedMap<String, String> written(Path output) throws IOException {
        try (Stream<Path> children = Files.list(output)) {
            return WrittenTensors.in(
                    children.filter(WrapperPropertyTest::hasWeights).findFirst().orElseThrow());
        }
    }

    private static boolean hasWeights(Path folder) {
        return Files.exists(folder.resolve("diffusion_pytorch_model.safetensors"));
    }
}

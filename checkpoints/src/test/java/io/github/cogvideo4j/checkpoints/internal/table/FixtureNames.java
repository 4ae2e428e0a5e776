package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/// Names and shapes of the models that the fixtures were trained from, and random wrappers around them.
///
/// @param className the model's class
/// @param shapes    its tensors
record FixtureNames(String className, SequencedMap<String, Shape> shapes) {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz_";

    /// Of every component with weights in the fixtures' bases.
    static List<FixtureNames> ofBases() {
        List<FixtureNames> all = new ArrayList<>();
        for (String name : Resources.cases("")) {
            Path base = Resources.fixture(name).resolve("base");
            if (Files.isDirectory(base)) {
                for (Path component : folders(base)) {
                    Path weights = component.resolve("diffusion_pytorch_model.safetensors");
                    if (Files.exists(weights)) {
                        all.add(new FixtureNames(className(component), shapes(weights)));
                    }
                }
            }
        }
        return all;
    }

    static SequencedMap<String, Shape> shapes(Path file) {
        SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
        TinySafetensors.read(file).forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        return shapes;
    }

    ModelTable table() {
        return ModelTable.of(new ModelTable.KnownClass(className), shapes);
    }

    /// The names behind a wrapper.
    SequencedMap<String, Shape> wrapped(String wrapper) {
        SequencedMap<String, Shape> wrapped = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> wrapped.put(wrapper + name, shape));
        return wrapped;
    }

    /// Wrappers such as `a.b.`, `x_`, `state.model.`, always the same.
    static List<String> wrappers(int count) {
        Random random = new Random(20_260_811);
        List<String> wrappers = new ArrayList<>(List.of("", "module.", "app.model.", "model.diffusion_model.", "x_"));
        while (wrappers.size() < count) {
            StringBuilder wrapper = new StringBuilder();
            for (int segment = random.nextInt(1, 4); segment > 0; segment--) {
                for (int letter = random.nextInt(1, 9); letter > 0; letter--) {
                    wrapper.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
                }
                wrapper.append(segment == 1 && random.nextInt(4) == 0 ? '_' : '.');
            }
            wrappers.add(wrapper.toString());
        }
        return wrappers;
    }

    private static String className(Path component) {
        return JsonMapper.shared()
                .readTree(component.resolve("config.json").toFile())
                .get("_class_name")
                .asString();
    }

    private static List<Path> folders(Path base) {
        try (Stream<Path> children = Files.list(base)) {
            return children.filter(Files::isDirectory).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The same names in the order of a map that is to be changed.
    static SequencedMap<String, Shape> copy(Map<String, Shape> shapes) {
        return new LinkedHashMap<>(shapes);
    }
}

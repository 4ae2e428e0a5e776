package io.github.cogvideo4j.checkpoints.internal.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FamiliesTest {
    static List<FixtureNames> models() {
        return FixtureNames.ofBases();
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyModelIsRecognisedUnderEveryWrapper(FixtureNames model) {
        for (String wrapper : FixtureNames.wrappers(20)) {
            List<FamilyMatch> found = Families.recognise(model.wrapped(wrapper));
            assertThat(found).hasSize(1);
            FamilyMatch match = found.getFirst();
            assertThat(match.family().classes()).contains(model.className());
            assertThat(match.wrapper()).isEqualTo(wrapper);
            assertThat(match.names().values())
                    .containsExactlyElementsOf(model.shapes().keySet());
        }
    }

    @Test
    void cogVideoXsPartsAreRecognised() {
        for (String pipeline : List.of("t2v-2b", "i2v-5b")) {
            for (Family family : List.of(
                    Families.ofClass("CogVideoXTransformer3DModel").orElseThrow(),
                    Families.ofClass("AutoencoderKLCogVideoX").orElseThrow(),
                    Families.ofClass("T5EncoderModel").orElseThrow())) {
                SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
                io.github.cogvideo4j.checkpoints.TinySafetensors.shapesIn(
                                Resources.golden("pipelines/" + pipeline + "/" + family.component()))
                        .forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
                List<FamilyMatch> found = Families.recognise(shapes);
                assertThat(found).extracting(match -> match.family().name()).containsExactly(family.name());
                assertThat(found.getFirst().extra()).isEmpty();
            }
        }
    }

    /// The recipe of CONTRIBUTING.md: a row is all that a family takes.
    @Test
    void aRowIsAllThatANewFamilyTakes() {
        Family added = Families.read(JsonFile.parseObject("""
                        {"families": [{
                          "name": "Tomorrow",
                          "classes": ["TomorrowTransformer3DModel"],
                          "component": "transformer",
                          "library": "diffusers",
                          "has": ["dawn_embed.weight", "days.N.attn."],
                          "without": ["night_"],
                          "modules": ["dawn_embed", "days"],
                          "blocks": ["days"],
                          "adapters": ["transformer."],
                          "rules": ["bf16-activations"],
                          "optional": {"transformer_2": "ratio"}
                        }]}""", Place.nowhere(), ProblemCode.CONFIG_INVALID))
                .getFirst();
        SequencedMap<String, Shape> tensors = new LinkedHashMap<>();
        tensors.put("module.dawn_embed.weight", Shape.of(2, 2));
        tensors.put("module.days.0.attn.to_q.weight", Shape.of(2, 2));
        tensors.put("module.dusk.weight", Shape.of(2));
        FamilyMatch match = added.match(tensors).orElseThrow();
        assertThat(match.wrapper()).isEqualTo("module.");
        assertThat(match.names().values()).containsExactly("dawn_embed.weight", "days.0.attn.to_q.weight");
        assertThat(match.extra()).containsExactly("module.dusk.weight");
        assertThat(added.rules()).containsExactly("bf16-activations");
        assertThat(added.optional()).containsEntry("transformer_2", "ratio");
        tensors.put("module.night_embed.weight", Shape.of(2));
        assertThat(added.match(tensors)).isEmpty();
    }

    /// No code asks for a family by its name: what is known of one is in `families.json` alone.
    @Test
    void noCodeNamesAFamily() throws IOException {
        Set<String> classes = new HashSet<>();
        Families.all().stream()
                .filter(family -> family.configuration().isEmpty())
                .forEach(family -> classes.addAll(family.classes()));
        try (Stream<Path> files = Files.walk(Resources.project("checkpoints/src/main/java"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String code = Files.readString(file).replaceAll("//[^\n]*", "");
                for (String name : classes) {
                    assertThat(code).as("%s", file).doesNotContain("\"" + name + "\"");
                }
            }
        }
    }

    /// What relatives have keeps them out, also where a wrapper could hide it.
    @Test
    void aRelativeIsNotTakenForTheFamily() {
        FixtureNames ltx = models().stream()
                .filter(model -> model.className().equals("LTXVideoTransformer3DModel"))
                .findFirst()
                .orElseThrow();
        SequencedMap<String, Shape> withSound = FixtureNames.copy(ltx.shapes());
        withSound.putAll(ltx.wrapped("audio_"));

        assertThat(Families.recognise(withSound)).isEmpty();
    }

    @Test
    void aClassIsInOneFamilyOnly() {
        Set<String> seen = new HashSet<>();
        Families.all()
                .forEach(family -> family.classes()
                        .forEach(name -> assertThat(seen.add(name)).as(name).isTrue()));
    }
}

package io.github.cogvideo4j.checkpoints.internal.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.testing.Resources;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
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

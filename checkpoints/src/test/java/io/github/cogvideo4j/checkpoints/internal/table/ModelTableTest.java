package io.github.cogvideo4j.checkpoints.internal.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ModelTableTest {
    static List<FixtureNames> models() {
        return FixtureNames.ofBases();
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyWrapperIsFound(FixtureNames model) {
        for (String wrapper : FixtureNames.wrappers(20)) {
            TableMatch match = model.table().match(model.wrapped(wrapper));
            assertThat(match.wrapper()).isEqualTo(wrapper);
            assertThat(match.complete()).isTrue();
            assertThat(match.names().values())
                    .containsExactlyElementsOf(model.shapes().keySet());
            assertThat(match.strangers()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void aPlainCopyIsTakenBeforeAnAveragedOne(FixtureNames model) {
        for (String plain : List.of("", "model.", "net.", "transformer.")) {
            for (String averaged : List.of("ema.", "net_ema.", "ema_model.model.")) {
                SequencedMap<String, Shape> both = model.wrapped(averaged);
                both.putAll(model.wrapped(plain));

                TableMatch match = model.table().match(both);

                assertThat(match.wrapper()).isEqualTo(plain);
                assertThat(match.others()).containsExactly(averaged);
                assertThat(match.second())
                        .containsExactlyElementsOf(model.wrapped(averaged).keySet());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void whatIsMissingTooMuchOrOfAnotherShapeIsNamed(FixtureNames model) {
        SequencedMap<String, Shape> found = model.wrapped("app.model.");
        String first = found.firstEntry().getKey();
        found.remove(first);
        String last = found.lastEntry().getKey();
        found.put(last, Shape.of(7, 7, 7));
        found.put("app.model.mine", Shape.of(1));
        found.put("app.optim.state.mine.exp_avg", Shape.of(1));

        TableMatch match = model.table().match(found);

        assertThat(match.complete()).isFalse();
        assertThat(match.missing()).containsExactly(first.substring("app.model.".length()));
        assertThat(match.reshaped())
                .extracting(TensorMatch.Reshaped::name)
                .containsExactly(last.substring("app.model.".length()));
        assertThat(match.extra()).containsExactly("app.model.mine");
        assertThat(match.outside()).containsExactly("app.optim.state.mine.exp_avg");
    }

    @Test
    void aPairOfModelsInOneFileFitsBothTables() {
        List<FixtureNames> models = models();
        FixtureNames one = models.getFirst();
        FixtureNames other = models.stream()
                .filter(model -> !model.className().equals(one.className()))
                .findFirst()
                .orElseThrow();
        SequencedMap<String, Shape> both = one.wrapped("transformer.");
        both.putAll(other.wrapped("second."));

        assertThat(one.table().match(both).complete()).isTrue();
        assertThat(other.table().match(both).complete()).isTrue();
        assertThat(one.table().match(both).outside())
                .containsExactlyElementsOf(other.wrapped("second.").keySet());
    }

    @Test
    void theNearestTableIsTheOneOfTheSameModel() {
        List<FixtureNames> models = models();
        for (FixtureNames model : models) {
            SequencedMap<String, Shape> found = model.wrapped("x.");
            found.pollFirstEntry();
            List<TableMatch> best = ModelTable.best(
                    models.stream().map(other -> other.table().match(found)).toList());
            assertThat(best).hasSize(1);
            assertThat(best.getFirst().table().origin().title()).isEqualTo(model.className());
        }
    }

    @Test
    void namesThatAreNobodysFitNothing() {
        SequencedMap<String, Shape> found = new LinkedHashMap<>();
        found.put("w", Shape.of(2));
        for (FixtureNames model : models()) {
            TableMatch match = model.table().match(found);
            assertThat(match.agreeing()).isZero();
            assertThat(match.wrapper()).isEmpty();
        }
    }
}

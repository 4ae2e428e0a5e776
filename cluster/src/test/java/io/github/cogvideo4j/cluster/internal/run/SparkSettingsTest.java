package io.github.cogvideo4j.cluster.internal.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparkSettingsTest {
    @ParameterizedTest
    @ValueSource(strings = {"25", "25.0.1+8", "25.0.2", "25.0.2.1+10-LTS", "25-ea+36"})
    void aJavaWhoseCollectorMovesPinnedObjectsIsWarnedOf(String version) {
        assertThat(SparkSettings.warning(Runtime.Version.parse(version))).hasValueSatisfying(problem -> {
            assertThat(problem.message().text()).contains(version).contains("25.0.3");
            assertThat(problem.message().text(Locale.CHINESE)).contains(version).contains("25.0.3");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"25.0.3", "25.0.3+9-LTS", "25.0.10", "25.1", "26-ea+1", "27"})
    void laterOnesAreNot(String version) {
        assertThat(SparkSettings.warning(Runtime.Version.parse(version))).isEmpty();
    }
}

package io.github.cogvideo4j.server.internal.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.server.ServerSettings;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Settings from three places, and what is told of wrong ones.
class SettingsTest {
    private static final String MODEL = Resources.golden("pipelines/t2v-2b").toString();

    @TempDir
    private Path folder;

    private ServerSettings read(Map<String, List<String>> given, Map<String, String> environment, String yaml)
            throws IOException {
        Path file = Files.writeString(folder.resolve("serve.yaml"), yaml);
        return ServerSettings.read(given, environment, Optional.of(file));
    }

    private static ServerSettings given(String name, String value) throws IOException {
        Map<String, List<String>> all = new HashMap<>(Map.of("model", List.of(MODEL)));
        all.put(name, List.of(value));
        return ServerSettings.read(all, Map.of(), Optional.empty());
    }

    @Test
    void optionsGoBeforeTheEnvironmentAndThatBeforeTheFile() throws IOException {
        String yaml = "model: {panda: " + MODEL + "}\nmax_queue: 1\nattempts: 2\nport: 3\nretention: none\n";
        ServerSettings settings = read(
                Map.of("max-queue", List.of("10")),
                Map.of("COGVIDEO_SERVE_MAX_QUEUE", "20", "COGVIDEO_SERVE_ATTEMPTS", "21", "OTHER", "x"),
                yaml);
        assertThat(settings.queue().mostJobs()).isEqualTo(10);
        assertThat(settings.queue().attempts()).isEqualTo(21);
        assertThat(settings.network().port()).isEqualTo(3);
        assertThat(settings.storage().retention()).isEmpty();
        assertThat(settings.models()).extracting(ServerSettings.Model::name).containsExactly("panda");
    }

    @Test
    void defaultsAreThoseOfTheDocument() throws IOException {
        ServerSettings settings = given("model", MODEL);
        assertThat(settings.models().getFirst().name()).isEqualTo("t2v-2b");
        assertThat(settings.network().host()).isEqualTo("127.0.0.1");
        assertThat(settings.network().port()).isEqualTo(8_000);
        assertThat(settings.queue().mostJobs()).isEqualTo(1_000);
        assertThat(settings.storage().retention()).contains(Duration.ofDays(7));
        assertThat(settings.storage().quotaBytes()).isEmpty();
        assertThat(settings.options().compute().precision()).isEqualTo(Precision.BF16);
    }

    @Test
    void unitsAreRead() throws IOException {
        assertThat(given("quota", "20G").storage().quotaBytes()).isEqualTo(OptionalLong.of(20L << 30));
        assertThat(given("quota", "5 MiB").storage().quotaBytes()).isEqualTo(OptionalLong.of(5L << 20));
        assertThat(given("retention", "36h").storage().retention()).contains(Duration.ofHours(36));
        assertThat(given("grace", "90").queue().grace()).isEqualTo(Duration.ofSeconds(90));
    }

    @ParameterizedTest
    @CsvSource({
        "model, /no/such/folder",
        "transformer, /no/such/file",
        "lora-dir, /no/such/folder",
        "api-keys, /no/such/file",
        "port, 65536",
        "port, -1",
        "port, http",
        "max-queue, 0",
        "max-batch, 0",
        "max-batch, 65",
        "retention, soon",
        "quota, 99999999999T",
        "dtype, fp8",
        "store, jdbc:h2:mem",
        "cors-origin, *",
        "cors-origin, https://a.example/path",
        "host, 0.0.0.0",
        "host, '::'",
        "threads, 0",
        "vae-tiling, yes",
        "no-such-setting, 1"
    })
    void aWrongSettingIsNamed(String name, String value) {
        assertThatThrownBy(() -> given(name, value))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(name.equals("no-such-setting") ? "no-such-setting" : name);
    }

    @ParameterizedTest
    @CsvSource({
        "model, no/such/model",
        "model, name=no/such/model",
        "transformer, no/such/file",
        "lora-dir, no/such/folder",
        "api-keys, no/such/file",
        "data-dir, pom.xml"
    })
    void aPathIsShownAsItWasTyped(String name, String value) {
        String typed = value.substring(value.indexOf('=') + 1);
        assertThatThrownBy(() -> given(name, value)).hasMessageEndingWith(" " + typed);
    }

    @Test
    void withoutAModelNothingIsServed() {
        assertThatThrownBy(() -> ServerSettings.read(Map.of(), Map.of(), Optional.empty()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("no model is given");
    }

    @Test
    void aTextThatIsNoPathIsRefused() {
        for (String name : List.of("model", "lora-dir", "api-keys", "data-dir")) {
            assertThatThrownBy(() -> given(name, "a\0b"))
                    .as(name)
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining(name);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[1, 2]",
                "a: b: c",
                "model: !!java.net.URL [http://x]",
                "x: &a [*a]",
                "port: {a: {b: c}}",
                "port: [[1]]",
                "port:",
                "port: 1\nport: 2"
            })
    void aWrongFileIsNamed(String yaml) {
        assertThatThrownBy(() -> read(Map.of("model", List.of(MODEL)), Map.of(), yaml))
                .isInstanceOf(InvalidRequestException.class);
    }

    @Test
    void severalModelsHaveNamesAndTheirOwnWeights() throws IOException {
        ServerSettings settings = ServerSettings.read(
                Map.of(
                        "model", List.of("a=" + MODEL, "b=" + MODEL),
                        "transformer", List.of("b=" + MODEL + "/transformer")),
                Map.of(),
                Optional.empty());
        assertThat(settings.models().get(0).transformer()).isEmpty();
        assertThat(settings.models().get(1).transformer()).isPresent();
        assertThatThrownBy(() -> ServerSettings.read(
                        Map.of("model", List.of("a=" + MODEL, "b=" + MODEL), "transformer", List.of(MODEL)),
                        Map.of(),
                        Optional.empty()))
                .hasMessageContaining("NAME=PATH");
        assertThatThrownBy(
                        () -> ServerSettings.read(Map.of("model", List.of(MODEL, MODEL)), Map.of(), Optional.empty()))
                .hasMessageContaining("t2v-2b");
    }
}

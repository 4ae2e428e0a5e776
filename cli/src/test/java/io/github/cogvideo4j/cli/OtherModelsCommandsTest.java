package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Commands over other models than CogVideoX, as `any-commands.json` asks.
class OtherModelsCommandsTest {
    @TempDir
    Path folder;

    record Asked(String name, JsonNode json) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Asked> commands() {
        return JsonMapper.shared()
                .readTree(Resources.fixture("any-commands.json").toFile())
                .valueStream()
                .map(json -> new Asked(json.get("name").asString(), json));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theCommandAnswersAsAsked(Asked asked) throws IOException {
        JsonNode expect = asked.json().get("expect");
        if (asked.json().has("setup")) {
            setUp(asked.json().get("setup"));
        }
        Path output = folder.resolve("OUTPUT");

        Run run = Run.of(words(asked.json().get("args")));

        String said = run.out() + run.err();
        assertThat(expect.get("exit").valueStream().map(JsonNode::asInt).toList())
                .as(said)
                .contains(run.exit().value());
        assertThat(said).doesNotContain("Exception");
        if (expect.has("any_of")) {
            List<String> codes = new ArrayList<>();
            expect.get("any_of").forEach(code -> codes.add("[" + code.asString() + "]"));
            boolean usage = codes.contains("[usage]") && run.exit() == ExitCode.USAGE;
            assertThat(usage || codes.stream().anyMatch(said::contains))
                    .as("%s in %s", codes, said)
                    .isTrue();
        }
        expect.path("says").forEach(word -> assertThat(said).contains(word.asString()));
        if (expect.has("written")) {
            assertThat(output).doesNotExist();
        }
        for (var bytes : expect.path("bytes").properties()) {
            assertThat(output.resolve(bytes.getKey()))
                    .hasSameBinaryContentAs(Resources.fixture(bytes.getValue().asString()));
        }
        for (var file : expect.path("files_json").properties()) {
            String fixture = file.getValue().get(0).asString();
            String hash = JsonMapper.shared()
                    .readTree(
                            Resources.fixture(fixture + "/reference/files.json").toFile())
                    .get(file.getValue().get(1).asString())
                    .asString();
            assertThat(Resources.sha256(Files.readAllBytes(output.resolve(file.getKey()))))
                    .isEqualTo(hash);
        }
        for (var field : expect.path("metadata").properties()) {
            assertThat(adapterMetadata(output).path(field.getKey())).isEqualTo(field.getValue());
        }
        expect.path("absent")
                .forEach(name -> assertThat(output.resolve(name.asString())).doesNotExist());
    }

    /// What the adapter that was written says of itself in its header.
    private static JsonNode adapterMetadata(Path output) throws IOException {
        byte[] file = Files.readAllBytes(output.resolve("pytorch_lora_weights.safetensors"));
        int header = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        JsonNode json = JsonMapper.shared().readTree(new String(file, 8, header, StandardCharsets.UTF_8));
        return JsonMapper.shared()
                .readTree(json.at("/__metadata__/lora_adapter_metadata").asString());
    }

    private void setUp(JsonNode setup) throws IOException {
        Path made = folder.resolve(setup.get("to").asString());
        Resources.copy(Resources.fixture(setup.get("copy").asString()), made);
        for (JsonNode name : setup.get("remove")) {
            Path removed = made.resolve(name.asString());
            try (Stream<Path> files = Files.walk(removed)) {
                for (Path file : files.toList().reversed()) {
                    Files.delete(file);
                }
            }
        }
    }

    private String[] words(JsonNode args) {
        List<String> words = new ArrayList<>();
        args.forEach(arg -> {
            String word = arg.asString();
            if (word.equals("OUTPUT") || word.equals("BASE")) {
                words.add(folder.resolve(word).toString());
            } else {
                words.add(word.startsWith("any-") ? Resources.fixture(word).toString() : word);
            }
        });
        return words.toArray(String[]::new);
    }
}

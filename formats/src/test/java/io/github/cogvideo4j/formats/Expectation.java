package io.github.cogvideo4j.formats;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.testing.Resources;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What a broken fixture's `case.json` asks for.
public record Expectation(String name, String outcome, String code, List<String> words) {
    /// The broken fixtures whose names start like this.
    public static Stream<Expectation> broken(String prefix) {
        return Resources.cases("broken").stream()
                .filter(name -> name.startsWith(prefix))
                .map(Expectation::read);
    }

    private static Expectation read(String name) {
        JsonNode expect = JsonMapper.shared()
                .readTree(Resources.fixture("broken/" + name + "/case.json").toFile())
                .get("expect");
        return new Expectation(
                name,
                expect.get("outcome").asString(),
                expect.get("code").asString(),
                expect.get("message_should_mention")
                        .valueStream()
                        .map(JsonNode::asString)
                        .toList());
    }

    /// The fixture's `input` folder.
    public Path input() {
        return Resources.fixture("broken/" + name + "/input");
    }

    /// Checks code and words, and that both languages have the message.
    public void check(Problem problem) {
        assertThat(problem.code().id()).isEqualTo(code);
        assertThat(problem.message().text()).doesNotContain("{0}", "formats.");
        assertThat(words)
                .allSatisfy(word -> assertThat(problem.message().text()).contains(word));
        assertThat(problem.message().text(Locale.CHINESE))
                .as("translation")
                .isNotEqualTo(problem.message().text());
    }

    @Override
    public String toString() {
        return name;
    }
}

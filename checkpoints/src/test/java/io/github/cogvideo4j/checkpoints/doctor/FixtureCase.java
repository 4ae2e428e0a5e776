package io.github.cogvideo4j.checkpoints.doctor;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.testing.Resources;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// A fixture with its `case.json`.
public record FixtureCase(String name, JsonNode json) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static FixtureCase of(String name) {
        return new FixtureCase(
                name, JSON.readTree(Resources.fixture(name + "/case.json").toFile()));
    }

    public Path folder() {
        return Resources.fixture(name);
    }

    public Path input() {
        return folder().resolve(json.get("command").get(1).stringValue());
    }

    public String outcome() {
        return json.get("expect").get("outcome").stringValue();
    }

    public List<String> codes() {
        JsonNode expect = json.get("expect");
        return expect.has("code") ? List.of(expect.get("code").stringValue()) : strings(expect.path("codes"));
    }

    public List<String> words() {
        return strings(json.get("expect").path("message_should_mention"));
    }

    private static List<String> strings(JsonNode array) {
        return array.valueStream().map(JsonNode::stringValue).toList();
    }

    /// What a person gets to read.
    static String text(List<Finding> findings) {
        return findings.stream()
                .map(finding -> finding.problem().message().text() + " "
                        + finding.problem().place().file().map(Path::toString).orElse("") + " "
                        + finding.problem().place().tensor().orElse(""))
                .collect(Collectors.joining("\n"));
    }

    @Override
    public String toString() {
        return name;
    }
}

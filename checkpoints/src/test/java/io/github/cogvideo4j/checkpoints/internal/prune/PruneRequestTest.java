package io.github.cogvideo4j.checkpoints.internal.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest;
import io.github.cogvideo4j.checkpoints.prune.PruneRequest.KeepRule;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/// The request as JSON.
class PruneRequestTest {
    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        PruneRequest request = PruneRequest.of(Path.of("run"))
                .withKeep(
                        new KeepRule.Last(2),
                        new KeepRule.Every(1000),
                        new KeepRule.Step(0),
                        new KeepRule.Best("flicker", new TreeMap<>(Map.of(500L, 0.98, 1000L, 0.97))))
                .withBase("THUDM/CogVideoX-2b");
        assertThat(PruneRequest.read(object(JsonFile.format(request.toJson())))).isEqualTo(request);
        PruneRequest empty = PruneRequest.of(Path.of("run")).emptying();
        assertThat(PruneRequest.read(object(JsonFile.format(empty.toJson())))).isEqualTo(empty);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'prune', 'version': 1}",
                "{'job': 'prune', 'version': 2, 'run': 'a'}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 0}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'every': -1}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'best': 'x'}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'first': 1}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 1, 'step': 2}]}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'keep': [{'last': 1}], 'empty': true}",
                "{'job': 'prune', 'version': 1, 'run': 'a', 'delete': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> PruneRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOf(InvalidRequestException.class)
                .isInstanceOf(CheckpointException.class);
    }

    private static ObjectNode object(String json) {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }
}

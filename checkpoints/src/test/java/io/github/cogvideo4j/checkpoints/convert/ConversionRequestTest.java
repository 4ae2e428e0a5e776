package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest.Source;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class ConversionRequestTest {
    private static final Path SOURCE = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");

    @Test
    void theJsonFormOfASimpleRequestHoldsNoDefaults() {
        ObjectNode json = ConversionRequest.of(Path.of("run"), Path.of("model")).toJson();
        assertThat(json).isEqualTo(object("""
                        {"job": "convert", "version": 1, "sources": [{"path": "run"}], "output": "model"}"""));
    }

    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        ConversionRequest request = new ConversionRequest(
                List.of(
                        new Source(
                                Path.of("run"),
                                Optional.empty(),
                                Optional.of(Component.TRANSFORMER),
                                new SourceOptions(Optional.of("global_step3"), true, true, true, Strictness.STRICT)),
                        new Source(
                                Path.of("run"),
                                Optional.of(Component.VAE),
                                Optional.empty(),
                                SourceOptions.defaults())),
                Path.of("model"),
                Optional.of("THUDM/CogVideoX-5b"),
                new ConversionOptions(
                        Optional.of(TargetDType.FP16),
                        new FileOptions(OutputFormat.BOTH, 12_345, Optional.of("fp16")),
                        LinkMode.COPY,
                        3,
                        true,
                        true,
                        new ModelClaims(
                                OptionalInt.of(42),
                                OptionalInt.of(48),
                                true,
                                true,
                                Optional.of("1.5"),
                                OptionalDouble.of(0.7),
                                OptionalDouble.of(1)),
                        ResultLayout.SAT,
                        Optional.of(Component.TEXT_ENCODER),
                        true));
        assertThat(ConversionRequest.read(object(JsonFile.format(request.toJson()))))
                .isEqualTo(request);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'generate', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'convert', 'sources': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'convert', 'version': 2, 'sources': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'convert', 'version': 1, 'sources': [], 'output': 'b'}",
                "{'job': 'convert', 'version': 1, 'sources': ['a'], 'output': 'b'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}]}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a\\u0000'}], 'output': 'b'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a', 'url': 'x'}], 'output': 'b'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'threads': 0}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'threads': 1e99}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'dtype': 'int4'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'variant': '../x'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'overwrite': 'yes'}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'claims': {'layers': -1}}",
                "{'job': 'convert', 'version': 1, 'sources': [{'path': 'a'}], 'output': 'b', 'delete': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> ConversionRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                    assertThat(e.category()).isEqualTo(Category.USAGE);
                });
    }

    @Test
    void aRequestIsPlannedAndRunWithoutAConsole(@TempDir Path folder) throws IOException {
        Path output = folder.resolve("model");
        Converter.Result result =
                ConversionRequest.of(SOURCE, output).plan(JobControl.none()).run(JobControl.none());
        assertThat(result.output()).isEqualTo(output);
        assertThat(Files.isRegularFile(output.resolve("cogvideo4j.json"))).isTrue();
    }

    private static ObjectNode object(String json) {
        return JsonFile.parseObject(json, Place.nowhere(), ProblemCode.REQUEST);
    }
}

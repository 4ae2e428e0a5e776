package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Conduct;
import io.github.cogvideo4j.cluster.BatchRequest.Multiply;
import io.github.cogvideo4j.cluster.BatchRequest.Share;
import io.github.cogvideo4j.cluster.BatchRequest.TaskKind;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Batches with a real model of the goldens' size, in a folder of their own.
abstract class Batches {
    static final Path MODEL = Resources.golden("pipelines/t2v-2b");

    @TempDir
    Path folder;

    Path output;

    @BeforeEach
    void chooseOutput() {
        output = folder.resolve("out");
    }

    static GenerationRequest small(String prompt, Path video) {
        return GenerationRequest.of(MODEL, prompt, video)
                .withOptions(PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 1)))
                .withSettings(GenerationSettings.defaults()
                        .withHeight(48)
                        .withWidth(80)
                        .withNumFrames(5)
                        .withSteps(1));
    }

    /// What makes a video of moments.
    static ObjectNode defaults() {
        ObjectNode defaults = RequestJson.write(small("", Path.of("video.mp4")));
        defaults.remove("prompts");
        return defaults;
    }

    BatchRequest request(String name, String... lines) throws IOException {
        Path rows = folder.resolve(name);
        Files.write(rows, List.of(lines));
        BatchRequest request = BatchRequest.of(TaskKind.GENERATE, rows.toString(), output.toString(), defaults());
        return OneThread.of(request, Optional.empty(), Optional.empty());
    }

    static BatchRequest with(BatchRequest request, Multiply multiply, Optional<Share> share, Conduct conduct) {
        return new BatchRequest(
                request.task(),
                request.rows(),
                request.output(),
                request.defaults(),
                multiply,
                share,
                conduct,
                request.threads(),
                request.scratch(),
                request.cluster());
    }

    static BatchReport run(BatchRequest request) throws IOException {
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            return plan.run(JobControl.none());
        }
    }

    List<ObjectNode> manifest() throws IOException {
        return Files.readAllLines(output.resolve("manifest.jsonl")).stream()
                .map(line -> JsonFile.parseObject(line, Place.nowhere(), ProblemCode.MANIFEST))
                .toList();
    }

    Set<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(output)) {
            Set<String> names = new HashSet<>();
            files.filter(Files::isRegularFile)
                    .forEach(file -> names.add(output.relativize(file).toString()));
            return names;
        }
    }
}

package io.github.cogvideo4j.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest.Conduct;
import io.github.cogvideo4j.cluster.BatchRequest.Multiply;
import io.github.cogvideo4j.cluster.BatchRequest.Share;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/// What a batch makes of its rows: what cannot be read, what is multiplied, what is asked for twice.
class BatchRowsTest extends Batches {
    @Test
    void rowsThatCannotBeReadAreToldByLineAndNothingStarts() throws IOException {
        BatchRequest request = request(
                "rows.jsonl",
                "{\"prompt\": \"a cat\"}",
                "{\"prompt\": ",
                "{\"prompt\": \"a cat\", \"sead\": 1}",
                "{\"seed\": 1}",
                "{\"prompt\": \"a\", \"size\": \"wide\"}",
                "{\"prompt\": \"a\", \"num_frames\": \"many\"}");
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            assertThat(plan.malformedRows()).isEqualTo(5);
            assertThat(plan.malformed())
                    .extracting(problem -> problem.message().text().replaceAll(":.*", ""))
                    .containsExactly("line 2", "line 3", "line 4", "line 5", "line 6");
            assertThat(plan.malformed().get(1).message().text()).contains("sead");
            assertThatExceptionOfType(InvalidRequestException.class).isThrownBy(() -> plan.run(JobControl.none()));
        }
        assertThat(output).doesNotExist();
    }

    /// What a row says goes before what holds for all rows, also in another unit.
    @Test
    void aRowsSecondsGoBeforeTheFramesOfAllRows() throws IOException {
        BatchRequest request = request(
                "rows.jsonl",
                "{\"prompt\": \"a\", \"seconds\": 1}",
                "{\"prompt\": \"a\", \"seconds\": 1, \"num_frames\": 9}");
        try (PlannedBatch plan = request.plan(JobControl.none())) {
            assertThat(plan.results()).isEqualTo(1);
            assertThat(plan.malformed())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.message().text())
                            .startsWith("line 2: ")
                            .contains("seconds"));
        }
    }

    /// The same thing under two names is made once, and both names are in the manifest, whenever they come.
    @Test
    void whatIsAskedForTwiceIsMadeOnce() throws IOException {
        BatchRequest request = request(
                "rows.jsonl", "{\"id\": \"one\", \"prompt\": \"a cat\"}", "{\"id\": \"two\", \"prompt\": \"a cat\"}");
        BatchReport report = run(request);
        assertThat(report.completed()).isEqualTo(2);
        assertThat(manifest())
                .extracting(row -> row.get("file"))
                .containsOnly(manifest().getFirst().get("file"));
        BatchRequest more = request(
                "rows.jsonl",
                "{\"id\": \"one\", \"prompt\": \"a cat\"}",
                "{\"id\": \"two\", \"prompt\": \"a cat\"}",
                "{\"id\": \"three\", \"prompt\": \"a cat\"}");
        BatchReport added =
                run(with(more, Multiply.none(), Optional.empty(), new Conduct(false, true, OptionalInt.empty())));
        assertThat(added.made()).isZero();
        assertThat(manifest())
                .extracting(row -> row.get("id").stringValue())
                .containsExactlyInAnyOrder("one", "two", "three");
    }

    @Test
    void rowsAreMultipliedBySeedsAndSettings() throws IOException {
        BatchRequest request = with(
                request("rows.txt", "a cat"),
                new Multiply(
                        Multiply.seeds("0..1"), Map.of("guidance-scale", List.of("1", "6.5")), OptionalInt.empty()),
                Optional.empty(),
                Conduct.usual());
        assertThat(run(request).completed()).isEqualTo(4);
        assertThat(manifest())
                .extracting(row -> row.get("seed") + " " + row.get("settings").get("guidance_scale"))
                .containsExactlyInAnyOrder("0 1", "1 1", "0 6.5", "1 6.5");
    }

    /// It is in every row, and no row's fault.
    @Test
    void aWrongFieldOfTheGridIsToldOnce() throws IOException {
        BatchRequest rows = request("rows.txt", "a cat", "a dog");
        for (Map<String, List<String>> grid : List.of(
                Map.of("guidance-skale", List.of("1", "6.5")), Map.of("guidance-scale", List.of("1", "much")))) {
            BatchRequest request =
                    with(rows, new Multiply(List.of(), grid, OptionalInt.empty()), Optional.empty(), Conduct.usual());
            String field = grid.keySet().iterator().next();
            assertThatExceptionOfType(InvalidRequestException.class)
                    .isThrownBy(() -> request.plan(JobControl.none()))
                    .satisfies(thrown -> assertThat(thrown.problem().message().text())
                            .contains("grid")
                            .contains(field.replace('-', '_'))
                            .contains(grid.get(field).getLast()));
        }
        assertThat(output).doesNotExist();
    }

    @Test
    void vbenchFindsTheVideosUnderItsNames() throws IOException {
        BatchRequest request = with(
                request("all_dimension.txt", "a cat / dog"),
                new Multiply(List.of(), Map.of(), OptionalInt.of(2)),
                Optional.empty(),
                Conduct.usual());
        run(request);
        try (BatchFolder opened = BatchFolder.open(output.toString(), Map.of())) {
            assertThat(opened.exportVbench()).isEqualTo(2);
        }
        assertThat(files().stream().filter(name -> name.matches("vbench/a cat _ dog~[0-9a-f]{8}-[01]\\.mp4")))
                .hasSize(2);
        assertThat(output.resolve("vbench/names.json")).content().contains("a cat / dog-0.mp4");
    }

    @Test
    void aRequestIsReadAsItWasWritten() throws IOException {
        BatchRequest request = with(
                request("rows.txt", "a cat"),
                new Multiply(List.of(1L), Map.of("steps", List.of("1", "2")), OptionalInt.of(5)),
                Optional.of(new Share(1, 4)),
                new Conduct(true, true, OptionalInt.of(3)));
        assertThat(BatchRequest.read(request.toJson()).toJson()).isEqualTo(request.toJson());
    }
}

package io.github.cogvideo4j.inference.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Block;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Mark;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Trouble;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WatchReportTest {
    @TempDir
    private Path folder;

    private static WatchedCheckpoint checkpoint(long step, State state, double blur, VideoSymptom... symptoms) {
        SequencedMap<String, Double> outside = new LinkedHashMap<>();
        outside.put("proj_out", 0.25);
        outside.put("patch_embed.proj", Double.NaN);
        Drift drift = new Drift(
                "transformer",
                0.125,
                List.of(new Block(
                        "transformer_blocks", 0, 0.5, Map.of(LayerKind.TO_Q, 0.5, LayerKind.NORM, Double.NaN))),
                outside);
        return new WatchedCheckpoint(
                "checkpoint-" + step,
                "checkpoint-N",
                step,
                state,
                state == State.GONE,
                state == State.FAILED
                        ? Optional.of(Trouble.of(
                                Problem.of(ProblemCode.BAD_CRC, Place.nowhere(), "checkpoints.prune.no-run")))
                        : Optional.empty(),
                Optional.of(new Mark(
                        "checkpoint-" + step + "/model.safetensors", 1234, 1_700_000_000_123L, 1_700_000_000_456L)),
                new Training(
                        OptionalLong.of(step), Optional.of("CogKit"), OptionalDouble.of(1e-4), OptionalDouble.empty()),
                List.of(new Sample(
                        1,
                        "videos/checkpoint-" + step + "/2.mp4",
                        Map.of(Score.BLUR, blur, Score.MOTION, 1.0),
                        Set.of(symptoms))),
                Optional.of(drift),
                Optional.empty(),
                Optional.of(new Values(
                        Optional.of("ab12"),
                        12,
                        Names.of(List.of("a", "b")),
                        Names.of(List.of()),
                        Names.of(List.of()))),
                state == State.FAILED || step == 9
                        ? List.of(Alarm.of(AlarmKind.NAN, Message.of("inference.measure.luma")))
                        : List.of());
    }

    private static WatchReport report(WatchedCheckpoint... checkpoints) {
        SequencedMap<String, String> settings = new LinkedHashMap<>();
        settings.put("num_inference_steps", "50");
        settings.put("negative_prompt", "a \"dog\"");
        return new WatchReport(
                "run", "base", 42, false, List.of("a cat", "a\n\"dog\""), settings, List.of(checkpoints));
    }

    private WatchReport read(String text) throws IOException {
        return WatchReport.read(Files.writeString(folder.resolve("report.json"), text));
    }

    @Test
    void isReadAsItWasWritten() throws IOException {
        WatchReport report = report(
                checkpoint(1, State.DONE, 2.5, VideoSymptom.NOISE),
                checkpoint(2, State.FAILED, 2),
                checkpoint(3, State.GONE, 2));

        assertThat(read(JsonFile.format(report.json()))).isEqualTo(report);
    }

    @Test
    void namesOfManyTensorsAreCounted() {
        List<String> all = IntStream.range(0, 100).mapToObj(i -> "t" + i).toList();

        assertThat(Names.of(all).count()).isEqualTo(100);
        assertThat(Names.of(all).first()).hasSize(Names.MOST).startsWith("t0");
    }

    @Test
    void aScorePrefersTheBestOfTheSoundOnes() {
        WatchReport report = report(
                checkpoint(1, State.DONE, 1, VideoSymptom.BLACK),
                checkpoint(2, State.DONE, 3),
                checkpoint(3, State.DONE, 2),
                checkpoint(4, State.FAILED, 1),
                checkpoint(9, State.DONE, 1));

        assertThat(report.preferred(Score.BLUR).map(WatchedCheckpoint::name)).contains("checkpoint-3");
        assertThat(report.preferred(Score.MOTION).map(WatchedCheckpoint::name)).contains("checkpoint-3");
        assertThat(report.preferred(Score.LUMA)).isEmpty();
        assertThat(report.preferred(Score.SPATIAL_INFORMATION)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "videos/checkpoint-1/2.mp4|../2.mp4",
                "videos/checkpoint-1/2.mp4|/etc/2.mp4",
                "checkpoint-1/model.safetensors|../model.safetensors",
                "\"name\": \"checkpoint-1\"|\"name\": \"..\"",
                "\"state\": \"done\"|\"state\": \"won\"",
                "\"prompt\": 1|\"prompt\": 2",
                "\"tensors\"|\"tensor\"",
                "\"seed\": 42|\"seed\": \"42\"",
                "\"version\": 1|\"version\": 2",
            })
    void whatItDidNotWriteIsRefused(String from, String to) {
        String text = JsonFile.format(report(checkpoint(1, State.DONE, 1)).json());
        assertThat(text).contains(from);

        assertThatThrownBy(() -> read(text.replace(from, to)))
                .isInstanceOfSatisfying(
                        MalformedFileException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.JOURNAL));
    }
}

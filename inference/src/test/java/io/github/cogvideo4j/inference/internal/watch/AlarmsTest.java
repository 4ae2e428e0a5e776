package io.github.cogvideo4j.inference.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AlarmsTest {
    private static final Names NONE = Names.of(List.of());
    private final List<WatchedCheckpoint> known = new ArrayList<>();

    private static Drift drift(String against, double relative) {
        return new Drift(against, relative, List.of(), new LinkedHashMap<>());
    }

    /// A checkpoint every 100 steps, so far from the base and from the one before.
    private WatchedCheckpoint next(double fromBase, double fromPrevious, Set<VideoSymptom> symptoms) {
        String before = known.isEmpty() ? "" : known.getLast().name();
        int step = 100 * (known.size() + 1);
        WatchedCheckpoint entry = WatchedCheckpoint.fresh(
                        "checkpoint-" + step, "checkpoint-N", step, State.DONE, Optional.empty(), Optional.empty())
                .weighed(
                        Training.UNKNOWN,
                        drift("transformer", fromBase),
                        before.isEmpty() ? Optional.empty() : Optional.of(drift(before, fromPrevious)),
                        new Values(Optional.empty(), 3, NONE, NONE, NONE))
                .withSamples(List.of(new Sample(0, "videos/1.mp4", Map.of(), symptoms)));
        known.add(entry);
        return entry;
    }

    private List<AlarmKind> alarms(WatchedCheckpoint entry) {
        WatchReport report =
                new WatchReport("run", "base", 42, false, List.of("a cat"), Collections.emptySortedMap(), known);
        return Alarms.of(entry, report).stream().map(Alarm::kind).toList();
    }

    @Test
    void weightsThatJumpDiverge() {
        next(0.01, 0, Set.of());
        next(0.02, 0.01, Set.of());
        next(0.03, 0.012, Set.of());
        assertThat(alarms(next(0.2, 0.2, Set.of()))).as("too few before").isEmpty();
        assertThat(alarms(next(0.21, 0.1, Set.of())))
                .as("not ten times the median")
                .isEmpty();
        assertThat(alarms(next(0.5, 1.1, Set.of()))).containsExactly(AlarmKind.DIVERGENCE);
    }

    @Test
    void weightsFartherThanTheyAreLongDiverge() {
        assertThat(alarms(next(0.99, 0, Set.of()))).isEmpty();
        assertThat(alarms(next(1.01, 0.01, Set.of()))).containsExactly(AlarmKind.DIVERGENCE);
        assertThat(alarms(next(Double.NaN, Double.NaN, Set.of()))).isEmpty();
    }

    @Test
    void videosThatBreakDiverge() {
        assertThat(alarms(next(0.1, 0, Set.of(VideoSymptom.NOISE)))).containsExactly(AlarmKind.VIDEO);
        next(0.1, 0.1, Set.of());
        assertThat(alarms(next(0.1, 0.1, Set.of(VideoSymptom.BLACK))))
                .containsExactly(AlarmKind.VIDEO, AlarmKind.DIVERGENCE);
    }

    @Test
    void tensorsAreNamedAndCounted() {
        WatchedCheckpoint entry = next(0.1, 0, Set.of())
                .weighed(
                        Training.UNKNOWN,
                        drift("transformer", Double.NaN),
                        Optional.empty(),
                        new Values(Optional.empty(), 3, Names.of(List.of("a", "b")), NONE, Names.of(List.of("c"))));

        assertThat(Alarms.of(
                        entry,
                        new WatchReport(
                                "run", "base", 42, false, List.of("a cat"), Collections.emptySortedMap(), known)))
                .extracting(Alarm::english)
                .containsExactly("2 tensors hold NaN: a, b", "1 matrix is all zeros: c");
    }
}

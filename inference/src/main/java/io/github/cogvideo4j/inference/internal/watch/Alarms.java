package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Names;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What of a checkpoint should be looked at.
///
/// It diverges when its weights are farther from the base than they are long; when they moved, per step, ten times
/// as far from the checkpoint before as the median of at least three earlier checkpoints; or when all of its videos
/// are black, of one colour, frozen or noise although those of an earlier checkpoint were not.
final class Alarms {
    private static final double JUMP = 10;
    private static final int LEAST_BEFORE = 3;

    private final WatchedCheckpoint checkpoint;
    private final List<WatchedCheckpoint> earlier;
    private final List<Alarm> alarms = new ArrayList<>();

    private Alarms(WatchedCheckpoint checkpoint, List<WatchedCheckpoint> earlier) {
        this.checkpoint = checkpoint;
        this.earlier = earlier;
    }

    /// The alarms of a checkpoint.
    ///
    /// @param report what is known of the others
    static List<Alarm> of(WatchedCheckpoint checkpoint, WatchReport report) {
        Alarms alarms = new Alarms(
                checkpoint,
                report.checkpoints().stream()
                        .filter(other -> other.kind().equals(checkpoint.kind()) && other.number() < checkpoint.number())
                        .toList());
        checkpoint.values().ifPresent(alarms::values);
        alarms.distance();
        alarms.videos();
        return alarms.alarms;
    }

    private void values(Values values) {
        names(AlarmKind.NAN, values.nan());
        names(AlarmKind.INFINITE, values.infinite());
        names(AlarmKind.DEAD, values.dead());
    }

    private void names(AlarmKind kind, Names names) {
        if (names.count() > 0) {
            add(kind, "inference.alarm." + kind.id(), names.count(), Message.first(names.first()));
        }
    }

    private void distance() {
        checkpoint.base().filter(drift -> drift.relative() > 1).ifPresent(drift -> {
            add(AlarmKind.DIVERGENCE, "inference.alarm.far", rounded(drift.relative()));
        });
        Optional<Double> moved = perStep(checkpoint);
        List<Double> before = earlier.stream()
                .flatMap(other -> perStep(other).stream())
                .sorted()
                .toList();
        if (moved.isPresent() && before.size() >= LEAST_BEFORE) {
            double usual = before.get(before.size() / 2);
            if (usual > 0 && moved.get() > JUMP * usual) {
                add(AlarmKind.DIVERGENCE, "inference.alarm.jump", rounded(moved.get() / usual));
            }
        }
    }

    /// How far a step moved the weights since the checkpoint before.
    private Optional<Double> perStep(WatchedCheckpoint of) {
        if (of.previous().isEmpty() || !Double.isFinite(of.previous().get().relative())) {
            return Optional.empty();
        }
        Drift drift = of.previous().get();
        return earlier.stream()
                .filter(other -> other.name().equals(drift.against()) && other.number() < of.number())
                .map(other -> drift.relative() / (of.number() - other.number()))
                .findFirst();
    }

    private void videos() {
        for (Sample sample : checkpoint.samples()) {
            for (VideoSymptom symptom : sample.symptoms()) {
                String key = "inference.alarm." + symptom.name().toLowerCase(Locale.ROOT);
                add(AlarmKind.VIDEO, key, sample.prompt() + 1);
            }
        }
        boolean broken = !checkpoint.samples().isEmpty()
                && checkpoint.samples().stream()
                        .noneMatch(sample -> sample.symptoms().isEmpty());
        Optional<WatchedCheckpoint> sound =
                earlier.stream().filter(WatchedCheckpoint::isSound).findFirst();
        if (broken && sound.isPresent()) {
            add(AlarmKind.DIVERGENCE, "inference.alarm.broken", sound.get().name());
        }
    }

    private void add(AlarmKind kind, String key, Object... arguments) {
        alarms.add(Alarm.of(kind, Message.of(key, arguments)));
    }

    private static String rounded(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}

package io.github.cogvideo4j.inference.watch;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.internal.watch.WatchPage;
import io.github.cogvideo4j.inference.internal.watch.WatchReportJson;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import tools.jackson.databind.node.ObjectNode;

/// The checkpoints of a training run, each with its videos, their scores, how far its weights moved, and what is
/// wrong with it. It is also what a watch remembers: `report.json` in the report's folder is its JSON form.
///
/// @param run         the run's folder as it was named
/// @param model       the base model as it was named
/// @param seed        of every video
/// @param full        whether videos have their real size; else they are those of `--smoke`
/// @param prompts     what is sampled, in order
/// @param settings    what else shapes the videos, by the names of a request's JSON form; empty in older reports
/// @param checkpoints by kind and number
public record WatchReport(
        String run,
        String model,
        long seed,
        boolean full,
        List<String> prompts,
        SequencedMap<String, String> settings,
        List<WatchedCheckpoint> checkpoints) {
    /// The name of its JSON form in the report's folder.
    public static final String FILE_NAME = "report.json";

    /// Copies the collections.
    public WatchReport {
        prompts = List.copyOf(prompts);
        settings = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(settings));
        checkpoints = List.copyOf(checkpoints);
    }

    /// The same with other checkpoints.
    public WatchReport with(List<WatchedCheckpoint> all) {
        return new WatchReport(run, model, seed, full, prompts, settings, all);
    }

    /// The scores of a video: the means over its frames of what `cogvideo score` measures.
    public enum Score {
        /// VBench's temporal flickering: 1 is steady.
        TEMPORAL_FLICKERING(Preference.HIGHER),
        /// The mean width of edges in pixels.
        BLUR(Preference.LOWER),
        /// VMAF's motion.
        MOTION(Preference.HIGHER),
        /// The share of pixels of which a value is 250 or more.
        CLIPPED(Preference.LOWER),
        /// The mean distance of the chroma from grey.
        SATURATION(Preference.NONE),
        /// The mean of luma.
        LUMA(Preference.NONE),
        /// Spatial information by ITU-T P.910.
        SPATIAL_INFORMATION(Preference.HIGHER),
        /// Temporal information by ITU-T P.910.
        TEMPORAL_INFORMATION(Preference.NONE);

        private final Preference preference;

        Score(Preference preference) {
            this.preference = preference;
        }

        /// Which of two values is preferred.
        public Preference preference() {
            return preference;
        }

        /// Its name in JSON, as `score --json` has it.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Its name for people.
        public Message title() {
            return this == TEMPORAL_FLICKERING
                    ? Message.of("inference.score.flickering")
                    : Message.of("inference.measure." + id().replace('_', '-'));
        }
    }

    /// Which of two values of a score is preferred.
    public enum Preference {
        /// The higher one.
        HIGHER,
        /// The lower one.
        LOWER,
        /// Neither.
        NONE
    }

    /// The checkpoint that a score prefers: the one with the best mean over its videos, of equal ones the newest,
    /// among those that have no alarm and only sound videos. None where the score prefers nothing.
    public Optional<WatchedCheckpoint> preferred(Score score) {
        Optional<WatchedCheckpoint> best = Optional.empty();
        double bestValue = 0;
        for (WatchedCheckpoint checkpoint : checkpoints) {
            OptionalDouble mean = checkpoint.mean(score);
            if (score.preference() == Preference.NONE
                    || mean.isEmpty()
                    || !checkpoint.alarms().isEmpty()
                    || !checkpoint.isSound()) {
                continue;
            }
            double value = score.preference() == Preference.HIGHER ? mean.getAsDouble() : -mean.getAsDouble();
            if (best.isEmpty() || value >= bestValue) {
                best = Optional.of(checkpoint);
                bestValue = value;
            }
        }
        return best;
    }

    /// Whether some checkpoint has an alarm of a kind.
    public boolean has(AlarmKind kind) {
        return checkpoints.stream()
                .flatMap(checkpoint -> checkpoint.alarms().stream())
                .anyMatch(alarm -> alarm.kind() == kind);
    }

    /// The JSON form, with the checkpoints that each score prefers besides.
    public ObjectNode json() {
        return WatchReportJson.of(this);
    }

    /// Reads what [#json()] wrote; a file's content is not trusted.
    ///
    /// @throws MalformedFileException `journal` for anything else
    public static WatchReport read(Path file) throws IOException {
        return WatchReportJson.read(file);
    }

    /// A web page that shows it in the folder of its videos and needs nothing else, UTF-8 being meant.
    public String page() {
        return WatchPage.of(this);
    }
}

package io.github.cogvideo4j.inference.watch;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.internal.watch.WatchPlanner;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Alarm;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.AlarmKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request to watch a training run: each checkpoint is sampled, scored and compared as soon as it is complete, and
/// a folder with a report says what came of it. Nothing of the run is ever written, renamed or locked.
///
/// @param run         the run's folder
/// @param sampling    what is made of each checkpoint: the base model, how it is loaded, the prompts, the seed,
///                    whether short and small videos will do ([GenerationRequest#trial()]). Its outputs do not count
/// @param output      the report's folder; what a watch of the same run and prompts left there is gone on with
/// @param failOn      what ends the watch
/// @param stopFile    the file that is written then, for the trainer's script to look for; when absent `STOP` in the
///                    report's folder
/// @param once        whether it ends when all that is there has been done
/// @param interval    how often the run is looked at; a checkpoint that did not change from one look to the next
///                    has settled
/// @param memoryLimit the memory that sampling may need, in bytes
/// @param lowPriority whether the process lets others go before it
public record WatchRequest(
        Path run,
        GenerationRequest sampling,
        Path output,
        Set<FailOn> failOn,
        Optional<Path> stopFile,
        boolean once,
        Duration interval,
        OptionalLong memoryLimit,
        boolean lowPriority)
        implements JobRequest<JobPlan<WatchRequest.Result>> {
    /// How often a run is looked at where nothing is said.
    public static final Duration USUAL_INTERVAL = Duration.ofSeconds(10);

    /// The longest interval.
    public static final Duration LONGEST_INTERVAL = Duration.ofDays(1);

    private static final String JOB = "watch";
    private static final int VERSION = 1;
    private static final String STOP_FILE = "STOP";

    /// The alarms that can end a watch.
    public enum FailOn {
        /// NaN or infinite weights.
        NAN,
        /// Those, or weights that moved away all at once, or videos that broke.
        DIVERGENCE;

        /// Whether an alarm is one.
        public boolean meets(AlarmKind kind) {
            return switch (kind) {
                case NAN, INFINITE -> true;
                case DIVERGENCE -> this == DIVERGENCE;
                case DEAD, VIDEO -> false;
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// An event of a watch besides those that all jobs have.
    public sealed interface Event extends JobEvent.Detail {
        /// Something new of a checkpoint, which the report has by now.
        ///
        /// @param checkpoint what the report says of it
        /// @param before     what it said before, perhaps by an earlier watch; none of one that is new to it
        record Changed(WatchedCheckpoint checkpoint, Optional<WatchedCheckpoint> before) implements Event {}

        /// Nothing is left to do until the next look.
        ///
        /// @param done how many checkpoints have been sampled
        record Waiting(long done) implements Event {}
    }

    /// What a watch that ended found.
    ///
    /// @param report the report, which is in its folder
    /// @param stop   the checkpoint with the alarm that ended it
    public record Result(WatchReport report, Optional<WatchedCheckpoint> stop) {}

    /// Copies the set.
    ///
    /// @throws InvalidRequestException `request` when the interval is not between a tenth of a second and a day, or
    ///     the memory is not positive
    public WatchRequest {
        Set<FailOn> ordered = EnumSet.noneOf(FailOn.class);
        ordered.addAll(failOn);
        failOn = Collections.unmodifiableSet(ordered);
        if (interval.toMillis() < 100 || interval.compareTo(LONGEST_INTERVAL) > 0) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "checkpoints.request.value",
                    "interval",
                    interval.toMillis() / 1000.0);
        }
        if (memoryLimit.orElse(1) < 1) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.nowhere(),
                    "checkpoints.request.value",
                    "memory_limit",
                    memoryLimit.getAsLong());
        }
    }

    /// A request with the defaults of everything else.
    public static WatchRequest of(Path run, GenerationRequest sampling, Path output) {
        return new WatchRequest(
                run, sampling, output, Set.of(), Optional.empty(), false, USUAL_INTERVAL, OptionalLong.empty(), true);
    }

    /// The same request, ending when all that is there has been done.
    public WatchRequest withOnce(boolean value) {
        return new WatchRequest(run, sampling, output, failOn, stopFile, value, interval, memoryLimit, lowPriority);
    }

    /// The same request with another interval.
    public WatchRequest withInterval(Duration value) {
        return new WatchRequest(run, sampling, output, failOn, stopFile, once, value, memoryLimit, lowPriority);
    }

    /// The same request, ended by alarms.
    public WatchRequest withFailOn(FailOn... values) {
        return new WatchRequest(
                run, sampling, output, Set.of(values), stopFile, once, interval, memoryLimit, lowPriority);
    }

    /// Whether an alarm ends the watch.
    public boolean endsWith(Alarm alarm) {
        return failOn.stream().anyMatch(one -> one.meets(alarm.kind()));
    }

    /// The stop file's place.
    public Path stop() {
        return stopFile.orElse(output.resolve(STOP_FILE));
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Looks at the run, the model and the report's folder, and plans a video of the base model.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when the model cannot make such videos here;
    ///     `memory` when that takes more than the limit
    /// @throws io.github.cogvideo4j.checkpoints.OutputException `output-refused` when the report's folder lies in
    ///     the run, holds something else, or another watch has it
    @Override
    public JobPlan<Result> plan(JobControl control) throws IOException {
        return WatchPlanner.plan(this, control);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("run", run.toString());
        json.set("sampling", RequestJson.write(sampling));
        json.put("output", output.toString());
        if (!failOn.isEmpty()) {
            ArrayNode list = json.putArray("fail_on");
            failOn.forEach(one -> list.add(one.toString()));
        }
        RequestText.text(json, "stop_file", stopFile);
        RequestText.flag(json, "once", once);
        if (!interval.equals(USUAL_INTERVAL)) {
            json.put("interval", interval.toMillis() / 1000.0);
        }
        memoryLimit.ifPresent(limit -> json.put("memory_limit", limit));
        RequestText.flag(json, "normal_priority", !lowPriority);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static WatchRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        Set<FailOn> ends = EnumSet.noneOf(FailOn.class);
        for (String word : fields.texts("fail_on", FailOn.values().length, 64)) {
            for (FailOn one : FailOn.values()) {
                if (one.toString().equals(word)) {
                    ends.add(one);
                }
            }
            if (ends.stream().noneMatch(one -> one.toString().equals(word))) {
                throw fields.wrong("fail_on", word);
            }
        }
        WatchRequest request = new WatchRequest(
                fields.requiredPath("run"),
                RequestJson.read(fields.raw("sampling"), Place.nowhere()),
                fields.requiredPath("output"),
                ends,
                fields.path("stop_file"),
                fields.flag("once"),
                fields.positive("interval").stream()
                        .mapToObj(seconds -> Duration.ofMillis(Math.round(Math.min(seconds, 1e9) * 1000)))
                        .findFirst()
                        .orElse(USUAL_INTERVAL),
                fields.large("memory_limit", 1, Long.MAX_VALUE),
                !fields.flag("normal_priority"));
        fields.end();
        return request;
    }
}

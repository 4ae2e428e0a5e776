package io.github.cogvideo4j.inference.watch;

import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.Set;

/// A checkpoint of a training run that is watched, with its videos and what was found in its weights.
///
/// @param name     its name in the run: `checkpoint-500`
/// @param kind     its name without the number: steps and epochs of a run are counted apart
/// @param number   its step, or its epoch
/// @param state    how far it has come
/// @param deleted  whether it is no longer in the run
/// @param problem  why it failed or what it waits for
/// @param mark     the file by which it is known again; none before it was complete for the first time
/// @param training what the trainer's files say
/// @param samples  its videos, in the order of the prompts
/// @param base     how far its weights are from the base's
/// @param previous how far its weights are from those of the checkpoint before
/// @param values   what is suspicious in its weights; none as long as they have not been read
/// @param alarms   what should be looked at
public record WatchedCheckpoint(
        String name,
        String kind,
        long number,
        State state,
        boolean deleted,
        Optional<Trouble> problem,
        Optional<Mark> mark,
        Training training,
        List<Sample> samples,
        Optional<Drift> base,
        Optional<Drift> previous,
        Optional<Values> values,
        List<Alarm> alarms) {
    private static final int LONGEST_SENTENCE = 2000;

    /// Copies the lists.
    public WatchedCheckpoint {
        samples = List.copyOf(samples);
        alarms = List.copyOf(alarms);
    }

    /// One of which nothing has been done.
    public static WatchedCheckpoint fresh(
            String name, String kind, long number, State state, Optional<Trouble> problem, Optional<Mark> mark) {
        return new WatchedCheckpoint(
                name,
                kind,
                number,
                state,
                false,
                problem,
                mark,
                Training.UNKNOWN,
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of());
    }

    /// The same in another state.
    public WatchedCheckpoint in(State now, boolean gone, Optional<Trouble> why, Optional<Mark> file) {
        return new WatchedCheckpoint(
                name, kind, number, now, gone, why, file, training, samples, base, previous, values, alarms);
    }

    /// The same with what its weights tell.
    public WatchedCheckpoint weighed(Training facts, Drift fromBase, Optional<Drift> fromPrevious, Values found) {
        return new WatchedCheckpoint(
                name,
                kind,
                number,
                state,
                deleted,
                problem,
                mark,
                facts,
                samples,
                Optional.of(fromBase),
                fromPrevious,
                Optional.of(found),
                alarms);
    }

    /// The same with videos.
    public WatchedCheckpoint withSamples(List<Sample> videos) {
        return new WatchedCheckpoint(
                name, kind, number, state, deleted, problem, mark, training, videos, base, previous, values, alarms);
    }

    /// The same with alarms.
    public WatchedCheckpoint withAlarms(List<Alarm> all) {
        return new WatchedCheckpoint(
                name, kind, number, state, deleted, problem, mark, training, samples, base, previous, values, all);
    }

    /// The mean of a score over its videos.
    public OptionalDouble mean(Score score) {
        return samples.stream()
                .flatMapToDouble(sample -> sample.value(score).stream())
                .average();
    }

    /// Whether all its videos are there and none is black, of one colour, frozen or noise.
    public boolean isSound() {
        return state == State.DONE
                && !samples.isEmpty()
                && samples.stream().allMatch(sample -> sample.symptoms().isEmpty());
    }

    /// How far a checkpoint has come.
    public enum State {
        /// The trainer is still writing it.
        UNFINISHED,
        /// It is complete, and its turn has not come.
        WAITING,
        /// It has been sampled, scored and compared.
        DONE,
        /// It cannot be sampled; its problem says why.
        FAILED,
        /// It was deleted before all was done. What had been done by then is there.
        GONE;

        /// Its name in JSON.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A problem in both languages.
    ///
    /// @param code    the stable code
    /// @param english the sentence in English
    /// @param chinese the sentence in Chinese
    public record Trouble(String code, String english, String chinese) {
        /// A problem as it is kept.
        public static Trouble of(Problem problem) {
            return new Trouble(
                    problem.code().id(),
                    cut(problem.message().text(Locale.ENGLISH)),
                    cut(problem.message().text(Locale.CHINESE)));
        }
    }

    /// The newest of the files that a checkpoint's weights need: while it is the same, so is the checkpoint. When it
    /// is another one, the weights' digest decides.
    ///
    /// @param file     its path below the run, with `/`
    /// @param size     in bytes
    /// @param modified when it was last written, in milliseconds since 1970
    /// @param newest   when the last of all files of the checkpoint was written, as it was found complete: what is
    ///                 left of it while it is being deleted is no newer
    public record Mark(String file, long size, long modified, long newest) {
        /// Whether both are the same file as it was.
        public boolean isSameFile(Mark other) {
            return file.equals(other.file) && size == other.size && modified == other.modified;
        }
    }

    /// What a trainer's files say of a checkpoint's training.
    ///
    /// @param step         optimizer steps done
    /// @param trainer      the trainer's name
    /// @param learningRate the learning rate of the next step
    /// @param loss         the last loss that was recorded up to this step
    public record Training(
            OptionalLong step, Optional<String> trainer, OptionalDouble learningRate, OptionalDouble loss) {
        /// Nothing known.
        public static final Training UNKNOWN =
                new Training(OptionalLong.empty(), Optional.empty(), OptionalDouble.empty(), OptionalDouble.empty());
    }

    /// A video.
    ///
    /// @param prompt   its prompt's place among the prompts, from 0
    /// @param video    its file, from the report's folder, with `/`
    /// @param scores   what was measured of it; only finite numbers
    /// @param symptoms what is wrong with it, as `generate --smoke` tells
    public record Sample(int prompt, String video, Map<Score, Double> scores, Set<VideoSymptom> symptoms) {
        /// Copies the collections.
        public Sample {
            Map<Score, Double> sorted = new EnumMap<>(Score.class);
            sorted.putAll(scores);
            scores = Collections.unmodifiableMap(sorted);
            Set<VideoSymptom> ordered = EnumSet.noneOf(VideoSymptom.class);
            ordered.addAll(symptoms);
            symptoms = Collections.unmodifiableSet(ordered);
        }

        /// One of its scores, where it has it.
        public OptionalDouble value(Score score) {
            Double value = scores.get(score);
            return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
        }
    }

    /// The distance of a checkpoint's weights from others. Changes are the norm of the difference over the norm
    /// of what it is compared with, rounded to five digits; NaN where a side holds NaN or infinite values or the
    /// other was all zeros.
    ///
    /// @param against  the name of the checkpoint before; of the base, its component's folder
    /// @param relative the change of everything
    /// @param blocks   the change of each block, in the model's order
    /// @param outside  the change of the modules outside of the blocks
    public record Drift(String against, double relative, List<Block> blocks, SequencedMap<String, Double> outside) {
        /// Copies the collections.
        public Drift {
            blocks = List.copyOf(blocks);
            outside = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(outside));
        }
    }

    /// The change of one block.
    ///
    /// @param list     the list that it is in: `transformer_blocks`
    /// @param number   its place there, from 0
    /// @param relative the change of the whole block
    /// @param kinds    the change by kind of layer
    public record Block(String list, int number, double relative, Map<LayerKind, Double> kinds) {
        /// Copies the map.
        public Block {
            Map<LayerKind, Double> sorted = new EnumMap<>(LayerKind.class);
            sorted.putAll(kinds);
            kinds = Collections.unmodifiableMap(sorted);
        }
    }

    /// What was found in a checkpoint's weights.
    ///
    /// @param digest   the SHA-256 by which the weights are known again when their files have been written anew;
    ///                 absent in older reports
    /// @param tensors  how many tensors were read
    /// @param nan      those that hold NaN
    /// @param infinite those that hold infinite values
    /// @param dead     the matrices that are all zeros although the base's are not
    public record Values(Optional<String> digest, long tensors, Names nan, Names infinite, Names dead) {}

    /// Names of tensors.
    ///
    /// @param count how many there are
    /// @param first the first of them, at most [#MOST]
    public record Names(long count, List<String> first) {
        /// How many are named.
        public static final int MOST = 8;

        /// Copies the list.
        public Names {
            first = List.copyOf(first);
        }

        /// All of some names.
        public static Names of(List<String> all) {
            return new Names(all.size(), all.subList(0, Math.min(MOST, all.size())));
        }
    }

    /// Something that should be looked at.
    ///
    /// @param kind    what
    /// @param english the sentence in English
    /// @param chinese the sentence in Chinese
    public record Alarm(AlarmKind kind, String english, String chinese) {
        /// An alarm with its sentence.
        public static Alarm of(AlarmKind kind, Message message) {
            return new Alarm(kind, cut(message.text(Locale.ENGLISH)), cut(message.text(Locale.CHINESE)));
        }
    }

    /// The kinds of alarm.
    public enum AlarmKind {
        /// Weights that are NaN.
        NAN,
        /// Weights that are infinite.
        INFINITE,
        /// A matrix that became all zeros.
        DEAD,
        /// Weights that moved away all at once, or videos that broke.
        DIVERGENCE,
        /// A video that is black, of one colour, frozen or noise.
        VIDEO;

        /// Its name in JSON.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static String cut(String sentence) {
        return sentence.length() > LONGEST_SENTENCE ? sentence.substring(0, LONGEST_SENTENCE) + "…" : sentence;
    }
}

package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Blend;
import io.github.cogvideo4j.inference.options.WindowOptions.Positions;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;

/// The options of windows over a long video.
public final class WindowArguments {
    private static final List<String> DETAILS = List.of(
            "--window-size",
            "--window-stride",
            "--window-overlap",
            "--freenoise",
            "--window-blend",
            "--window-positions");

    @Option(
            names = "--windows",
            paramLabel = "HOW",
            converter = ScheduleWord.class,
            completionCandidates = ScheduleWord.class)
    private Optional<Schedule> schedule = Optional.empty();

    @Option(names = "--window-size", paramLabel = "N")
    private Optional<Integer> size = Optional.empty();

    @Option(names = "--window-stride", paramLabel = "N")
    private Optional<Integer> stride = Optional.empty();

    @Option(names = "--window-overlap", paramLabel = "N")
    private Optional<Integer> overlap = Optional.empty();

    @Option(names = "--freenoise", arity = "0..1", fallbackValue = "true", paramLabel = "true|false")
    private Optional<Boolean> freeNoise = Optional.empty();

    @Option(names = "--window-blend", paramLabel = "HOW")
    private Optional<Blend> blend = Optional.empty();

    @Option(names = "--window-positions", paramLabel = "HOW")
    private Optional<Positions> positions = Optional.empty();

    /// The converter of `--windows`, which knows the reference's names as well.
    public static final class ScheduleWord implements ITypeConverter<Schedule>, Iterable<String> {
        private static final List<String> SHOWN =
                Arrays.stream(Schedule.values()).map(Schedule::toString).toList();

        @Override
        public Schedule convert(String value) {
            return Schedule.named(value).orElseThrow(() -> new WrongValueException("cli.usage.choice", value, SHOWN));
        }

        /// The words, for picocli's `${COMPLETION-CANDIDATES}`.
        @Override
        public Iterator<String> iterator() {
            return SHOWN.iterator();
        }
    }

    /// What was given here, and the rest as it was.
    ///
    /// @param base  a record's windows
    /// @param given whether an option stands on the command line
    /// @throws UsageException when an option of windows is given where there are none
    Optional<WindowOptions> over(Optional<WindowOptions> base, Predicate<String> given) {
        if (schedule.isEmpty() && base.isEmpty()) {
            DETAILS.stream().filter(given).findFirst().ifPresent(name -> {
                throw new UsageException("cli.generate.no-windows", name);
            });
            return Optional.empty();
        }
        WindowOptions usual = base.orElseGet(() -> WindowOptions.of(schedule.orElseThrow()));
        return Optional.of(new WindowOptions(
                schedule.orElse(usual.schedule()),
                given(size, usual.size()),
                given(stride, usual.stride()),
                given(overlap, usual.overlap()),
                freeNoise.orElse(usual.freeNoise()),
                blend.orElse(usual.blend()),
                positions.orElse(usual.positions())));
    }

    private static OptionalInt given(Optional<Integer> value, OptionalInt otherwise) {
        return value.map(OptionalInt::of).orElse(otherwise);
    }
}

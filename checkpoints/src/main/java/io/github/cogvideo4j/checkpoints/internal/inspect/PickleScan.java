package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.checkpoints.inspect.PickleSummary;
import io.github.cogvideo4j.checkpoints.inspect.PickleSummary.PickleName;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch;
import io.github.cogvideo4j.checkpoints.inspect.PickleWatch.PickleLine;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals;
import io.github.cogvideo4j.formats.internal.pickle.PickleDisassembler;
import io.github.cogvideo4j.formats.internal.pickle.PickleSource;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.PickleListing;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A scan of the text of every pickle in a file or a folder, which judges every name in it. Nothing is built, so
/// what would stop a reader does not stop a scan: it also sees what comes after the first refused name.
public final class PickleScan implements PickleListing.Listener {
    /// What a scan came to.
    ///
    /// @param pickles  every pickle, file by file
    /// @param refused  a problem for every refused name, and for every file whose pickles cannot be reached
    public record Result(List<PickleSummary> pickles, List<Problem> refused) {
        /// Copies the lists.
        public Result {
            pickles = List.copyOf(pickles);
            refused = List.copyOf(refused);
        }
    }

    private final PickleWatch watch;
    private final List<PickleSummary> pickles = new ArrayList<>();
    private final Warnings refused = new Warnings();
    private Path file = Path.of("");
    private Optional<Current> current = Optional.empty();
    private Optional<Path> table = Optional.empty();
    private Map<String, List<DistributedCheckpoint.Run>> runs = Map.of();

    private PickleScan(PickleWatch watch) {
        this.watch = watch;
    }

    /// Scans a file, or every file with pickles in a folder and below it.
    ///
    /// @param watch receives every opcode on the way
    public static Result of(Path path, PickleWatch watch) throws IOException {
        PickleScan scan = new PickleScan(watch);
        for (Path file : PickleFiles.of(path)) {
            scan.file = file;
            try {
                scan.list();
            } catch (FormatException e) {
                scan.refused.report(e.problem());
            }
            scan.finish(Optional.empty());
        }
        return new Result(scan.pickles, scan.refused.all());
    }

    /// A distributed checkpoint has many files of `torch.save` in one, which only its table can locate.
    private void list() throws IOException {
        Optional<Path> checkpoint = DistributedCheckpoint.ofPart(file);
        if (checkpoint.isEmpty() || ContainerKind.of(file) != ContainerKind.ZIP) {
            PickleListing.list(file, this);
            return;
        }
        if (!table.equals(checkpoint)) {
            runs = DistributedCheckpoint.runs(checkpoint.get());
            table = checkpoint;
        }
        for (DistributedCheckpoint.Run run : runs.getOrDefault(String.valueOf(file.getFileName()), List.of())) {
            PickleListing.list(file, run.offset(), run.length(), this);
        }
    }

    @Override
    public void begin(String name, PickleSource source) {
        finish(Optional.empty());
        current = Optional.of(new Current(name, source));
        watch.begin(file, name);
    }

    @Override
    public void line(PickleDisassembler.Line line) {
        current.orElseThrow().add(line);
        watch.line(told(line));
    }

    private static PickleLine told(PickleDisassembler.Line line) {
        return new PickleLine(
                line.position(),
                line.opcode(),
                line.argument().map(PickleScan::text),
                line.global().map(global -> name(global, line.allowed())));
    }

    private static String text(PickleValue argument) {
        return switch (argument) {
            case PickleValue.Text quoted -> "'" + quoted.value() + "'";
            case PickleValue.Int number -> number.value().toString();
            case PickleValue.Real number -> Double.toString(number.value());
            default -> argument.toString();
        };
    }

    private static PickleName name(PickleValue.Global global, Optional<AllowedGlobals.Entry> allowed) {
        return new PickleName(
                global.toString(),
                allowed.map(entry -> entry.becomes().name().toLowerCase(Locale.ROOT)),
                allowed.map(AllowedGlobals.Entry::reason));
    }

    @Override
    public void brokenOff(FormatException reason) {
        finish(Optional.of(reason.problem()));
    }

    private void finish(Optional<Problem> broken) {
        current.map(pickle -> pickle.summary(broken)).ifPresent(summary -> {
            pickles.add(summary);
            watch.end(summary);
        });
        current = Optional.empty();
    }

    /// The pickle that is being read.
    private final class Current {
        private final String name;
        private final PickleSource source;
        private final Map<PickleValue.Global, PickleSummary.Mention> globals = new LinkedHashMap<>();
        private int opcodes;

        Current(String name, PickleSource source) {
            this.name = name;
            this.source = source;
        }

        void add(PickleDisassembler.Line line) {
            opcodes++;
            line.global()
                    .ifPresent(global -> globals.merge(
                            global,
                            new PickleSummary.Mention(name(global, line.allowed()), 1, line.position()),
                            (first, next) -> new PickleSummary.Mention(
                                    first.global(), first.count() + next.count(), first.first())));
            boolean again = line.global()
                    .map(globals::get)
                    .filter(mention -> mention.count() > 1)
                    .isPresent();
            if (line.refused() && !again) {
                Place place = source.placeOf(line.position());
                line.refusal(place).ifPresent(refused::report);
            }
        }

        PickleSummary summary(Optional<Problem> broken) {
            return new PickleSummary(file, name, source.offset(), opcodes, List.copyOf(globals.values()), broken);
        }
    }
}

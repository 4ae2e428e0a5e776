package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.inspect.ContentsReader;
import io.github.cogvideo4j.checkpoints.internal.inspect.PickleScan;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Everything that can be found out about a path without loading it: the names in its pickles, and what it
/// holds.
///
/// @param path       what was looked at
/// @param pickles    every pickle in it
/// @param contents   what it holds; empty when that cannot be read
/// @param problems   what is wrong with it
/// @param warnings    what was chosen or assumed on the way
/// @param unreadable why it cannot be read, if it cannot
public record Inspection(
        Path path,
        List<PickleSummary> pickles,
        List<Contents> contents,
        List<Problem> problems,
        List<Problem> warnings,
        Optional<Problem> unreadable) {
    /// Copies the lists.
    public Inspection {
        pickles = List.copyOf(pickles);
        contents = List.copyOf(contents);
        problems = List.copyOf(problems);
        warnings = List.copyOf(warnings);
    }

    /// Looks at a file or a folder. What is damaged or hostile is reported in the result, not thrown.
    ///
    /// @param path    a file or a folder
    /// @param options how to choose in a checkpoint
    /// @param watch   receives every opcode of every pickle
    /// @throws IOException when nothing is there, or the disk fails
    public static Inspection of(Path path, SourceOptions options, PickleWatch watch) throws IOException {
        List<Contents> contents = List.of();
        Optional<Problem> stop = Optional.empty();
        List<PickleSummary> pickles = List.of();
        Warnings problems = new Warnings();
        try {
            PickleScan.Result scan = PickleScan.of(path, watch);
            pickles = scan.pickles();
            scan.refused().forEach(problems::report);
            contents = ContentsReader.read(path, options);
        } catch (FormatException e) {
            stop = Optional.of(e.problem());
        } catch (CheckpointException e) {
            stop = Optional.of(e.problem());
        }
        List<Problem> warnings = new ArrayList<>();
        for (Contents part : contents) {
            for (Problem warning : part.warnings()) {
                if (warning.code() == ProblemCode.CHOICE || warning.code() == ProblemCode.ASSUMED) {
                    warnings.add(warning);
                } else {
                    problems.report(warning);
                }
            }
        }
        // A danger is a result of looking; only what stops without being one makes a path unreadable.
        boolean danger = problems.all().stream().anyMatch(Inspection::isDanger)
                || stop.filter(Inspection::isDanger).isPresent();
        if (danger) {
            stop.filter(reason -> problems.all().stream().noneMatch(known -> isSame(known, reason)))
                    .ifPresent(problems::report);
            stop = Optional.empty();
        }
        return new Inspection(path, pickles, contents, withoutStop(problems, stop), warnings, stop);
    }

    /// What it all comes to.
    public Verdict verdict() {
        if (unreadable.isPresent()) {
            return Verdict.UNREADABLE;
        }
        if (problems.isEmpty()) {
            return Verdict.CLEAN;
        }
        return problems.stream().anyMatch(Inspection::isDanger) ? Verdict.UNSAFE : Verdict.PROBLEMS;
    }

    private static List<Problem> withoutStop(Warnings problems, Optional<Problem> stop) {
        return problems.all().stream()
                .filter(problem -> !stop.equals(Optional.of(problem)))
                .toList();
    }

    /// The scan sees a name where it is written, the reader where it is used.
    private static boolean isSame(Problem known, Problem reason) {
        return known.code() == reason.code()
                && known.message().equals(reason.message())
                && known.place().file().equals(reason.place().file());
    }

    private static boolean isDanger(Problem problem) {
        return Verdict.isDanger(problem.code());
    }

    /// Whether something may be loaded by tools that trust it.
    public enum Verdict {
        /// Readable, and nothing wrong was seen.
        CLEAN,
        /// Readable, with something that is probably not what was wanted.
        PROBLEMS,
        /// It tries something that no weights file needs: running code, leaving its folder, exhausting memory.
        UNSAFE,
        /// It cannot be read, so its contents are unknown.
        UNREADABLE;

        private static final Set<ProblemCode> DANGERS = EnumSet.of(
                ProblemCode.UNSAFE_PICKLE,
                ProblemCode.UNSAFE_PATH,
                ProblemCode.PICKLE_LIMIT,
                ProblemCode.TENSOR_TOO_LARGE);

        /// Whether a problem endangers a program that loads the file.
        public static boolean isDanger(ProblemCode code) {
            return DANGERS.contains(code);
        }

        /// Its name in JSON.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}

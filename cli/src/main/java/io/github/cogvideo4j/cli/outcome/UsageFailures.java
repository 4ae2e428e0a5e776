package io.github.cogvideo4j.cli.outcome;

import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.arguments.WrongValueException;
import io.github.cogvideo4j.formats.problem.Message;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The failures of a command line, in our words: the parser's own exist in English only.
public final class UsageFailures {
    private static final String CODE = "usage";

    private UsageFailures() {}

    /// The failure behind an error of ours.
    ///
    /// @param command the command whose help tells more, with the program's name before it
    public static Failure of(UsageException e, String command) {
        return failure(e.usage(), command);
    }

    /// The failure behind an error of the parser.
    public static Failure of(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        if (e.getCause() instanceof WrongValueException value && e.getArgSpec() != null) {
            return failure(value.of(name(e.getArgSpec())), command);
        }
        Message message = switch (e) {
            case UnmatchedArgumentException unmatched -> unmatched(unmatched);
            case MissingParameterException missing -> missing(missing);
            case OverwrittenOptionException twice -> Message.of("cli.usage.twice", name(twice.getOverwritten()));
            default -> other(e);
        };
        return failure(message, command);
    }

    private static Failure failure(Message message, String command) {
        return Failure.nowhere(ExitCode.USAGE, CODE, message, Message.of("cli.hint.usage", command));
    }

    private static Message unmatched(UnmatchedArgumentException e) {
        String word = e.getUnmatched().isEmpty() ? "" : e.getUnmatched().getFirst();
        List<String> similar = e.getSuggestions();
        if (e.isUnknownOption()) {
            return similar.isEmpty()
                    ? Message.of("cli.usage.unknown-option", word)
                    : Message.of("cli.usage.unknown-option-similar", word, similar);
        }
        boolean choosesCommand = !e.getCommandLine().getSubcommands().isEmpty();
        if (choosesCommand) {
            List<String> commands = e.getCommandLine().getSubcommands().keySet().stream()
                    .filter(command -> isNear(word, command))
                    .toList();
            return commands.isEmpty()
                    ? Message.of("cli.usage.unknown-command", word)
                    : Message.of("cli.usage.unknown-command-similar", word, commands);
        }
        return Message.of("cli.usage.too-many", word);
    }

    /// Whether a word may have been meant for a command: it begins it, or one letter in three is wrong.
    private static boolean isNear(String word, String command) {
        return (word.length() > 1 && command.startsWith(word))
                || distance(word, command) <= Math.max(1, command.length() / 3);
    }

    /// Levenshtein's distance: letters put in, left out or replaced.
    private static int distance(String a, String b) {
        int[] before = IntStream.rangeClosed(0, b.length()).toArray();
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = before[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(before[j], row[j - 1]));
            }
            before = row;
        }
        return before[b.length()];
    }

    private static Message missing(MissingParameterException e) {
        // The parser uses the same exception for an option at the end of the line, without its value.
        boolean value = e.getMissing().stream().allMatch(argument -> argument.isOption() && !argument.required());
        if (value) {
            return Message.of("cli.usage.no-value", names(e.getMissing()));
        }
        // It stops at the first argument that is not there.
        List<ArgSpec> missing = e.getCommandLine().getCommandSpec().args().stream()
                .filter(argument ->
                        argument.required() && argument.originalStringValues().isEmpty())
                .sorted(Comparator.comparing(ArgSpec::isOption))
                .toList();
        return Message.of("cli.usage.missing", names(missing.isEmpty() ? e.getMissing() : missing));
    }

    private static List<String> names(List<ArgSpec> arguments) {
        return arguments.stream().map(UsageFailures::name).toList();
    }

    private static Message other(ParameterException e) {
        ArgSpec argument = e.getArgSpec();
        String value = e.getValue();
        if (argument != null && value != null) {
            if (argument.completionCandidates() == null) {
                return Message.of("cli.usage.wrong-value", name(argument), value);
            }
            List<String> words = new ArrayList<>();
            argument.completionCandidates().forEach(words::add);
            return Message.of("cli.usage.choice", name(argument), value, words);
        }
        return Message.of("cli.usage.other", String.valueOf(e.getMessage()));
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? documented(option) : argument.paramLabel();
    }

    /// The name that documents use: the first long one. Others are those of other programs.
    private static String documented(OptionSpec option) {
        return Arrays.stream(option.names())
                .filter(name -> name.startsWith("--"))
                .findFirst()
                .orElseGet(option::longestName);
    }
}

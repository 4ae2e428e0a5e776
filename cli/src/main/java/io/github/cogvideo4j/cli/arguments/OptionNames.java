package io.github.cogvideo4j.cli.arguments;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;

/// The spellings of options: every `--long-option` may also be written `--long_option`, as in the scripts that
/// people used before. Only a name that becomes one of ours is touched, never a value.
public final class OptionNames {
    private static final String END_OF_OPTIONS = "--";

    private final Set<String> names;

    private OptionNames(Set<String> names) {
        this.names = names;
    }

    /// The option names of a command and of all commands below it.
    public static OptionNames of(CommandLine commandLine) {
        Set<String> names = new HashSet<>();
        List<CommandLine> waiting = new ArrayList<>(List.of(commandLine));
        while (!waiting.isEmpty()) {
            CommandLine next = waiting.removeLast();
            names.addAll(next.getCommandSpec().optionsMap().keySet());
            names.addAll(next.getCommandSpec().negatedOptionsMap().keySet());
            waiting.addAll(next.getSubcommands().values());
        }
        return new OptionNames(names);
    }

    /// The words with every option name in the spelling that the parser knows.
    public List<String> canonical(List<String> words) {
        int end = words.indexOf(END_OF_OPTIONS);
        int options = end < 0 ? words.size() : end;
        List<String> result = new ArrayList<>(words.size());
        words.subList(0, options).forEach(word -> result.add(canonical(word)));
        result.addAll(words.subList(options, words.size()));
        return result;
    }

    private String canonical(String word) {
        if (!word.startsWith("--")) {
            return word;
        }
        int equals = word.indexOf('=');
        String name = equals < 0 ? word : word.substring(0, equals);
        String kebab = name.replace('_', '-');
        return !names.contains(name) && names.contains(kebab) ? kebab + word.substring(name.length()) : word;
    }
}

package io.github.cogvideo4j.cli.completion;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The completion script for fish, which picocli does not make: the commands, and each command's options with their
/// words or, where they take a path, files.
final class FishCompletion {
    private final String program;
    private final Map<String, CommandLine> commands = new LinkedHashMap<>();

    FishCompletion(String program, CommandLine commandLine) {
        this.program = program;
        collect("", commandLine);
    }

    private void collect(String path, CommandLine command) {
        commands.put(path, command);
        command.getSubcommands().forEach((name, sub) -> collect((path + " " + name).strip(), sub));
    }

    String script() {
        List<String> lines = new ArrayList<>();
        lines.add("# Completion for fish: copy this file to ~/.config/fish/completions.");
        lines.addAll(pathFunction());
        commands.forEach((path, command) -> {
            String condition = "-n '__" + program + "_at" + (path.isEmpty() ? "" : " " + path) + "'";
            command.getSubcommands()
                    .forEach((name, sub) ->
                            lines.add(line(condition, "-f -a " + quoted(name), summary(sub.getCommandSpec()))));
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (!option.hidden()) {
                    lines.add(line(condition, names(option) + values(option), first(option.description())));
                }
            }
        });
        return String.join("\n", lines) + "\n";
    }

    /// Whether the commands on the line so far are the given ones. Values of options are words like others: a folder
    /// that is called like a command misleads it, which costs nothing but a suggestion.
    private List<String> pathFunction() {
        String known = commands.keySet().stream()
                .filter(path -> !path.isEmpty())
                .map(FishCompletion::quoted)
                .collect(Collectors.joining(" "));
        return """
                function __%1$s_at
                    set -l at ''
                    for word in (commandline -opc)[2..-1]
                        set -l next (string trim -- "$at $word")
                        if contains -- "$next" %2$s
                            set at "$next"
                        end
                    end
                    test "$at" = "$argv"
                end""".formatted(program, known).lines().toList();
    }

    private String line(String condition, String what, String description) {
        String line = "complete -c " + program + " " + condition + " " + what;
        return description.isEmpty() ? line : line + " -d " + quoted(description);
    }

    private static String names(OptionSpec option) {
        StringJoiner names = new StringJoiner(" ");
        for (String name : new TreeSet<>(List.of(option.names()))) {
            names.add(name.startsWith("--") ? "-l " + name.substring(2) : "-s " + name.substring(1));
        }
        if (option.negatable()) {
            names.add("-l no-" + option.longestName().substring(2));
        }
        return names.toString();
    }

    private static String values(OptionSpec option) {
        if (option.arity().max() == 0) {
            return "";
        }
        if (option.completionCandidates() != null) {
            return " -x -a " + quoted(String.join(" ", option.completionCandidates()));
        }
        // Of an Optional or a list, what it holds.
        boolean path = Stream.concat(Stream.of(option.type()), Stream.of(option.auxiliaryTypes()))
                .anyMatch(Path.class::isAssignableFrom);
        return path ? " -r" : " -x";
    }

    private static String summary(CommandSpec command) {
        return first(command.usageMessage().description());
    }

    /// The first line of a help text, in which picocli writes `%%` for a percent sign.
    private static String first(String[] description) {
        return description.length == 0
                ? ""
                : description[0]
                        .replace("%n", "\n")
                        .replace("%%", "%")
                        .lines()
                        .findFirst()
                        .orElse("");
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}

package io.github.cogvideo4j.cli.arguments;

import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.ParseResult;

/// Arguments that are there and empty, as an unset variable in a script makes them. An empty path would be the current
/// folder. Only a text may be empty.
public final class EmptyValues {
    private static final String TEXT = "TEXT";

    private EmptyValues() {}

    /// The first argument of a command line, commands below included, that is empty and may not be.
    public static Optional<ArgSpec> first(ParseResult parsed) {
        Optional<ArgSpec> here = Stream.concat(parsed.matchedOptions().stream(), parsed.matchedPositionals().stream())
                .map(ArgSpec.class::cast)
                .filter(argument -> !argument.paramLabel().equals(TEXT))
                // An option whose value may be left out has an empty one then.
                .filter(argument -> !argument.isOption() || argument.arity().min() > 0)
                .filter(argument -> argument.originalStringValues().stream().anyMatch(String::isEmpty))
                .findFirst();
        return here.or(() -> parsed.hasSubcommand() ? first(parsed.subcommand()) : Optional.empty());
    }
}

package io.github.cogvideo4j.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The arguments of a measurement's main class: `--name value`, `--flag`, and what stands alone.
public final class Arguments {
    private final Map<String, String> options = new HashMap<>();
    private final List<String> operands = new ArrayList<>();

    private Arguments() {}

    /// Parses arguments.
    ///
    /// @param args  the arguments
    /// @param flags the names that take no value
    public static Arguments parse(String[] args, String... flags) {
        Arguments arguments = new Arguments();
        Set<String> withoutValue = Set.of(flags);
        for (int i = 0; i < args.length; i++) {
            if (!args[i].startsWith("--")) {
                arguments.operands.add(args[i]);
            } else if (withoutValue.contains(args[i].substring(2))) {
                arguments.options.put(args[i].substring(2), "");
            } else if (i + 1 < args.length) {
                arguments.options.put(args[i].substring(2), args[++i]);
            } else {
                throw new IllegalArgumentException(args[i] + " needs a value");
            }
        }
        return arguments;
    }

    /// The value of an option, or what it is when absent.
    public String get(String name, String absent) {
        return options.getOrDefault(name, absent);
    }

    /// Whether a flag was given.
    public boolean has(String name) {
        return options.containsKey(name);
    }

    /// What stands alone.
    public List<String> operands() {
        return List.copyOf(operands);
    }

    /// The only argument that stands alone.
    ///
    /// @param name what to call it in the error
    public String only(String name) {
        if (operands.size() != 1) {
            throw new IllegalArgumentException("expected one " + name + ", found " + operands);
        }
        return operands.getFirst();
    }
}

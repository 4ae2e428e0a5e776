package io.github.cogvideo4j.checkpoints.internal.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A name of a state dict, or the beginning of one when it ends with a dot; `N` between dots stands for any
/// number. `blocks.N.attn2.` is found in `model.blocks.11.attn2.to_q.weight`, after the wrapper `model.`.
record NamePattern(String text, Pattern pattern) {
    static NamePattern of(String text) {
        String regex = Arrays.stream(text.split("\\.", -1))
                .map(part -> part.equals("N") ? "[0-9]{1,6}" : Pattern.quote(part))
                .collect(Collectors.joining("\\."));
        return new NamePattern(text, Pattern.compile(regex + (text.endsWith(".") ? "" : "$")));
    }

    /// Whether the name has it right after a wrapper.
    boolean matches(String name, String wrapper) {
        return name.startsWith(wrapper)
                && pattern.matcher(name).region(wrapper.length(), name.length()).lookingAt();
    }

    /// What stands before it in a name, for every place where it occurs.
    List<String> wrappers(String name) {
        List<String> wrappers = new ArrayList<>();
        Matcher matcher = pattern.matcher(name);
        for (int from = 0; from <= name.length() && matcher.find(from); from = matcher.start() + 1) {
            wrappers.add(name.substring(0, matcher.start()));
        }
        return wrappers;
    }
}

package io.github.cogvideo4j.checkpoints.internal.source.sat;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The place of the rows of a diffusers module in SAT: all of a module's, or some of the equal parts that a fused
/// module divides into.
///
/// A `*` in a name stands for the number of the layer.
///
/// @param diffusers the module in diffusers
/// @param sat       the module in SAT
/// @param outOf     how many equal parts the rows of SAT's module have
/// @param parts     which of them, in the order in which diffusers has them
record ModuleRule(Name diffusers, Name sat, int outOf, List<Integer> parts) {
    /// A module under another name.
    static ModuleRule same(String diffusers, String sat) {
        return part(diffusers, sat, 1, 0);
    }

    /// Some parts of a fused module.
    static ModuleRule part(String diffusers, String sat, int outOf, int... parts) {
        return new ModuleRule(
                new Name(diffusers),
                new Name(sat),
                outOf,
                IntStream.of(parts).boxed().toList());
    }

    /// A module's name with a place for the layer.
    ///
    /// @param text the name, with `*` for the layer
    record Name(String text, Pattern pattern) {
        Name(String text) {
            this(text, Pattern.compile(Pattern.quote(text).replace("*", "\\E(\\d{1,4})\\Q") + "(\\.weight|\\.bias)?"));
        }

        boolean hasLayer() {
            return text.indexOf('*') >= 0;
        }

        /// Which tensor of the module a key is.
        Optional<Tensor> match(String key) {
            Matcher matcher = pattern.matcher(key);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            int layer = hasLayer() ? Integer.parseInt(matcher.group(1)) : 0;
            String tail = matcher.group(matcher.groupCount());
            return Optional.of(new Tensor(layer, tail == null ? "" : tail));
        }

        String key(Tensor tensor) {
            return text.replace("*", String.valueOf(tensor.layer())) + tensor.tail();
        }
    }

    /// A tensor of a module.
    ///
    /// @param layer the layer's number, 0 for a module outside the layers
    /// @param tail  `.weight`, `.bias` or nothing
    record Tensor(int layer, String tail) {}
}

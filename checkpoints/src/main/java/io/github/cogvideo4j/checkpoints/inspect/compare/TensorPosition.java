package io.github.cogvideo4j.checkpoints.inspect.compare;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where in the transformer a tensor belongs, read off its name.
///
/// @param block the block, for what is in one
/// @param kind  what it does
/// @param module the module that it is a part of: its name without the last step
public record TensorPosition(OptionalInt block, LayerKind kind, String module) {
    private static final Pattern IN_BLOCK =
            Pattern.compile("(?:transformer_blocks|blocks|layers)\\.(\\d{1,4})\\.(.+)", Pattern.DOTALL);

    /// The position of a tensor of this name.
    public static TensorPosition of(String name) {
        int dot = name.lastIndexOf('.');
        String module = dot < 0 ? name : name.substring(0, dot);
        Matcher inBlock = IN_BLOCK.matcher(name);
        return inBlock.matches()
                ? new TensorPosition(
                        OptionalInt.of(Integer.parseInt(inBlock.group(1))),
                        LayerKind.of(inBlock.group(2), true),
                        module)
                : new TensorPosition(OptionalInt.empty(), LayerKind.of(name, false), module);
    }
}

package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A tensor that both sides have, and how far it moved.
///
/// @param name       its key
/// @param position   where it belongs
/// @param shape      its sizes
/// @param modelDType how the model stores it
/// @param baseDType  how the base stores it
/// @param change     how far it moved
public record TensorChange(
        String name, TensorPosition position, Shape shape, DType modelDType, DType baseDType, ValueChange change) {
    /// The norm of the difference over the norm of the base.
    public double relative() {
        return change.relative();
    }

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

    /// What a tensor of a CogVideoX transformer does.
    public enum LayerKind {
        /// Attention: queries.
        TO_Q(true, "attn1.to_q"),
        /// Attention: keys.
        TO_K(true, "attn1.to_k"),
        /// Attention: values.
        TO_V(true, "attn1.to_v"),
        /// Attention: output.
        TO_OUT(true, "attn1.to_out"),
        /// Feed-forward: into the wide layer.
        FF_IN(true, "ff.net.0"),
        /// Feed-forward: out of it.
        FF_OUT(true, "ff.net.2"),
        /// Layer norms, those of queries and keys included.
        NORM(true, "attn1.norm_q", "attn1.norm_k", "norm1.norm", "norm2.norm"),
        /// The adaLN modulation: shift, scale and gate from the time embedding.
        MODULATION(true, "norm1.linear", "norm2.linear"),
        /// Patches, text, time and camera motion before the blocks.
        EMBEDDING(false, "patch_embed", "time_embedding", "ofs_embedding"),
        /// The final norms and the projection behind the blocks.
        OUTPUT(false, "norm_final", "norm_out", "proj_out"),
        /// Anything else.
        OTHER(false);

        private final boolean inBlocks;

        @SuppressWarnings("ImmutableEnumChecker") // made by List.of
        private final List<String> modules;

        LayerKind(boolean inBlocks, String... modules) {
            this.inBlocks = inBlocks;
            this.modules = List.of(modules);
        }

        /// Whether it is a part of every block.
        public boolean inBlocks() {
            return inBlocks;
        }

        /// Its name in JSON: `to_q`.
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Its name for people.
        public Message title() {
            return Message.of("checkpoints.layer." + id().replace('_', '-'));
        }

        /// The kind of a tensor.
        ///
        /// @param name  its name, within its block if it is in one
        /// @param block whether it is in one
        public static LayerKind of(String name, boolean block) {
            return Arrays.stream(values())
                    .filter(kind ->
                            kind.inBlocks == block && kind.modules.stream().anyMatch(module -> isIn(name, module)))
                    .findFirst()
                    .orElse(OTHER);
        }

        private static boolean isIn(String name, String module) {
            return name.startsWith(module) && (name.length() == module.length() || name.charAt(module.length()) == '.');
        }
    }
}

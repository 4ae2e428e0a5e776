package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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

    /// Where in a model a tensor belongs, read off its name.
    ///
    /// @param block  the block, for what is in one
    /// @param kind   what it does
    /// @param module the module that it is a part of: its name without the last step
    public record TensorPosition(Optional<Block> block, LayerKind kind, String module) {
        /// The first list of blocks in a name; blocks of some models (UNets) have lists of their own.
        private static final Pattern IN_BLOCK =
                Pattern.compile("(?<list>(?:[^.]+\\.)*?[^.]+)\\.(?<number>\\d{1,4})\\.(?<rest>.+)", Pattern.DOTALL);

        private static final Pattern LIST = Pattern.compile("(?:.*_)?blocks?|(?:.*_)?layers|.*_refiner");

        /// One of a list of blocks.
        ///
        /// @param list   the list's name: `transformer_blocks`
        /// @param number its place in it, from 0
        public record Block(String list, int number) {}

        /// The position of a tensor of this name.
        public static TensorPosition of(String name) {
            int dot = name.lastIndexOf('.');
            String module = dot < 0 ? name : name.substring(0, dot);
            Matcher inBlock = IN_BLOCK.matcher(name);
            if (inBlock.matches() && isList(inBlock.group("list"))) {
                Block block = new Block(inBlock.group("list"), Integer.parseInt(inBlock.group("number")));
                return new TensorPosition(Optional.of(block), LayerKind.of(inBlock.group("rest"), true), module);
            }
            return new TensorPosition(Optional.empty(), LayerKind.of(name, false), module);
        }

        private static boolean isList(String list) {
            return LIST.matcher(list.substring(list.lastIndexOf('.') + 1)).matches() || Families.isBlockList(list);
        }
    }

    /// The role of a tensor. The modules of each kind are in `families.json`.
    public enum LayerKind {
        /// Self-attention or joint attention: queries.
        TO_Q(true),
        /// Self-attention or joint attention: keys.
        TO_K(true),
        /// Self-attention or joint attention: values.
        TO_V(true),
        /// Self-attention or joint attention: output.
        TO_OUT(true),
        /// Attention to the text, where it is a layer of its own.
        CROSS(true),
        /// Feed-forward: into the wide layer.
        FF_IN(true),
        /// Feed-forward: out of it.
        FF_OUT(true),
        /// Layer norms, those of queries and keys included.
        NORM(true),
        /// The modulation by the time embedding: shift, scale and gate.
        MODULATION(true),
        /// Patches, text, time and camera motion before the blocks.
        EMBEDDING(false),
        /// The final norms and the projection behind the blocks.
        OUTPUT(false),
        /// Anything else.
        OTHER(false);

        private final boolean inBlocks;

        LayerKind(boolean inBlocks) {
            this.inBlocks = inBlocks;
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

        /// The kind of a tensor: that of the longest module's name in its own.
        ///
        /// @param name  its name, within its block if it is in one
        /// @param block whether it is in one
        public static LayerKind of(String name, boolean block) {
            LayerKind found = OTHER;
            int longest = 0;
            for (LayerKind kind : values()) {
                for (String module : kind.inBlocks == block ? Families.modulesOf(kind.id()) : List.<String>of()) {
                    if (module.length() > longest && isIn(name, module, block)) {
                        found = kind;
                        longest = module.length();
                    }
                }
            }
            return found;
        }

        /// Blocks nest; what is around them begins with its module.
        private static boolean isIn(String name, String module, boolean block) {
            return block
                    ? ("." + name + ".").contains("." + module + ".")
                    : name.equals(module) || name.startsWith(module + ".");
        }
    }
}

package io.github.cogvideo4j.checkpoints.inspect.compare;

import io.github.cogvideo4j.formats.problem.Message;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

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
                .filter(kind -> kind.inBlocks == block && kind.modules.stream().anyMatch(module -> isIn(name, module)))
                .findFirst()
                .orElse(OTHER);
    }

    private static boolean isIn(String name, String module) {
        return name.startsWith(module) && (name.length() == module.length() || name.charAt(module.length()) == '.');
    }
}

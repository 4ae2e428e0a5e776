package io.github.cogvideo4j.checkpoints.internal.source.sat;

import static io.github.cogvideo4j.checkpoints.internal.source.sat.ModuleRule.part;
import static io.github.cogvideo4j.checkpoints.internal.source.sat.ModuleRule.same;

import java.util.List;

/// The names of the transformer and of its adapter.
///
/// Facts: CogVideo's `convert_weight_sat2hf.py` and `export_sat_lora_weight.py`. One modulation of a layer
/// gives shift, scale and gate for attention and feed-forward of the video, then the same of the text: twelve
/// parts, of which diffusers keeps those of the attention (0-2, 6-8) in `norm1` and those of the feed-forward
/// (3-5, 9-11) in `norm2`.
final class SatTransformer {
    /// The position table, a module of its own in both.
    static final String POSITION_TABLE = "mixins.pos_embed.pos_embedding";

    private static final String MODULATION = "mixins.adaln_layer.adaLN_modulations.*.1";
    private static final String FUSED = "transformer.layers.*.attention.query_key_value";
    private static final String DENSE = "transformer.layers.*.attention.dense";

    static final RuleTable NAMES = new RuleTable(List.of(
            same("patch_embed.pos_embedding", POSITION_TABLE),
            same("patch_embed.proj", "mixins.patch_embed.proj"),
            same("patch_embed.text_proj", "mixins.patch_embed.text_proj"),
            same("time_embedding.linear_1", "time_embed.0"),
            same("time_embedding.linear_2", "time_embed.2"),
            same("ofs_embedding.linear_1", "ofs_embed.0"),
            same("ofs_embedding.linear_2", "ofs_embed.2"),
            part("transformer_blocks.*.norm1.linear", MODULATION, 12, 0, 1, 2, 6, 7, 8),
            same("transformer_blocks.*.norm1.norm", "transformer.layers.*.input_layernorm"),
            same("transformer_blocks.*.attn1.norm_q", "mixins.adaln_layer.query_layernorm_list.*"),
            same("transformer_blocks.*.attn1.norm_k", "mixins.adaln_layer.key_layernorm_list.*"),
            part("transformer_blocks.*.attn1.to_q", FUSED, 3, 0),
            part("transformer_blocks.*.attn1.to_k", FUSED, 3, 1),
            part("transformer_blocks.*.attn1.to_v", FUSED, 3, 2),
            same("transformer_blocks.*.attn1.to_out.0", DENSE),
            part("transformer_blocks.*.norm2.linear", MODULATION, 12, 3, 4, 5, 9, 10, 11),
            same("transformer_blocks.*.norm2.norm", "transformer.layers.*.post_attention_layernorm"),
            same("transformer_blocks.*.ff.net.0.proj", "transformer.layers.*.mlp.dense_h_to_4h"),
            same("transformer_blocks.*.ff.net.2", "transformer.layers.*.mlp.dense_4h_to_h"),
            same("norm_final", "transformer.final_layernorm"),
            same("norm_out.linear", "mixins.final_layer.adaLN_modulation.1"),
            same("norm_out.norm", "mixins.final_layer.norm_final"),
            same("proj_out", "mixins.final_layer.linear")));

    static final RuleTable ADAPTER_NAMES = new RuleTable(List.of(
            same("transformer.transformer_blocks.*.attn1.to_q.lora_A.weight", FUSED + ".matrix_A.0"),
            same("transformer.transformer_blocks.*.attn1.to_q.lora_B.weight", FUSED + ".matrix_B.0"),
            same("transformer.transformer_blocks.*.attn1.to_k.lora_A.weight", FUSED + ".matrix_A.1"),
            same("transformer.transformer_blocks.*.attn1.to_k.lora_B.weight", FUSED + ".matrix_B.1"),
            same("transformer.transformer_blocks.*.attn1.to_v.lora_A.weight", FUSED + ".matrix_A.2"),
            same("transformer.transformer_blocks.*.attn1.to_v.lora_B.weight", FUSED + ".matrix_B.2"),
            same("transformer.transformer_blocks.*.attn1.to_out.0.lora_A.weight", DENSE + ".matrix_A.0"),
            same("transformer.transformer_blocks.*.attn1.to_out.0.lora_B.weight", DENSE + ".matrix_B.0")));

    /// Tables that are computed again whenever the model is built; diffusers has no place for them.
    private static final List<String> COMPUTED =
            List.of("freqs_sin", "freqs_cos", "position_embedding", "embed_tokens");

    private SatTransformer() {}

    /// Whether a tensor is a table that diffusers computes.
    static boolean isComputed(String name) {
        return !name.equals(POSITION_TABLE) && COMPUTED.stream().anyMatch(name::contains);
    }
}

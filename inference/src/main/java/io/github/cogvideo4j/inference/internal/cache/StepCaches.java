package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.options.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The step caches by the names under which they are asked for. Names of settings and defaults are those of
/// diffusers and of TeaCache, except where the defaults there do nothing for CogVideoX.
public final class StepCaches {
    private static final double LARGEST = 1_000_000;
    private static final int MOST_ORDERS = 8;

    private static final Map<String, Function<CacheValues, CacheSettings>> KINDS = new LinkedHashMap<>();

    static {
        KINDS.put("first-block", values -> new FirstBlockCache.Settings(values.number("threshold", 0.05, 0, LARGEST)));
        KINDS.put("pab", StepCaches::pyramid);
        KINDS.put("faster", StepCaches::faster);
        KINDS.put("taylor", StepCaches::taylor);
        KINDS.put("mag", StepCaches::mag);
        KINDS.put("tea", StepCaches::tea);
    }

    private StepCaches() {}

    /// All names.
    public static List<String> names() {
        return List.copyOf(KINDS.keySet());
    }

    /// The settings of a cache.
    ///
    /// @param name   one of [#names()]
    /// @param values its settings by their names, as text; what is left out has its default
    /// @throws io.github.cogvideo4j.checkpoints.InvalidRequestException when there is no such cache, no such
    /// setting, or an invalid value
    public static CacheSettings settings(String name, Map<String, String> values) {
        Function<CacheValues, CacheSettings> kind = KINDS.get(name);
        if (kind == null) {
            throw CacheValues.problem("inference.cache.name", name, names());
        }
        CacheValues read = new CacheValues(name, values);
        CacheSettings settings = kind.apply(read);
        read.requireAllKnown();
        return settings;
    }

    private static CacheSettings pyramid(CacheValues values) {
        return new PyramidAttention.Settings(
                values.count("spatial_attention_block_skip_range", 2, 1),
                values.range("spatial_attention_timestep_skip_range", 100, 800));
    }

    /// The wrapper's way when one of its own settings is given.
    private static CacheSettings faster(CacheValues values) {
        if (values.hasAny("start_step", "lf_step", "hf_step", "num_blocks_to_cache")) {
            return new WrapperFasterCache.Settings(
                    values.count("start_step", 15, 1),
                    values.count("lf_step", 40, 0),
                    values.count("hf_step", 30, 0),
                    values.count("num_blocks_to_cache", Integer.MAX_VALUE, 0));
        }
        // how the reference flattens frames; the result is the same
        values.word("tensor_format", "bfchw", Map.of("bcfhw", 0, "bfchw", 0, "bchw", 0));
        return new FasterCache.Settings(
                values.number("attention_weight", 0.5, -LARGEST, LARGEST),
                values.count("spatial_attention_block_skip_range", 2, 1),
                values.range("spatial_attention_timestep_skip_range", -1, 681),
                values.count("unconditional_batch_skip_range", 5, 1),
                values.range("unconditional_batch_timestep_skip_range", -1, 641),
                new FasterCache.Growth(
                        values.number("alpha_low_frequency", 1.1, 0, LARGEST),
                        values.range("low_frequency_weight_update_timestep_range", 99, 901)),
                new FasterCache.Growth(
                        values.number("alpha_high_frequency", 1.1, 0, LARGEST),
                        values.range("high_frequency_weight_update_timestep_range", -1, 301)));
    }

    private static CacheSettings taylor(CacheValues values) {
        boolean whole = values.flag("use_lite_mode");
        Set<TaylorSeer.BlockPart> parts = values.words("cache_identifiers")
                .map(names -> names.stream().map(name -> part(values, name)).collect(Collectors.toSet()))
                .orElse(Set.of(TaylorSeer.BlockPart.ATTENTION));
        return new TaylorSeer.Settings(
                values.count("cache_interval", 5, 1),
                values.count("disable_cache_before_step", 3, 0),
                values.count("disable_cache_after_step", 0),
                values.count("max_order", 1, 0, MOST_ORDERS),
                factors(values),
                whole ? Set.of(TaylorSeer.BlockPart.PREDICTION) : parts);
    }

    /// Modules of a block by the end of their names, or by a pattern that means these modules of all blocks.
    private static TaylorSeer.BlockPart part(CacheValues values, String name) {
        return switch (name.replaceAll("[\\[\\]']", "").replace("\\\\", "\\")) {
            case "attn1", "transformer_blocks\\.\\d+\\.attn1" -> TaylorSeer.BlockPart.ATTENTION;
            case "ff", "transformer_blocks\\.\\d+\\.ff" -> TaylorSeer.BlockPart.FEED_FORWARD;
            default -> throw values.refused("cache_identifiers", name, "attn1, ff, attn1/ff");
        };
    }

    private static Precision factors(CacheValues values) {
        return values.word(
                "taylor_factors_dtype",
                "bf16",
                Map.of(
                        "bf16", Precision.BF16,
                        "bfloat16", Precision.BF16,
                        "torch.bfloat16", Precision.BF16,
                        "fp16", Precision.FP16,
                        "float16", Precision.FP16,
                        "torch.float16", Precision.FP16,
                        "fp32", Precision.FP32,
                        "float32", Precision.FP32,
                        "torch.float32", Precision.FP32));
    }

    private static CacheSettings mag(CacheValues values) {
        boolean calibrates = values.flag("calibrate");
        Optional<List<Double>> ratios = values.numbers("mag_ratios");
        if (calibrates == ratios.isPresent()) {
            throw CacheValues.problem("inference.cache.mag-ratios");
        }
        return new MagCache.Settings(
                values.number("threshold", 0.06, 0, LARGEST),
                values.count("max_skip_steps", 3, 0),
                values.number("retention_ratio", 0.2, 0, 1),
                values.count("num_inference_steps", 1),
                ratios.orElse(List.of()));
    }

    private static CacheSettings tea(CacheValues values) {
        TeaCache.SkipRules rules = values.word(
                "rules",
                "teacache",
                Map.of("teacache", TeaCache.SkipRules.TEACACHE, "wrapper", TeaCache.SkipRules.WRAPPER));
        return new TeaCache.Settings(
                values.number("rel_l1_thresh", rules.defaultThreshold(), 0, LARGEST),
                values.numbers("coefficients"),
                rules);
    }
}

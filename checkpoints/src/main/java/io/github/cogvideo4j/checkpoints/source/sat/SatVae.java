package io.github.cogvideo4j.checkpoints.source.sat;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The names of the autoencoder. The shapes are the same on both sides; only the decoder's levels count in the
/// other direction: SAT's highest is the one that comes first.
///
/// Facts: CogVideo's `convert_weight_sat2hf.py`.
final class SatVae implements Translation {
    private static final Pattern BLOCK =
            Pattern.compile("(encoder\\.down|decoder\\.up)\\.(\\d{1,3})\\.block\\.(\\d{1,3})\\.(.+)");
    private static final Pattern SAMPLER =
            Pattern.compile("(encoder\\.down|decoder\\.up)\\.(\\d{1,3})\\.(?:down|up)sample\\.(.+)");
    private static final Pattern MIDDLE = Pattern.compile("(encoder|decoder)\\.mid\\.block_(\\d{1,3})\\.(.+)");

    private static final Pattern BLOCKS =
            Pattern.compile("(encoder\\.down|decoder\\.up)_blocks\\.(\\d{1,3})\\.resnets\\.(\\d{1,3})\\.(.+)");
    private static final Pattern SAMPLERS =
            Pattern.compile("(encoder\\.down|decoder\\.up)_blocks\\.(\\d{1,3})\\.(?:down|up)samplers\\.0\\.(.+)");
    private static final Pattern MIDDLES =
            Pattern.compile("(encoder|decoder)\\.mid_block\\.resnets\\.(\\d{1,3})\\.(.+)");

    /// What has the same name on both sides.
    private static final Pattern SHARED =
            Pattern.compile("(?:(?:encoder|decoder)\\.(?:conv_in|conv_out|norm_out)|quant_conv|post_quant_conv)\\..+");

    private static final Pattern SAT_LEVEL = Pattern.compile("decoder\\.up\\.(\\d{1,3})\\..+");
    private static final Pattern DIFFUSERS_LEVEL = Pattern.compile("decoder\\.up_blocks\\.(\\d{1,3})\\..+");

    /// The adversary and the weights of the training's losses.
    static final String LOSS = "loss.";

    /// Whether names without a prefix are an autoencoder's in SAT.
    static boolean recognises(Collection<String> names) {
        return names.stream().anyMatch(name -> BLOCK.matcher(name).matches());
    }

    @Override
    public List<StateEntry> toDiffusers(List<StateEntry> entries, Place place) {
        int top = top(entries, SAT_LEVEL);
        return renamed(entries, name -> diffusersName(name, top), place);
    }

    @Override
    public List<StateEntry> toSat(List<StateEntry> entries, Place place) {
        int top = top(entries, DIFFUSERS_LEVEL);
        return renamed(entries, name -> satName(name, top), place);
    }

    private static List<StateEntry> renamed(List<StateEntry> entries, UnaryOperator<String> rename, Place place) {
        Translation.refuse(
                entries.stream()
                        .filter(entry -> rename.apply(entry.name()).isEmpty())
                        .toList(),
                place);
        return Translation.unique(
                entries.stream()
                        .map(entry -> entry.withName(rename.apply(entry.name())))
                        .toList(),
                place);
    }

    /// The decoder's highest level.
    private static int top(List<StateEntry> entries, Pattern level) {
        return entries.stream()
                .map(entry -> level.matcher(entry.name()))
                .filter(Matcher::matches)
                .mapToInt(match -> Integer.parseInt(match.group(1)))
                .max()
                .orElse(0);
    }

    /// Empty for a name that means nothing.
    private static String diffusersName(String name, int top) {
        Matcher block = BLOCK.matcher(name);
        if (block.matches()) {
            return "%s_blocks.%d.resnets.%d.%s"
                    .formatted(
                            block.group(1),
                            level(block, top),
                            Integer.parseInt(block.group(3)),
                            block.group(4).replace("nin_shortcut", "conv_shortcut"));
        }
        Matcher sampler = SAMPLER.matcher(name);
        if (sampler.matches()) {
            return "%s_blocks.%d.%ssamplers.0.%s"
                    .formatted(sampler.group(1), level(sampler, top), direction(sampler), sampler.group(3));
        }
        Matcher middle = MIDDLE.matcher(name);
        if (middle.matches() && Integer.parseInt(middle.group(2)) > 0) {
            return "%s.mid_block.resnets.%d.%s"
                    .formatted(middle.group(1), Integer.parseInt(middle.group(2)) - 1, middle.group(3));
        }
        return SHARED.matcher(name).matches() ? name : "";
    }

    private static String satName(String name, int top) {
        Matcher block = BLOCKS.matcher(name);
        if (block.matches()) {
            return "%s.%d.block.%d.%s"
                    .formatted(
                            block.group(1),
                            level(block, top),
                            Integer.parseInt(block.group(3)),
                            block.group(4).replace("conv_shortcut", "nin_shortcut"));
        }
        Matcher sampler = SAMPLERS.matcher(name);
        if (sampler.matches()) {
            return "%s.%d.%ssample.%s"
                    .formatted(sampler.group(1), level(sampler, top), direction(sampler), sampler.group(3));
        }
        Matcher middle = MIDDLES.matcher(name);
        if (middle.matches()) {
            return "%s.mid.block_%d.%s"
                    .formatted(middle.group(1), Integer.parseInt(middle.group(2)) + 1, middle.group(3));
        }
        return SHARED.matcher(name).matches() ? name : "";
    }

    private static String direction(Matcher match) {
        return match.group(1).endsWith("down") ? "down" : "up";
    }

    private static int level(Matcher match, int top) {
        int level = Integer.parseInt(match.group(2));
        return match.group(1).endsWith("down") ? level : top - level;
    }
}

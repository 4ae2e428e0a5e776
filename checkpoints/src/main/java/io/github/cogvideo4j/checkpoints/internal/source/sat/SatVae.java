package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The names of the autoencoder. The shapes are the same on both sides; only the decoder's levels count in the
/// other direction: SAT's highest is the one that comes first.
///
/// Facts: CogVideo's `convert_weight_sat2hf.py`.
final class SatVae implements Translation {
    /// How one side writes the names that differ. Groups: half of the model, level, layer, rest.
    ///
    /// @param block    a resnet of a level
    /// @param sampler  what joins a level to the next; groups: half, level, rest
    /// @param middle   a resnet of the middle; groups: half, number, rest
    /// @param top      anything of a level of the decoder; group: the level
    /// @param shortcut what a resnet calls the convolution around itself
    /// @param first    the number of the first resnet of the middle
    /// @param writing  the block, the sampler and the middle as they are written
    private record Spelling(
            Pattern block, Pattern sampler, Pattern middle, Pattern top, String shortcut, int first, Writing writing) {}

    private record Writing(String block, String sampler, String middle) {}

    private static final Spelling SAT = new Spelling(
            Pattern.compile("(encoder\\.down|decoder\\.up)\\.(\\d{1,3})\\.block\\.(\\d{1,3})\\.(.+)"),
            Pattern.compile("(encoder\\.down|decoder\\.up)\\.(\\d{1,3})\\.(?:down|up)sample\\.(.+)"),
            Pattern.compile("(encoder|decoder)\\.mid\\.block_(\\d{1,3})\\.(.+)"),
            Pattern.compile("decoder\\.up\\.(\\d{1,3})\\..+"),
            "nin_shortcut",
            1,
            new Writing("%s.%d.block.%d", "%s.%d.%ssample", "%s.mid.block_%d"));

    private static final Spelling DIFFUSERS = new Spelling(
            Pattern.compile("(encoder\\.down|decoder\\.up)_blocks\\.(\\d{1,3})\\.resnets\\.(\\d{1,3})\\.(.+)"),
            Pattern.compile("(encoder\\.down|decoder\\.up)_blocks\\.(\\d{1,3})\\.(?:down|up)samplers\\.0\\.(.+)"),
            Pattern.compile("(encoder|decoder)\\.mid_block\\.resnets\\.(\\d{1,3})\\.(.+)"),
            Pattern.compile("decoder\\.up_blocks\\.(\\d{1,3})\\..+"),
            "conv_shortcut",
            0,
            new Writing("%s_blocks.%d.resnets.%d", "%s_blocks.%d.%ssamplers.0", "%s.mid_block.resnets.%d"));

    /// What has the same name on both sides.
    private static final Pattern SHARED =
            Pattern.compile("(?:(?:encoder|decoder)\\.(?:conv_in|conv_out|norm_out)|quant_conv|post_quant_conv)\\..+");

    /// The adversary and the weights of the training's losses.
    static final String LOSS = "loss.";

    /// Whether names without a prefix are an autoencoder's in SAT.
    static boolean recognises(Collection<String> names) {
        return names.stream().anyMatch(name -> SAT.block().matcher(name).matches());
    }

    @Override
    public List<StateEntry> toDiffusers(List<StateEntry> entries, Place place) {
        return renamed(entries, SAT, DIFFUSERS, place);
    }

    @Override
    public List<StateEntry> toSat(List<StateEntry> entries, Place place) {
        return renamed(entries, DIFFUSERS, SAT, place);
    }

    private static List<StateEntry> renamed(List<StateEntry> entries, Spelling from, Spelling to, Place place) {
        int top = entries.stream()
                .map(entry -> from.top().matcher(entry.name()))
                .filter(Matcher::matches)
                .mapToInt(match -> Integer.parseInt(match.group(1)))
                .max()
                .orElse(0);
        List<StateEntry> renamed = new ArrayList<>();
        List<StateEntry> unknown = new ArrayList<>();
        for (StateEntry entry : entries) {
            Optional<String> name = name(entry.name(), from, to, top);
            name.ifPresentOrElse(known -> renamed.add(entry.withName(known)), () -> unknown.add(entry));
        }
        Translation.refuse(unknown, place);
        return Translation.unique(renamed, place);
    }

    /// Empty for an unknown name.
    private static Optional<String> name(String name, Spelling from, Spelling to, int top) {
        Matcher block = from.block().matcher(name);
        if (block.matches()) {
            int layer = Integer.parseInt(block.group(3));
            return Optional.of(to.writing().block().formatted(block.group(1), level(block, top), layer) + "."
                    + block.group(4).replace(from.shortcut(), to.shortcut()));
        }
        Matcher sampler = from.sampler().matcher(name);
        if (sampler.matches()) {
            String half = sampler.group(1);
            String direction = half.endsWith("down") ? "down" : "up";
            return Optional.of(
                    to.writing().sampler().formatted(half, level(sampler, top), direction) + "." + sampler.group(3));
        }
        Matcher middle = from.middle().matcher(name);
        if (middle.matches()) {
            int number = Integer.parseInt(middle.group(2)) - from.first();
            return Optional.of(to.writing().middle().formatted(middle.group(1), number + to.first()) + "."
                            + middle.group(3))
                    .filter(_ -> number >= 0);
        }
        return Optional.of(name).filter(same -> SHARED.matcher(same).matches());
    }

    private static int level(Matcher match, int top) {
        int level = Integer.parseInt(match.group(2));
        return match.group(1).endsWith("down") ? level : top - level;
    }
}

package io.github.cogvideo4j.cluster.internal.row;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What every row is multiplied by: seeds, and values of settings.
///
/// @param seeds   the seeds of rows that say none; empty for the default's one
/// @param grid    the values of settings, each with every other
/// @param samples how many videos each prompt has in VBench; their seeds are drawn from the prompt, so that they are
///                the same whenever they are drawn
public record Expansion(List<Long> seeds, Map<String, List<String>> grid, OptionalInt samples) {
    private static final Pattern RANGE = Pattern.compile("(-?\\d{1,18})(?:\\.\\.(-?\\d{1,18}))?");
    private static final int MOST = 100_000;

    /// Seeds as they are written: `0..4`, `1,5,9`, `0..2,7`.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static List<Long> seeds(String text) {
        List<Long> seeds = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            Matcher matcher = RANGE.matcher(part.strip());
            if (!matcher.matches()) {
                throw bad("cluster.seeds", text);
            }
            long first = Long.parseLong(matcher.group(1));
            long last = matcher.group(2) == null ? first : Long.parseLong(matcher.group(2));
            if (last < first || last - first >= MOST - seeds.size()) {
                throw bad("cluster.seeds", text);
            }
            LongStream.rangeClosed(first, last).forEach(seeds::add);
        }
        return seeds;
    }

    /// The rows that a row comes to, each with its seed.
    ///
    /// @param usual the seed where nothing says one
    /// @throws InvalidRequestException `request` when its seeds or their number cannot be used
    public List<ObjectNode> of(ObjectNode row, long usual, RowFields fields) {
        ObjectNode rest = row.deepCopy();
        JsonNode count = rest.remove("n");
        JsonNode own = rest.remove("seeds");
        List<Long> chosen = chosen(rest, own, usual);
        if (count != null) {
            if (!count.isIntegralNumber() || count.asLong(0) < 1 || count.asLong(0) > MOST) {
                throw bad("inference.request.field", "n");
            }
            requireFew((long) chosen.size() * count.asLong());
            chosen = chosen.stream()
                    .flatMap(seed ->
                            LongStream.range(seed, seed + count.asLong()).boxed())
                    .toList();
        }
        List<ObjectNode> rows = new ArrayList<>();
        for (long seed : chosen) {
            rows.add(rest.deepCopy().put("seed", seed));
        }
        for (Map.Entry<String, List<String>> setting : grid.entrySet()) {
            requireFew((long) rows.size() * setting.getValue().size());
            List<ObjectNode> more = new ArrayList<>();
            for (ObjectNode before : rows) {
                for (String value : setting.getValue()) {
                    ObjectNode one = before.deepCopy();
                    fields.put(one, setting.getKey(), value);
                    more.add(one);
                }
            }
            rows = more;
        }
        return rows;
    }

    private static void requireFew(long results) {
        if (results > MOST) {
            throw bad("cluster.row.many", MOST);
        }
    }

    private List<Long> chosen(ObjectNode row, JsonNode own, long usual) {
        if (own != null && row.has("seed")) {
            throw bad("cluster.row.two", "seed", "seeds");
        }
        if (own != null && own.isString()) {
            return seeds(own.stringValue());
        }
        if (own != null) {
            requireFew(own.size());
            List<Long> list = new ArrayList<>();
            own.forEach(seed -> {
                if (!seed.isIntegralNumber() || !seed.canConvertToLong()) {
                    throw bad("inference.request.field", "seeds");
                }
                list.add(seed.longValue());
            });
            if (list.isEmpty()) {
                throw bad("inference.request.field", "seeds");
            }
            return list;
        }
        if (row.has("seed")) {
            if (!row.get("seed").isIntegralNumber() || !row.get("seed").canConvertToLong()) {
                throw bad("inference.request.field", "seed");
            }
            return List.of(row.get("seed").longValue());
        }
        List<Long> all = seeds.isEmpty() ? List.of(usual) : seeds;
        if (samples.isEmpty()) {
            return all;
        }
        requireFew(samples.getAsInt());
        String prompt = row.path("prompts").path(0).path("text").asString("");
        return LongStream.range(0, samples.getAsInt())
                .map(sample -> drawn(prompt, sample, all.getFirst()))
                .boxed()
                .toList();
    }

    /// Which of a prompt's samples has a seed, counted from 0.
    ///
    /// @param base the seed that they are drawn with
    public static OptionalInt sample(String prompt, long seed, int samples, long base) {
        return IntStream.range(0, samples)
                .filter(sample -> drawn(prompt, sample, base) == seed)
                .findFirst();
    }

    private static long drawn(String prompt, long sample, long seed) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256")
                    .digest((seed + "\n" + sample + "\n" + prompt).getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(hash).getInt() & Integer.MAX_VALUE;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    private static InvalidRequestException bad(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }
}

package io.github.cogvideo4j.checkpoints.internal.layout;

import io.github.cogvideo4j.checkpoints.layout.Component;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The name of a weight file or of an index, taken apart.
///
/// Spellings: `STEM[.VARIANT].EXT`, `STEM[.VARIANT]-00001-of-00002.EXT`, `STEM.EXT.index[.VARIANT].json`; and
/// the older ones, which are still read: `STEM-00001-of-00002.VARIANT.EXT`, `STEM.EXT.VARIANT.index.json`.
///
/// @param stem      what names of one set begin with: `diffusion_pytorch_model`
/// @param variant   the variant (`fp16`)
/// @param shard     which of several files it is
/// @param extension `safetensors` or `bin`
/// @param index     whether it is an index
public record WeightFileName(
        String stem, Optional<String> variant, Optional<Shard> shard, String extension, boolean index) {
    /// The file that diffusers looks for in a component's folder.
    public static final String DIFFUSERS_STEM = "diffusion_pytorch_model";

    /// The name that diffusers gives an adapter's file.
    public static final String ADAPTER = "pytorch_lora_weights.safetensors";

    /// The name that PEFT gives an adapter's file.
    public static final String PEFT_ADAPTER = "adapter_model.safetensors";

    private static final String EXTENSION = "\\.(?<extension>safetensors|bin)";
    private static final String VARIANT = "(?:\\.(?<variant>[A-Za-z0-9_]{1,32}))?";
    private static final String NUMBER = "-(?<number>\\d{5})-of-(?<count>\\d{5})";
    private static final Pattern SHARD = Pattern.compile("(?<stem>.+?)" + VARIANT + NUMBER + EXTENSION);
    private static final Pattern OLD_SHARD = Pattern.compile("(?<stem>.+?)" + NUMBER + VARIANT + EXTENSION);
    private static final Pattern INDEX = Pattern.compile("(?<stem>.+?)" + EXTENSION + "\\.index" + VARIANT + "\\.json");
    private static final Pattern OLD_INDEX = Pattern.compile("(?<stem>.+?)" + EXTENSION + VARIANT + "\\.index\\.json");
    private static final Pattern SINGLE = Pattern.compile("(?<stem>.+?)" + VARIANT + EXTENSION);

    /// One of several files.
    ///
    /// @param number which one, from 1
    /// @param count  how many there are
    public record Shard(int number, int count) {}

    /// Takes a file name apart; empty when it is no weight file's or index's.
    public static Optional<WeightFileName> parse(String name) {
        return match(INDEX, name, true)
                .or(() -> match(OLD_INDEX, name, true))
                .or(() -> match(SHARD, name, false))
                .or(() -> match(OLD_SHARD, name, false))
                .or(() -> match(SINGLE, name, false));
    }

    private static Optional<WeightFileName> match(Pattern pattern, String name, boolean index) {
        Matcher matcher = pattern.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Optional<Shard> shard = pattern == SHARD || pattern == OLD_SHARD
                ? Optional.of(
                        new Shard(Integer.parseInt(matcher.group("number")), Integer.parseInt(matcher.group("count"))))
                : Optional.empty();
        return Optional.of(new WeightFileName(
                matcher.group("stem"),
                Optional.ofNullable(matcher.group("variant")),
                shard,
                matcher.group("extension"),
                index));
    }

    /// The file name, in today's spelling.
    public String fileName() {
        String suffix = variant.map(name -> "." + name).orElse("");
        if (index) {
            return stem + "." + extension + ".index" + suffix + ".json";
        }
        return stem + suffix
                + shard.map(s -> "-%05d-of-%05d".formatted(s.number(), s.count()))
                        .orElse("") + "." + extension;
    }

    /// The name of the file that is looked for in a component's folder in place of this one.
    public String expected(Component component) {
        return new WeightFileName(component.stem(extension), variant, shard, extension, index).fileName();
    }
}

package io.github.cogvideo4j.cli.arguments;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;

/// `--keep`: `last:N`, `every:N`, `step:N`, `best:MEASURE`.
public final class KeepRuleConverter implements ITypeConverter<KeepRuleConverter.KeepWord> {
    private static final Pattern NUMBERED = Pattern.compile("(last|every|step):(\\d{1,9})");
    private static final List<String> MEASURES = List.of("flicker", "sharpness", "psnr", "ssim", "ms-ssim");

    /// A rule in the words of the command line.
    ///
    /// @param name    `last`, `every`, `step`, `best`
    /// @param number  its number; 0 of `best`
    /// @param measure of `best`, what is measured; else empty
    public record KeepWord(String name, int number, String measure) {}

    @Override
    public KeepWord convert(String value) {
        String word = value.toLowerCase(Locale.ROOT);
        Matcher numbered = NUMBERED.matcher(word);
        if (numbered.matches()) {
            int number = Integer.parseInt(numbered.group(2));
            if (number > 0 || numbered.group(1).equals("step")) {
                return new KeepWord(numbered.group(1), number, "");
            }
        }
        if (word.startsWith("best:") && MEASURES.contains(word.substring("best:".length()))) {
            return new KeepWord("best", 0, word.substring("best:".length()));
        }
        throw new WrongValueException("cli.prune.rule", value, MEASURES);
    }
}

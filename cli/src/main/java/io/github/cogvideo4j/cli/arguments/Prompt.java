package io.github.cogvideo4j.cli.arguments;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What one video is to show.
///
/// @param text  in words
/// @param input the image or video that it starts from
public record Prompt(String text, Optional<Path> input) {
    private static final long LARGEST_FILE = 4L << 20;
    private static final String SEPARATOR = "@@";

    /// The prompts of a file: one on each line, `prompt` or `prompt@@image`, as in CogVideo's own test files.
    /// Empty lines are left out.
    ///
    /// @throws UsageException when it is larger than 4 MiB, no text in UTF-8, or has no prompt
    public static List<Prompt> read(Path file) throws IOException {
        if (Files.size(file) > LARGEST_FILE) {
            throw new UsageException("cli.generate.prompts-size", file, LARGEST_FILE);
        }
        List<Prompt> prompts = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(file)) {
                if (!line.isBlank()) {
                    prompts.add(of(line.strip()));
                }
            }
        } catch (MalformedInputException _) {
            throw new UsageException("cli.generate.prompts-encoding", file);
        }
        if (prompts.isEmpty()) {
            throw new UsageException("cli.generate.prompts-empty", file);
        }
        return prompts;
    }

    private static Prompt of(String line) {
        int separator = line.lastIndexOf(SEPARATOR);
        return separator < 0
                ? new Prompt(line, Optional.empty())
                : new Prompt(
                        line.substring(0, separator).strip(),
                        Optional.of(Path.of(
                                line.substring(separator + SEPARATOR.length()).strip())));
    }
}

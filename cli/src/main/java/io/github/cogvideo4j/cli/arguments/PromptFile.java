package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.PromptInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A file of prompts.
public final class PromptFile {
    private static final int LARGEST_FILE = 4 << 20;
    private static final String SEPARATOR = "@@";

    private PromptFile() {}

    /// The prompts of a file: one on each line, `prompt` or `prompt@@image`, as in CogVideo's own test files.
    /// Empty lines are left out.
    ///
    /// @throws UsageException when it is larger than 4 MiB, no text in UTF-8, or has no prompt
    public static List<PromptInput> read(Path file) throws IOException {
        List<PromptInput> prompts = new ArrayList<>();
        text(file).lines().filter(line -> !line.isBlank()).forEach(line -> prompts.add(of(file, line.strip())));
        if (prompts.isEmpty()) {
            throw new UsageException("cli.generate.prompts-empty", file);
        }
        return prompts;
    }

    /// The whole file, which may be a pipe.
    private static String text(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new UsageException("cli.generate.prompts-folder", file);
        }
        try (InputStream stream = Files.newInputStream(file)) {
            byte[] bytes = stream.readNBytes(LARGEST_FILE + 1);
            if (bytes.length > LARGEST_FILE) {
                throw new UsageException("cli.generate.prompts-size", file, LARGEST_FILE);
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException _) {
            throw new UsageException("cli.generate.prompts-encoding", file);
        }
    }

    private static PromptInput of(Path file, String line) {
        int separator = line.lastIndexOf(SEPARATOR);
        if (separator < 0) {
            return new PromptInput(line, Optional.empty());
        }
        String input = line.substring(separator + SEPARATOR.length()).strip();
        try {
            return new PromptInput(line.substring(0, separator).strip(), Optional.of(Path.of(input)));
        } catch (InvalidPathException _) {
            throw new UsageException("cli.generate.prompts-input", input, file);
        }
    }
}

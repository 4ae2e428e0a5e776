package io.github.cogvideo4j.cli.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Argument files: a word `@FILE` stands for the words in that file, `@@word` for `@word` itself.
///
/// In a file (UTF-8), blanks and line ends separate words; quotes, single or double, hold blanks together, and
/// inside double quotes a backslash takes the next `"` or `\` literally; `#` at the start of a word begins a
/// comment up to the end of the line. A file does not include another: `@` means nothing there.
public final class ArgumentFiles {
    private static final long LARGEST = 1 << 20;

    private ArgumentFiles() {}

    /// The words with every argument file replaced by what it holds.
    ///
    /// @throws UsageException if a file cannot be read, is larger than 1 MiB or leaves a quote open
    public static List<String> expand(List<String> words) {
        List<String> result = new ArrayList<>(words.size());
        boolean options = true;
        for (String word : words) {
            options &= !word.equals("--");
            if (!options || !word.startsWith("@") || word.length() == 1) {
                result.add(word);
            } else if (word.startsWith("@@")) {
                result.add(word.substring(1));
            } else {
                result.addAll(read(word.substring(1)));
            }
        }
        return result;
    }

    private static List<String> read(String file) {
        try {
            Path path = Path.of(file);
            if (Files.size(path) > LARGEST) {
                throw new UsageException("cli.usage.argument-file-size", file, LARGEST);
            }
            return new Words(file, Files.readString(path)).split();
        } catch (IOException | InvalidPathException e) {
            throw new UsageException("cli.usage.argument-file", file);
        }
    }

    /// The splitting of one file's text into words.
    private static final class Words {
        private final String file;
        private final String text;
        private int position;

        Words(String file, String text) {
            this.file = file;
            this.text = text;
        }

        List<String> split() {
            List<String> words = new ArrayList<>();
            while (skipToWord()) {
                words.add(word());
            }
            return words;
        }

        private boolean skipToWord() {
            while (position < text.length()) {
                char c = text.charAt(position);
                if (c == '#') {
                    int end = text.indexOf('\n', position);
                    position = end < 0 ? text.length() : end;
                } else if (Character.isWhitespace(c) || c == '\uFEFF') {
                    position++;
                } else {
                    return true;
                }
            }
            return false;
        }

        private String word() {
            StringBuilder word = new StringBuilder();
            while (position < text.length() && !Character.isWhitespace(text.charAt(position))) {
                char c = text.charAt(position++);
                if (c == '"' || c == '\'') {
                    quoted(c, word);
                } else {
                    word.append(c);
                }
            }
            return word.toString();
        }

        private void quoted(char quote, StringBuilder word) {
            while (position < text.length()) {
                char c = text.charAt(position++);
                if (c == quote) {
                    return;
                }
                boolean escapes = quote == '"' && c == '\\' && position < text.length();
                if (escapes && (text.charAt(position) == '"' || text.charAt(position) == '\\')) {
                    c = text.charAt(position++);
                }
                word.append(c);
            }
            throw new UsageException("cli.usage.argument-file-quote", file);
        }
    }
}

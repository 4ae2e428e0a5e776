package io.github.cogvideo4j.server.internal.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// The page's sentences: the same keys and values in both languages, each of them used, and no text beside them.
class PageWordsTest {
    private static final Path FOLDER = Path.of("src/main/resources/io/github/cogvideo4j/server/page");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\w+}");

    /// A key in a call, whole, or its beginning before a value: `phase.${phase}`.
    private static final Pattern QUOTED = Pattern.compile("'([a-z][\\w.-]*)'");
    private static final Pattern BEGINNING = Pattern.compile("`([a-z][\\w.-]*[.-])\\$\\{");
    private static final Pattern CALL = Pattern.compile("\\bt\\('([^']+)'");

    /// Attributes whose values people read or hear.
    private static final Pattern READ =
            Pattern.compile("\\b(?:aria-label|title|placeholder|alt|aria-valuetext)=\"([^\"]*)\"");

    private static Map<String, String> words(String language) throws IOException {
        Map<String, String> words = new LinkedHashMap<>();
        JsonMapper.shared()
                .readTree(Files.readString(FOLDER.resolve(language + ".json")))
                .properties()
                .forEach(entry -> words.put(entry.getKey(), entry.getValue().stringValue()));
        return words;
    }

    private static Map<Path, String> scripts() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            Map<Path, String> scripts = new LinkedHashMap<>();
            for (Path file : files.filter(path -> path.toString().endsWith(".js"))
                    .sorted()
                    .toList()) {
                scripts.put(file, Files.readString(file));
            }
            return scripts;
        }
    }

    private static Set<String> placeholders(String text) {
        return PLACEHOLDER
                .matcher(text)
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void bothLanguagesHaveTheSameKeysAndValues() throws IOException {
        Map<String, String> english = words("en");
        Map<String, String> chinese = words("zh");
        assertThat(chinese.keySet()).isEqualTo(english.keySet());
        english.forEach((key, text) -> {
            assertThat(text).as(key).isNotBlank();
            assertThat(placeholders(chinese.get(key))).as(key).isEqualTo(placeholders(text));
        });
    }

    @Test
    void everyKeyIsUsedAndEveryUseHasAKey() throws IOException {
        String all = String.join("\n", scripts().values());
        Set<String> quoted =
                QUOTED.matcher(all).results().map(match -> match.group(1)).collect(Collectors.toSet());
        Set<String> beginnings =
                BEGINNING.matcher(all).results().map(match -> match.group(1)).collect(Collectors.toSet());
        Set<String> keys = words("en").keySet();
        assertThat(keys.stream()
                        .filter(key ->
                                !quoted.contains(key) && beginnings.stream().noneMatch(key::startsWith)))
                .as("keys that no script uses")
                .isEmpty();
        assertThat(CALL.matcher(all).results().map(match -> match.group(1)).filter(key -> !keys.contains(key)))
                .as("keys without a text")
                .isEmpty();
        assertThat(beginnings.stream()
                        .filter(beginning -> all.contains("t(`" + beginning))
                        .filter(beginning -> keys.stream().noneMatch(key -> key.startsWith(beginning))))
                .as("beginnings of keys without a text")
                .isEmpty();
    }

    @Test
    void everyTextGoesThroughTheDictionary() throws IOException {
        List<String> found = new ArrayList<>();
        scripts()
                .forEach((file, text) -> templates(text).forEach(template -> {
                    READ.matcher(template)
                            .results()
                            .map(match -> match.group(1))
                            .filter(value -> !value.isBlank())
                            .forEach(value -> found.add(file.getFileName() + ": " + value));
                    // What is left without tags is what a person reads.
                    String read = template.replaceAll("(?s)<[^>]*>", " ").replace("CogVideo4J", "");
                    if (read.codePoints().anyMatch(Character::isLetter)) {
                        found.add(file.getFileName() + ": " + read.strip());
                    }
                }));
        assertThat(found).isEmpty();
    }

    /// The texts of all templates of a script, with a space for each value in them; nested ones follow as their own.
    private static List<String> templates(String script) {
        List<String> found = new ArrayList<>();
        int at = 0;
        while ((at = script.indexOf("html`", at)) >= 0) {
            at += "html`".length();
            found.add(literal(script, at));
        }
        return found;
    }

    private static String literal(String script, int from) {
        StringBuilder text = new StringBuilder();
        int at = from;
        while (script.charAt(at) != '`') {
            if (script.startsWith("${", at)) {
                at = afterValue(script, at + 2);
                text.append(' ');
            } else {
                text.append(script.charAt(at++));
            }
        }
        return text.toString();
    }

    /// The index behind the brace that ends a value; templates and strings in it may hold braces of their own.
    private static int afterValue(String script, int from) {
        int depth = 1;
        int at = from;
        while (depth > 0) {
            char c = script.charAt(at++);
            if (c == '{') {
                depth++;
            } else if (c == '}') {
                depth--;
            } else if (c == '\'' || c == '"') {
                at = script.indexOf(c, at) + 1;
            } else if (c == '`') {
                while (script.charAt(at) != '`') {
                    at = script.startsWith("${", at) ? afterValue(script, at + 2) : at + 1;
                }
                at++;
            }
        }
        return at;
    }
}

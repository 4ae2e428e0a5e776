package io.github.cogvideo4j.cli.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every sentence exists in both languages, and nothing but sentences that are said.
class MessagesTest {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{(\\d+)(?:\\|[^|{}]*\\|[^|{}]*)?}");
    private static final Pattern HAN = Pattern.compile("\\p{IsHan}");
    private static final Pattern LETTER = Pattern.compile("[A-Za-z]");
    /// A key of a bundle as it stands in the source; one that ends in a separator is completed by code.
    private static final Pattern KEY =
            Pattern.compile("\"((?:formats|checkpoints|inference|server|cluster|cli)\\.[a-z0-9.-]+)\"");

    /// An option, a command, a variable of the launcher: the words of one front end.
    private static final Pattern COMMAND_LINE = Pattern.compile("--[A-Za-z]|cogvideo |COGVIDEO_");

    /// A list that is joined for people; braces and brackets around it make it data.
    private static final Pattern JOINED =
            Pattern.compile(".*(joining\\(\"[,;、] \"\\)|join\\(\\s*\"[,;、] \"|\\+ \"[,;、] \"|: \"[,;、] \").*");

    private static final Pattern ENDING = Pattern.compile("\"(\\.[a-z0-9-]+)\"");

    static List<String> modules() {
        return ProjectFiles.modules();
    }

    static Stream<String> modulesWithMessages() {
        return modules().stream()
                .filter(module -> !ProjectFiles.bundle(module, "messages").isEmpty());
    }

    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void bothLanguagesHaveTheSameKeys(String module) {
        assertThat(ProjectFiles.bundle(module, "messages_zh").keySet())
                .isEqualTo(ProjectFiles.bundle(module, "messages").keySet());
    }

    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void bothLanguagesUseTheSamePlaceholdersWithoutGaps(String module) {
        var chinese = ProjectFiles.bundle(module, "messages_zh");
        ProjectFiles.bundle(module, "messages").forEach((key, text) -> {
            Set<Integer> used = placeholders(text);
            assertThat(used)
                    .as(key)
                    .isEqualTo(IntStream.range(0, used.size()).boxed().collect(Collectors.toSet()));
            assertThat(placeholders(chinese.getOrDefault(key, ""))).as(key).isEqualTo(used);
        });
    }

    /// There is no other syntax than placeholders, so a doubled quote would be shown as two.
    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void noQuoteIsDoubled(String module) {
        for (String bundle : List.of("messages", "messages_zh")) {
            assertThat(ProjectFiles.bundle(module, bundle).values()).noneMatch(text -> text.contains("''"));
        }
    }

    /// "1 tensors" is no English: a count and its noun are a choice, `{0} {0|tensor|tensors}`. A limit is never one.
    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void aCountOfOneHasTheSingular(String module) {
        Pattern plural =
                Pattern.compile("(?<!more than |at most |at least |all |one of )\\{\\d} ((input|output|latent|other) )?"
                        + "(tensor|module|key|value|layer|file|rank|step|prompt|element|matrice|block|model|buffer|channel|frame"
                        + "|piece|token|row|chunk|object|record|window|prediction|checkpoint|video|adapter|component)s\\b"
                        + "(?! per second)");
        ProjectFiles.bundle(module, "messages")
                .forEach((key, text) -> assertThat(text).as(key).doesNotContainPattern(plural));
    }

    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void whatEnglishSaysInWordsIsSaidInChinese(String module) {
        var chinese = ProjectFiles.bundle(module, "messages_zh");
        ProjectFiles.bundle(module, "messages").forEach((key, text) -> {
            boolean commandLine = text.startsWith("cogvideo ");
            if (!commandLine
                    && LETTER.matcher(PLACEHOLDER.matcher(text).replaceAll("")).find()) {
                assertThat(chinese.getOrDefault(key, "")).as(key).containsPattern(HAN);
            }
        });
    }

    /// Whether a text stands by itself, on a page or in an answer over HTTP, and is a whole sentence therefore.
    private static boolean isWhole(String key) {
        return key.contains(".page.")
                || key.contains(".symptom.")
                || key.startsWith("server.http.")
                || key.startsWith("server.request.")
                || key.startsWith("server.job.");
    }

    /// A sentence stands behind a label, so it begins with a small letter and ends without a full stop. Errors of
    /// other programs are quoted as they are, and a page has sentences of its own.
    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void sentencesHaveOneStyle(String module) {
        Pattern capital = Pattern.compile("^(?!SentencePiece|Java |NaN|Inf )[A-Z][a-z]");
        ProjectFiles.bundle(module, "messages").forEach((key, text) -> {
            if (!isWhole(key)) {
                assertThat(text).as(key).doesNotContainPattern(capital).doesNotContainPattern("[^.]\\.$");
            }
        });
        ProjectFiles.bundle(module, "messages_zh").forEach((key, text) -> {
            if (!isWhole(key)) {
                assertThat(text).as(key).doesNotContainPattern("。$").doesNotContainPattern("(^|[^=])\"\\S");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("modulesWithMessages")
    void aKeyNamesItsModule(String module) {
        assertThat(ProjectFiles.bundle(module, "messages").keySet()).allMatch(key -> key.startsWith(module + "."));
    }

    @ParameterizedTest
    @MethodSource("modules")
    void everyKeyInTheSourcesHasAText(String module) {
        Set<String> texts = texts();
        assertThat(keysIn(module).filter(key -> !isPrefix(key)))
                .allSatisfy(key -> assertThat(texts).contains(key));
    }

    @Test
    void everyTextIsUsed() {
        Set<String> mentioned = modules().stream().flatMap(MessagesTest::keysIn).collect(Collectors.toSet());
        Set<String> endings = modules().stream()
                .flatMap(module -> ProjectFiles.sources(module).stream())
                .flatMap(source -> ENDING.matcher(source).results())
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
        assertThat(texts())
                .filteredOn(key -> !mentioned.contains(key) && !isComposed(key, mentioned, endings))
                .isEmpty();
    }

    @Test
    void everyRemedyIsForAProblemThatExists() {
        String prefix = "cli.remedy.";
        assertThat(texts().stream().filter(key -> key.startsWith(prefix)))
                .isNotEmpty()
                .allMatch(
                        key -> ProblemCode.byId(key.substring(prefix.length())).isPresent());
    }

    /// A library does not know which front end asks; what helps is a `Remedy`, which the front end words.
    @ParameterizedTest
    @ValueSource(strings = {"formats", "checkpoints", "inference"})
    void noSentenceOfALibraryNamesAnOptionOrACommand(String module) {
        for (String bundle : List.of("messages", "messages_zh")) {
            assertThat(ProjectFiles.bundle(module, bundle))
                    .as(bundle)
                    .isNotEmpty()
                    .allSatisfy(
                            (key, text) -> assertThat(COMMAND_LINE.matcher(text).find())
                                    .as(key)
                                    .isFalse());
        }
    }

    /// Languages join lists differently: a message takes the list itself, and the language's bundle joins it. The
    /// manifest's field is data.
    @ParameterizedTest
    @MethodSource("modules")
    void noListIsJoinedBeforeItReachesTheMessage(String module) {
        assertThat(ProjectFiles.sources(module).stream()
                        .filter(source -> !source.contains("record Manifest("))
                        .flatMap(source -> JOINED.matcher(source).results())
                        .map(match -> match.group().strip()))
                .isEmpty();
    }

    private static Set<String> texts() {
        return modules().stream()
                .map(module -> ProjectFiles.bundle(module, "messages").keySet())
                .flatMap(Collection::stream)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> keysIn(String module) {
        return ProjectFiles.sources(module).stream()
                .flatMap(source -> KEY.matcher(source).results())
                .map(match -> match.group(1));
    }

    /// Code may complete a key: `"cli.remedy." + code`, or `key + ".fields"` where `key` is one of the
    /// sources' keys.
    private static boolean isComposed(String key, Set<String> mentioned, Set<String> endings) {
        boolean afterPrefix = mentioned.stream().filter(MessagesTest::isPrefix).anyMatch(key::startsWith);
        return afterPrefix
                || endings.stream()
                        .filter(key::endsWith)
                        .anyMatch(ending -> mentioned.contains(key.substring(0, key.length() - ending.length())));
    }

    private static boolean isPrefix(String key) {
        return key.endsWith(".") || key.endsWith("-");
    }

    private static Set<Integer> placeholders(String text) {
        return PLACEHOLDER
                .matcher(text)
                .results()
                .map(match -> Integer.valueOf(match.group(1)))
                .collect(Collectors.toSet());
    }
}

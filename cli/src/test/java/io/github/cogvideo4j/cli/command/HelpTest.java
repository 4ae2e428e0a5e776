package io.github.cogvideo4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.Program;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.ResourceBundle;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Every command and option is explained in every language, and nothing else is.
class HelpTest {
    @ParameterizedTest
    @EnumSource
    void everyCommandHasAnExampleAndADescription(Language language) {
        ResourceBundle texts = HelpLayout.bundle(language.locale());
        for (CommandLine command : commands(language)) {
            assertThat(texts.getString(HelpLayout.exampleKey(command.getCommandSpec())))
                    .contains("cogvideo ");
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(command.getCommandSpec().qualifiedName())
                    .isNotEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyOptionAndArgumentIsExplained(Language language) {
        for (CommandLine command : commands(language)) {
            for (ArgSpec argument : command.getCommandSpec().args()) {
                assertThat(String.join("", argument.description()))
                        .as(command.getCommandSpec().qualifiedName() + " " + argument)
                        .isNotBlank();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theHelpOfEveryCommandCanBePrintedAndBeginsWithTheExample(Language language) {
        String heading = HelpLayout.bundle(language.locale()).getString("usage.exampleHeading");
        assertThat(commands(language))
                .allSatisfy(command -> assertThat(command.getUsageMessage())
                        .startsWith(heading + System.lineSeparator() + "  cogvideo ")
                        .doesNotContain("${", "%n"));
    }

    /// A line breaks between words; the layout would also break after the dot of an ending.
    @ParameterizedTest
    @EnumSource
    void noLineBreaksInsideAnEnding(Language language) {
        for (CommandLine command : commands(language)) {
            assertThat(command.getUsageMessage())
                    .as(command.getCommandSpec().qualifiedName())
                    .doesNotContainPattern("\\.\\R\\s+(safetensors|json|mp4|gif|png|pth?|bin)\\b")
                    .doesNotContainPattern("\\.(safet?e?n?s?o?r?|js?o?)-?\\R");
        }
    }

    /// An enum that forgets its `toString()` would show the names of its constants.
    @Test
    void choicesAreShownAsTheyAreWritten() {
        for (CommandLine command : commands(Language.EN)) {
            for (ArgSpec argument : command.getCommandSpec().args()) {
                if (argument.completionCandidates() != null) {
                    assertThat(argument.completionCandidates())
                            .as(command.getCommandSpec().qualifiedName() + " " + argument)
                            .isNotEmpty()
                            .allMatch(word -> word.matches("[a-z0-9_+-]+"));
                }
            }
        }
    }

    @Test
    void bothLanguagesExplainTheSame() {
        ResourceBundle english = HelpLayout.bundle(Language.EN.locale());
        ResourceBundle chinese = HelpLayout.bundle(Language.ZH.locale());
        assertThat(chinese.getLocale().getLanguage()).isEqualTo("zh");
        assertThat(keys(chinese)).isEqualTo(keys(english));
    }

    @Test
    void nothingIsExplainedThatDoesNotExist() {
        Set<String> known = new HashSet<>();
        for (CommandLine command : commands(Language.EN)) {
            known.addAll(keysOf(command.getCommandSpec()));
        }
        assertThat(keys(HelpLayout.bundle(Language.EN.locale())))
                .filteredOn(key -> !key.startsWith("usage.") && !known.contains(key))
                .isEmpty();
    }

    private static Set<String> keysOf(CommandSpec command) {
        String prefix = command.qualifiedName(".") + ".";
        Set<String> keys = new HashSet<>(Set.of(prefix + "usage.example", prefix + "usage.description"));
        for (ArgSpec argument : command.args()) {
            List<String> names = new ArrayList<>(List.of(String.valueOf(argument.descriptionKey())));
            if (argument instanceof OptionSpec option) {
                names.add(option.longestName().replaceFirst("^-+", ""));
            }
            names.forEach(name -> keys.addAll(Set.of(name, prefix + name)));
        }
        return keys;
    }

    private static Set<String> keys(ResourceBundle bundle) {
        return bundle.keySet();
    }

    private static List<CommandLine> commands(Language language) {
        Terminal nowhere = new Terminal(
                new PrintStream(PrintStream.nullOutputStream()),
                new PrintStream(PrintStream.nullOutputStream()),
                false,
                false);
        List<CommandLine> all = new ArrayList<>();
        List<CommandLine> waiting =
                new ArrayList<>(List.of(Program.commandLine(new Console(nowhere, Map.of(), language, false, false))));
        while (!waiting.isEmpty()) {
            CommandLine next = waiting.removeLast();
            all.add(next);
            waiting.addAll(next.getSubcommands().values());
        }
        return all;
    }
}

package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.cli.console.Console;
import java.util.List;
import java.util.Locale;
import java.util.ResourceBundle;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// The layout of `--help`: an example to copy comes first. All texts are in the bundle `help`, in picocli's own syntax
/// (`%%` for a percent sign), under `COMMAND.usage.example`, `COMMAND.usage.description` and
/// `COMMAND.OPTION`.
public final class HelpLayout {
    private static final String BUNDLE = "io.github.cogvideo4j.cli.help";
    private static final String EXAMPLE = "example";
    private static final int WIDTH = 100;

    private HelpLayout() {}

    /// Gives a command line, and the commands below it, the layout and the console's language.
    public static void apply(CommandLine commandLine, Console console) {
        commandLine.setResourceBundle(bundle(console.locale()));
        commandLine.setUsageHelpWidth(WIDTH);
        commandLine.setColorScheme(Help.defaultColorScheme(console.coloursOut() ? Help.Ansi.ON : Help.Ansi.OFF));
        arrange(commandLine);
    }

    /// The help texts of a language.
    static ResourceBundle bundle(Locale locale) {
        return ResourceBundle.getBundle(
                BUNDLE, locale, ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
    }

    /// Where a command's example stands in the bundle.
    static String exampleKey(CommandSpec command) {
        return command.qualifiedName(".") + ".usage.example";
    }

    private static void arrange(CommandLine commandLine) {
        commandLine.setHelpSectionKeys(List.of(
                EXAMPLE,
                UsageMessageSpec.SECTION_KEY_SYNOPSIS_HEADING,
                UsageMessageSpec.SECTION_KEY_SYNOPSIS,
                UsageMessageSpec.SECTION_KEY_DESCRIPTION_HEADING,
                UsageMessageSpec.SECTION_KEY_DESCRIPTION,
                UsageMessageSpec.SECTION_KEY_PARAMETER_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_PARAMETER_LIST,
                UsageMessageSpec.SECTION_KEY_OPTION_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_OPTION_LIST,
                UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_COMMAND_LIST,
                UsageMessageSpec.SECTION_KEY_EXIT_CODE_LIST_HEADING,
                UsageMessageSpec.SECTION_KEY_EXIT_CODE_LIST));
        commandLine.getHelpSectionMap().put(EXAMPLE, HelpLayout::example);
        commandLine.getCommandSpec().usageMessage().sortOptions(false).abbreviateSynopsis(true);
        commandLine.getSubcommands().values().forEach(HelpLayout::arrange);
    }

    private static String example(Help help) {
        CommandSpec command = help.commandSpec();
        ResourceBundle texts = command.resourceBundle();
        String lines = texts.getString(exampleKey(command)).indent(2);
        return texts.getString("usage.exampleHeading") + "%n%s%n".formatted(lines.stripTrailing());
    }
}

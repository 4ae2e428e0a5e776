package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.FusionRequest;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.OutputArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ConversionReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo lora fuse`: adapters become part of a model.
@Command(name = "fuse")
public final class LoraFuseCommand extends ConsoleCommand {
    @Parameters(index = "0", paramLabel = "BASE", descriptionKey = "BASE")
    private String base = "";

    @Parameters(
            index = "1..*",
            arity = "2..*",
            paramLabel = "ADAPTER... OUTPUT",
            hideParamSyntax = true,
            descriptionKey = "ADAPTERS")
    private List<Path> paths = List.of();

    @Option(names = "--lora-scale", paramLabel = "SCALE", converter = Choices.Scale.class)
    private List<Double> scales = List.of();

    @Option(names = "--lora-alpha", paramLabel = "ALPHA", converter = Choices.Alpha.class)
    private List<Double> alphas = List.of();

    @Option(names = "--component", paramLabel = "COMPONENT", descriptionKey = "lora-component")
    private Optional<String> component = Optional.empty();

    @Mixin
    private final OutputArguments result = new OutputArguments();

    LoraFuseCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        int count = paths.size() - 1;
        requireCount("--lora-scale", scales.size(), count);
        requireCount("--lora-alpha", alphas.size(), count);
        List<FusionRequest.Adapter> adapters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            adapters.add(
                    new FusionRequest.Adapter(paths.get(i), valueOf(scales, i).orElse(1), valueOf(alphas, i)));
        }
        ConversionOptions options = result.options();
        FusionRequest request = new FusionRequest(
                base,
                adapters,
                paths.getLast(),
                component.map(Component::named).map(options::withComponent).orElse(options));
        FusionRequest.Plan plan = request.plan(new ConversionProgress(console).control());
        ConversionReport report = new ConversionReport(plan, console);
        if (result.dryRun()) {
            report.showPlan();
        } else {
            report.convert();
        }
        return ExitCode.DONE;
    }

    /// One value is for all adapters, several are for one adapter each.
    private static void requireCount(String option, int given, int adapters) {
        if (given > 1 && given != adapters) {
            throw new UsageException("cli.usage.lora-count", option, given, adapters);
        }
    }

    private static OptionalDouble valueOf(List<Double> values, int index) {
        if (values.isEmpty()) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of(values.get(values.size() == 1 ? 0 : index));
    }
}

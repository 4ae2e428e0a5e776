package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.Choices;
import io.github.cogvideo4j.cli.arguments.OutputArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.ConversionReport;
import io.github.cogvideo4j.cli.report.MergedAdapterReport;
import io.github.cogvideo4j.formats.Strictness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `cogvideo merge`: several checkpoints of one model, or several adapters, become one.
@Command(name = "merge")
public final class MergeCommand extends ConsoleCommand {
    @Parameters(
            index = "0..*",
            arity = "2..*",
            paramLabel = "SOURCE... OUTPUT",
            hideParamSyntax = true,
            descriptionKey = "SOURCES")
    private List<Path> paths = List.of();

    @Option(
            names = "--weights",
            paramLabel = "W,W,...",
            hideParamSyntax = true,
            split = ",",
            converter = Choices.Scale.class)
    private List<Double> weights = List.of();

    @Option(names = "--method", paramLabel = "METHOD", defaultValue = "average")
    private MergeMethod method = MergeMethod.AVERAGE;

    @Option(names = "--ema", paramLabel = "DECAY", descriptionKey = "decay")
    private Optional<Double> decay = Optional.empty();

    @Option(names = "--density", paramLabel = "SHARE")
    private Optional<Double> density = Optional.empty();

    @Option(names = "--base", paramLabel = "MODEL")
    private Optional<String> base = Optional.empty();

    @Option(names = "--rank", paramLabel = "N")
    private Optional<Integer> rank = Optional.empty();

    @Option(names = "--lora-alpha", paramLabel = "ALPHA", converter = Choices.Alpha.class)
    private List<Double> alphas = List.of();

    @Option(names = "--component", paramLabel = "NAME", converter = Choices.ComponentName.class)
    private Optional<Component> component = Optional.empty();

    @Option(names = "--unchecked-names")
    private boolean uncheckedNames;

    @Option(names = "--from-module")
    private boolean fromModule;

    @Option(names = "--strict")
    private boolean strict;

    @Mixin
    private final OutputArguments result = new OutputArguments();

    MergeCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        MergeRequest request = new MergeRequest(
                paths.subList(0, paths.size() - 1),
                paths.getLast(),
                base,
                arithmetic(),
                new SourceOptions(
                        Optional.empty(), fromModule, false, false, strict ? Strictness.STRICT : Strictness.LENIENT),
                options());
        MergeRequest.Plan plan = request.plan(new ConversionProgress(console).control());
        switch (plan) {
            case MergeRequest.Plan.Models models -> {
                ConversionReport report = new ConversionReport(models.conversion(), console);
                if (result.dryRun()) {
                    report.showPlan();
                } else {
                    report.convert();
                }
            }
            case MergeRequest.Plan.AdapterPlan adapters -> {
                MergedAdapterReport report = new MergedAdapterReport(adapters, console);
                if (result.dryRun()) {
                    report.showPlan();
                } else {
                    report.merge();
                }
            }
        }
        return ExitCode.DONE;
    }

    private ConversionOptions options() {
        ConversionOptions options = result.options().withUnchecked(uncheckedNames);
        return component.map(options::withComponent).orElse(options);
    }

    private Arithmetic arithmetic() {
        if (decay.isPresent() && !weights.isEmpty()) {
            throw new UsageException("cli.merge.both", "--ema", "--weights");
        }
        if (decay.isPresent() && method != MergeMethod.AVERAGE) {
            throw new UsageException("cli.merge.both", "--ema", "--method " + method);
        }
        if (density.isPresent() && method != MergeMethod.TIES) {
            throw new UsageException("cli.merge.only-with", "--density", "--method ties");
        }
        requireWithin("--ema", decay, false);
        requireWithin("--density", density, true);
        if (rank.isPresent() && rank.get() < 1) {
            throw new UsageException("cli.usage.rank", rank.get());
        }
        return new Arithmetic(
                method,
                weights,
                decay.map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                density.map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                rank.map(OptionalInt::of).orElse(OptionalInt.empty()),
                alphas);
    }

    private static void requireWithin(String option, Optional<Double> value, boolean withOne) {
        boolean fits = value.stream().allMatch(number -> number > 0 && (number < 1 || (withOne && number <= 1)));
        if (!fits) {
            throw new UsageException("cli.merge.share", option, value.orElse(Double.NaN));
        }
    }
}

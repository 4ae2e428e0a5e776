package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.doctor.Diagnosis;
import io.github.cogvideo4j.checkpoints.doctor.DiagnosisPlan;
import io.github.cogvideo4j.checkpoints.doctor.DiagnosisRequest;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.ConversionProgress;
import io.github.cogvideo4j.cli.report.DiagnosisReport;
import io.github.cogvideo4j.cli.report.SystemReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `cogvideo doctor`: says what is wrong with a folder or a file, mends folders, and takes that back.
@Command(name = "doctor")
public final class DoctorCommand extends ConsoleCommand {
    @Parameters(index = "0", arity = "0..1", paramLabel = "FOLDER", descriptionKey = "FOLDER")
    private Optional<Path> folder = Optional.empty();

    @Option(names = "--system")
    private boolean system;

    @Option(names = "--model", paramLabel = "MODEL")
    private Optional<String> model = Optional.empty();

    @Option(names = "--device", paramLabel = "DEVICE")
    private Optional<String> device = Optional.empty();

    @Option(names = "--deep")
    private boolean deep;

    @Option(names = "--fix")
    private boolean fix;

    @Option(names = "--convert")
    private boolean convert;

    @Option(names = "--keep", paramLabel = "FILE")
    private Optional<String> keep = Optional.empty();

    @Option(names = "--yes")
    private boolean yes;

    @Option(names = "--undo")
    private boolean undo;

    DoctorCommand(Console console) {
        super(console);
    }

    @Override
    protected ExitCode run() throws IOException {
        if (undo && fix) {
            throw new UsageException("cli.doctor.fix-and-undo");
        }
        if (!fix && (yes || convert || keep.isPresent())) {
            throw new UsageException("cli.doctor.without-fix");
        }
        if (system) {
            return new SystemReport(console).run(device.orElse("auto"), model);
        }
        if (model.isPresent() || device.isPresent()) {
            throw new UsageException("cli.doctor.without-system");
        }
        Path path = folder.orElseThrow(() -> new UsageException("cli.doctor.nothing"));
        DiagnosisRequest request = new DiagnosisRequest(
                path,
                action(),
                fix && convert,
                fix ? keep : Optional.empty(),
                deep && !undo,
                Runtime.getRuntime().availableProcessors());
        try (ConversionProgress progress = new ConversionProgress(console)) {
            DiagnosisPlan plan = plan(request, progress);
            if (plan.before().isPresent()) {
                return mend(plan, plan.before().get(), progress);
            }
            DiagnosisPlan.Result result = run(plan, progress);
            return result.diagnosis().map(report()::show).orElseGet(() -> takenBack(result.undone()));
        }
    }

    private DiagnosisRequest.Action action() {
        if (undo) {
            return DiagnosisRequest.Action.UNDO;
        }
        return fix ? DiagnosisRequest.Action.REPAIR : DiagnosisRequest.Action.EXAMINE;
    }

    private static DiagnosisPlan plan(DiagnosisRequest request, ConversionProgress progress) throws IOException {
        DiagnosisPlan plan = request.plan(progress.control());
        progress.close();
        return plan;
    }

    private static DiagnosisPlan.Result run(DiagnosisPlan plan, ConversionProgress progress) throws IOException {
        DiagnosisPlan.Result result = plan.run(progress.control());
        progress.close();
        return result;
    }

    private DiagnosisReport report() {
        return new DiagnosisReport(console, deep);
    }

    private ExitCode mend(DiagnosisPlan plan, Diagnosis diagnosis, ConversionProgress progress) throws IOException {
        plan.questions().forEach(console::warn);
        if (plan.steps().isEmpty()) {
            return report().show(diagnosis);
        }
        ArrayNode steps = report().showRepair(plan, diagnosis);
        boolean agreed = yes || console.confirm("cli.doctor.ask");
        if (!agreed) {
            console.note("cli.doctor.not-done");
        }
        Diagnosis after = agreed ? run(plan, progress).diagnosis().orElse(diagnosis) : diagnosis;
        if (agreed) {
            console.print("cli.doctor.done", plan.steps().size(), ShellWord.of(diagnosis.path()));
        }
        return report().showMended(after, agreed, steps);
    }

    private ExitCode takenBack(int repairs) {
        console.print(repairs == 0 ? "cli.doctor.nothing-to-undo" : "cli.doctor.undone", repairs);
        ObjectNode result = JsonFile.newObject();
        result.put("undone", repairs);
        console.result(result);
        return ExitCode.DONE;
    }
}

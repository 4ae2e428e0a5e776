package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.doctor.Diagnosis;
import io.github.cogvideo4j.checkpoints.doctor.DiagnosisPlan;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Label;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.cli.outcome.Commands;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Files;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `doctor`: what is told of a diagnosis, for people and as JSON.
///
/// @param console what it talks to
/// @param deep    whether the values were read
public record DiagnosisReport(Console console, boolean deep) {
    /// The findings with what they cause and what helps.
    public ExitCode show(Diagnosis diagnosis) {
        console.line(diagnosis.path() + ": " + diagnosis.summary().text(console.locale()));
        for (Finding finding : diagnosis.findings()) {
            console.finding(label(finding.severity()), finding.problem());
            finding.symptom().ifPresent(symptom -> console.print("cli.doctor.symptom", symptom.text(console.locale())));
            finding.remedy().flatMap(Commands::of).ifPresent(remedy -> console.print("cli.doctor.remedy", remedy));
        }
        if (diagnosis.isHealthy()) {
            console.print("cli.doctor.healthy");
            notLookedAt(diagnosis);
        }
        console.result(DiagnosisJson.of(diagnosis, console.locale()));
        return diagnosis.isHealthy() ? ExitCode.DONE : ExitCode.PROBLEMS_FOUND;
    }

    /// What a sound diagnosis leaves open: weights that a pipeline needs beside these, and what was not read.
    private void notLookedAt(Diagnosis diagnosis) {
        List<String> missing = diagnosis.findings().stream()
                .filter(finding -> finding.code() == ProblemCode.COMPONENT_WITHOUT_WEIGHTS)
                .flatMap(finding -> finding.problem().place().file().stream())
                .map(component -> String.valueOf(component.getFileName()))
                .toList();
        if (!missing.isEmpty()) {
            console.print("cli.doctor.missing", missing);
        }
        if (!deep) {
            console.print("cli.doctor.values-unread");
        }
        if (Files.isRegularFile(diagnosis.path().resolve(Manifest.FILE_NAME))) {
            console.print("cli.doctor.manifest-unread", ShellWord.of(diagnosis.path()));
        }
    }

    private static Label label(Severity severity) {
        return switch (severity) {
            case ERROR -> Label.PROBLEM;
            case WARNING -> Label.WARNING;
            case INFO -> Label.NOTE;
        };
    }

    /// The findings that are left after a repair, with what was done.
    ///
    /// @param fixed whether the user agreed to it
    /// @param steps what it consists of
    public ExitCode showMended(Diagnosis after, boolean fixed, ArrayNode steps) {
        ExitCode exit = show(after);
        ObjectNode result = DiagnosisJson.of(after, console.locale());
        result.put("fixed", fixed);
        result.set("steps", steps);
        console.result(result);
        return exit;
    }

    /// A finding in a line, and the steps of the repair.
    ///
    /// @return the steps for JSON
    public ArrayNode showRepair(DiagnosisPlan plan, Diagnosis before) {
        for (Finding finding : before.findings()) {
            console.line(
                    finding.code().id() + ": " + finding.problem().message().text(console.locale()));
        }
        ArrayNode steps = JsonFile.newObject().putArray("steps");
        plan.steps().forEach(step -> {
            steps.add(step.text(console.locale()));
            console.line("  " + step.text(console.locale()));
        });
        return steps;
    }
}

package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.doctor.Diagnosis;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.cli.outcome.Commands;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A diagnosis for machines.
public final class DiagnosisJson {
    private DiagnosisJson() {}

    /// `path`, `summary`, `healthy`, and `findings` with `severity`, `code`, `message`, the place (`file`,
    /// `offset`, `tensor`), `symptom` and `remedy`, each where it is known.
    ///
    /// @param locale the language of the sentences
    public static ObjectNode of(Diagnosis diagnosis, Locale locale) {
        ObjectNode root = JsonFile.newObject();
        root.put("path", diagnosis.path().toString());
        root.put("summary", diagnosis.summary().text(locale));
        root.put("healthy", diagnosis.isHealthy());
        ArrayNode list = root.putArray("findings");
        for (Finding finding : diagnosis.findings()) {
            Problem problem = finding.problem();
            ObjectNode node = list.addObject();
            node.put("severity", finding.severity().id());
            node.put("code", problem.code().id());
            node.put("message", problem.message().text(locale));
            problem.place().file().ifPresent(file -> node.put("file", file.toString()));
            problem.place().offset().ifPresent(offset -> node.put("offset", offset));
            problem.place().tensor().ifPresent(tensor -> node.put("tensor", tensor));
            finding.symptom().ifPresent(symptom -> node.put("symptom", symptom.text(locale)));
            finding.remedy().flatMap(Commands::of).ifPresent(remedy -> node.put("remedy", remedy));
        }
        return root;
    }
}

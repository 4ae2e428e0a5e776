package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.internal.run.RowRunner.Hashed;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.KeySet;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The manifest of a folder against its files.
///
/// @param store the folder
/// @param log   its manifest
public record FolderCheck(BatchStore store, ManifestLog log) {
    private static final List<String> RESULTS = List.of("videos", "reports");

    /// The proof of all results; see [io.github.cogvideo4j.cluster.BatchFolder#verify].
    public List<Problem> verify(JobControl control) throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<ManifestRow> spoiled = new ArrayList<>();
        log.eachLast(row -> {
            control.check();
            if (!row.completed() || row.file().isEmpty()) {
                return;
            }
            Optional<ProblemCode> wrong = check(row, row.file().get());
            if (wrong.isPresent()) {
                boolean gone = wrong.get() == ProblemCode.MISSING_FILE;
                Problem problem = Problem.of(
                        wrong.get(),
                        Place.of(Path.of(store.display(), row.file().get())),
                        gone ? "cluster.verify.missing" : "cluster.verify.changed");
                problems.add(problem);
                spoiled.add(row.spoiled(wrong.get().id(), problem.message().text()));
            }
        });
        if (!spoiled.isEmpty()) {
            log.add(spoiled);
        }
        return problems;
    }

    private Optional<ProblemCode> check(ManifestRow row, String file) throws IOException {
        if (!store.exists(file)) {
            return Optional.of(ProblemCode.MISSING_FILE);
        }
        Hashed hashed;
        try (InputStream stream = store.open(file)) {
            hashed = Hashed.of(stream);
        }
        if (row.sha256().equals(Optional.of(hashed.sha256()))) {
            return Optional.empty();
        }
        store.retire(file);
        return Optional.of(ProblemCode.DIFFERENT);
    }

    /// Deletes what the manifest does not speak of.
    public List<String> collectGarbage() throws IOException {
        KeySet files = new KeySet();
        log.each(row -> row.file().ifPresent(files::add));
        List<String> deleted = new ArrayList<>();
        for (String folder : RESULTS) {
            for (String name : store.list(folder)) {
                String result = folder + "/" + name.replaceAll("(\\.json|\\.contact-sheet\\.png)$", "");
                if (files.get(result) < 0 && files.get(folder + "/" + name) < 0) {
                    delete(folder + "/" + name, deleted);
                }
            }
        }
        for (String folder : store.list("")) {
            if (folder.matches("manifest(-\\d+-of-\\d+)?")) {
                for (String name : store.list(folder)) {
                    delete(folder + "/" + name, deleted);
                }
            }
        }
        return deleted;
    }

    private void delete(String name, List<String> deleted) throws IOException {
        store.delete(name);
        deleted.add(name);
    }

    /// How the batch stands.
    public ObjectNode standing(long results) throws IOException {
        long[] counts = new long[2];
        log.eachLast(row -> counts[row.completed() ? 0 : 1]++);
        ObjectNode json = JsonFile.newObject();
        json.put("results", results);
        json.put("completed", counts[0]);
        json.put("failed", counts[1]);
        json.put("left", results - counts[0] - counts[1]);
        return json;
    }
}

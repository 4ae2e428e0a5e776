package io.github.cogvideo4j.server.internal.page;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.server.internal.page.ModelRoutes.Compared;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A model's provenance as JSON.
///
/// @param folder the model
/// @param locale the language of sentences
record ProvenanceJson(Path folder, Locale locale) {
    private static final int MOST_CHANGED = 20;
    private static final int MOST_PROBLEMS = 50;

    /// What the manifest says, in figures; the lists themselves are in the file.
    ObjectNode manifest() throws IOException {
        Manifest manifest = ManifestJson.read(folder);
        ObjectNode node = JsonFile.newObject();
        node.put("software", manifest.software());
        node.put("sha256", sha256(folder.resolve(Manifest.FILE_NAME)));
        node.set("source", source(manifest.source()));
        node.putObject("options").put("dtype", manifest.options().dtype());
        ArrayNode names = node.putArray("names");
        for (Manifest.Names each : manifest.names()) {
            names.addObject()
                    .put("component", each.component())
                    .put("known_by", each.knownBy())
                    .put("model", each.model())
                    .put("unchecked", each.unchecked());
        }
        return node.put("files", manifest.files().size())
                .put("tensors", manifest.tensors().size());
    }

    private static ObjectNode source(Manifest.Source source) {
        ObjectNode node = JsonFile.newObject();
        node.put("name", shortened(source.path()));
        node.put("kind", source.kind());
        source.step().ifPresent(step -> node.put("step", step));
        source.zeroStage().ifPresent(stage -> node.put("zero_stage", stage));
        source.worldSize().ifPresent(size -> node.put("world_size", size));
        ObjectNode versions = node.putObject("versions");
        source.versions().forEach(versions::put);
        node.put("files", source.files().size());
        node.put(
                "bytes",
                source.files().stream().mapToLong(Manifest.SourceFile::size).sum());
        ArrayNode adapters = node.putArray("adapters");
        source.adapters()
                .forEach(adapter -> adapters.addObject()
                        .put("name", shortened(adapter.path()))
                        .put("scale", adapter.scale()));
        source.merge().ifPresent(merge -> {
            ObjectNode merged =
                    node.putObject("merge").put("method", merge.method().toString());
            ArrayNode sources = merged.putArray("sources");
            merge.sources()
                    .forEach(each -> sources.addObject()
                            .put("name", shortened(each.path()))
                            .put("weight", each.weight()));
        });
        return node;
    }

    /// The last two names of a path: `run/checkpoint-500`. The rest tells about the machine, not about the model.
    private static String shortened(String path) {
        Path whole = Path.of(path.replace('\0', ' '));
        int names = whole.getNameCount();
        return names <= 2
                ? String.valueOf(names == 0 ? path : whole.subpath(0, names))
                : whole.subpath(names - 2, names).toString();
    }

    private static String sha256(Path file) throws IOException {
        try (DigestInputStream in =
                new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// How far a task is, with its result when there is one.
    ObjectNode task(ModelTasks.State state) {
        ObjectNode node = JsonFile.newObject();
        switch (state) {
            case ModelTasks.Running running -> node.put("state", "running").put("progress", running.progress());
            case ModelTasks.Failed failed ->
                node.put("state", "failed")
                        .put("message", withoutFolder(failed.why().text(locale)));
            case ModelTasks.Done done -> {
                node.put("state", "done").put("finished_at", done.finished().getEpochSecond());
                switch (done.result()) {
                    case VerificationReport report -> proof(node, report);
                    case Compared compared -> comparison(node.put("base", compared.base()), compared.comparison());
                    default -> throw new IllegalStateException(done.toString());
                }
            }
        }
        return node;
    }

    private void proof(ObjectNode node, VerificationReport report) {
        node.put("files", report.files()).put("tensors", report.tensors()).put("bytes", report.bytes());
        ArrayNode problems = node.putArray("problems");
        report.problems().stream().limit(MOST_PROBLEMS).map(this::sentence).forEach(problems::add);
        ArrayNode warnings = node.putArray("warnings");
        report.warnings().stream().limit(MOST_PROBLEMS).map(this::sentence).forEach(warnings::add);
    }

    private String sentence(Problem problem) {
        String where = problem.place()
                .tensor()
                .or(() -> problem.place().file().map(Path::toString))
                .map(text -> text + ": ")
                .orElse("");
        return withoutFolder(where + problem.message().text(locale));
    }

    private String withoutFolder(String text) {
        return text.replace(folder + File.separator, "").replace(folder.toString(), ".");
    }

    private void comparison(ObjectNode node, Comparison comparison) {
        long all = comparison.tensors().size();
        node.put("tensors", all).put("changed", all - comparison.unchanged());
        put(node, "relative", comparison.total());
        comparison.onlyInModel().forEach(node.putArray("only_in_model")::add);
        comparison.onlyInBase().forEach(node.putArray("only_in_base")::add);
        ArrayNode lists = node.putArray("blocks");
        comparison.blocks().forEach((name, blocks) -> {
            List<LayerKind> kinds = blocks.values().stream()
                    .flatMap(block -> block.keySet().stream())
                    .distinct()
                    .sorted()
                    .toList();
            ObjectNode list = lists.addObject().put("name", name);
            ArrayNode titles = list.putArray("kinds");
            kinds.forEach(kind -> titles.add(kind.title().text(locale)));
            ArrayNode rows = list.putArray("rows");
            blocks.forEach((number, block) -> row(rows.addObject().put("block", number), kinds, block));
        });
        ArrayNode most = node.putArray("most_changed");
        for (TensorChange tensor :
                comparison.mostChanged().stream().limit(MOST_CHANGED).toList()) {
            put(most.addObject().put("name", tensor.name()), "relative", tensor.change());
        }
    }

    private static void row(ObjectNode row, List<LayerKind> kinds, Map<LayerKind, ValueChange> block) {
        ArrayNode values = row.putArray("values");
        for (LayerKind kind : kinds) {
            ValueChange change = block.get(kind);
            if (change == null || !Double.isFinite(change.relative())) {
                values.addNull();
            } else {
                values.add(change.relative());
            }
        }
    }

    /// JSON knows no infinity and no NaN; `null` stands for both.
    private static void put(ObjectNode node, String name, ValueChange change) {
        if (Double.isFinite(change.relative())) {
            node.put(name, change.relative());
        } else {
            node.putNull(name);
        }
    }
}

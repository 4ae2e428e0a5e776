package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.Version;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// `batch.json`: which batch a folder holds.
public final class BatchFile {
    /// Its name.
    public static final String NAME = "batch.json";

    private static final int FORMAT = 1;
    private static final int LARGEST = 4 << 20;

    /// What differs between machines that make the same.
    private static final List<String> PLACES = List.of("model", "device", "outputs");

    private BatchFile() {}

    /// What a folder holds, if it holds a batch.
    public static Optional<ObjectNode> read(BatchStore store) throws IOException {
        if (!store.exists(NAME)) {
            return Optional.empty();
        }
        try (InputStream stream = store.open(NAME)) {
            String text = new String(stream.readNBytes(LARGEST), StandardCharsets.UTF_8);
            return Optional.of(JsonFile.parseObject(text, Place.of(Path.of(NAME)), ProblemCode.OUTPUT_REFUSED));
        }
    }

    /// Says that the folder holds this batch.
    ///
    /// @throws OutputException `output-refused` when it holds another one
    static void require(BatchStore store, BatchRequest request, Worklist list) throws IOException {
        ObjectNode ours = JsonFile.newObject();
        ours.put("format", FORMAT);
        ours.put("software", "cogvideo4j " + Version.current());
        ours.put("task", request.task().toString());
        ours.put("name", request.name());
        ours.put("results", list.results());
        ours.put("sha256", identity(request, list));
        request.multiply().samples().ifPresent(samples -> {
            ours.put("samples", samples);
            ours.put(
                    "seed",
                    request.multiply().seeds().isEmpty()
                            ? request.defaults().path("seed").asLong(0)
                            : request.multiply().seeds().getFirst());
        });
        ours.set("defaults", request.defaults());
        byte[] bytes = JsonFile.format(ours).getBytes(StandardCharsets.UTF_8);
        if (store.putNew(NAME, bytes)) {
            return;
        }
        ObjectNode theirs = read(store).orElseThrow();
        if (theirs.path("sha256").asString("").equals(identity(request, list))) {
            return;
        }
        boolean sameTask =
                theirs.path("task").asString("").equals(request.task().toString());
        if (!request.conduct().append() || !sameTask) {
            throw new OutputException(
                    ProblemCode.OUTPUT_REFUSED,
                    Place.nowhere(),
                    "cluster.folder.other",
                    store.display(),
                    theirs.path("task").asString(""),
                    theirs.path("name").asString(""),
                    theirs.path("results").asLong(0));
        }
        store.put(NAME, bytes);
    }

    private static String identity(BatchRequest request, Worklist list) {
        ObjectNode defaults = request.defaults().deepCopy();
        PLACES.forEach(defaults::remove);
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of()
                    .formatHex(digest.digest((request.task() + "\n" + defaults + "\n" + list.identity())
                            .getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}

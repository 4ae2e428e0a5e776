package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The renames of a repair, in order, written and synced before the first of them is done. What of them is done
/// shows in the folder itself, so a kill at any moment leaves nothing unknown.
///
/// A journal found in a folder is hostile until checked: every path is made of plain names inside the folder,
/// and nothing is touched whose hash is not the recorded one.
record Journal(List<JournalEntry> entries) {
    static final String FILE_NAME = "journal.json";

    private static final int FORMAT = 1;
    private static final long MAX_BYTES = 16L << 20;
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    Journal {
        entries = List.copyOf(entries);
    }

    String toJson() {
        ObjectNode root = JsonFile.newObject();
        root.put("format", FORMAT);
        ArrayNode list = root.putArray("renames");
        for (JournalEntry entry : entries) {
            ObjectNode node = list.addObject();
            node.put("from", entry.from());
            node.put("to", entry.to());
            node.put("size", entry.size());
            node.put("sha256", entry.sha256());
            node.put("ours", entry.ours());
        }
        return JsonFile.format(root);
    }

    /// Reads a journal.
    ///
    /// @param file       the journal
    /// @param undoFolder its folder, relative to the mended one, with `/` at the end
    static Journal read(Path file, String undoFolder) throws IOException {
        return new Reader(file, undoFolder).read();
    }

    private record Reader(Path file, String undoFolder) {
        Journal read() throws IOException {
            if (Files.isSymbolicLink(file)) {
                throw new UnsafeFileException(ProblemCode.UNSAFE_PATH, Place.of(file), "checkpoints.undo.link");
            }
            ObjectNode root = JsonFile.readObject(file, MAX_BYTES, ProblemCode.JOURNAL);
            if (integer(root, "format") != FORMAT || !root.path("renames").isArray()) {
                throw bad("format", root.path("format"));
            }
            List<JournalEntry> entries = new ArrayList<>();
            for (JsonNode node : root.path("renames")) {
                entries.add(entry(node));
            }
            return new Journal(entries);
        }

        private JournalEntry entry(JsonNode node) {
            String from = path(node, "from");
            String to = path(node, "to");
            String hash = string(node, "sha256");
            JsonNode ours = node.path("ours");
            if (!SHA256.matcher(hash).matches()) {
                throw bad("sha256", hash);
            }
            if (!ours.isBoolean()) {
                throw bad("ours", ours);
            }
            boolean staged = from.startsWith(undoFolder + UndoFolder.STAGED + "/");
            boolean asideTarget = to.startsWith(undoFolder + UndoFolder.MOVED + "/");
            boolean outside = !to.startsWith(UndoFolder.NAME + "/");
            boolean sound = ours.booleanValue()
                    ? staged && outside
                    : !from.startsWith(UndoFolder.NAME + "/") && (asideTarget || outside);
            if (!sound || from.equals(to)) {
                throw new UnsafeFileException(
                        ProblemCode.UNSAFE_PATH, Place.of(file), "checkpoints.undo.path", from + " → " + to);
            }
            return new JournalEntry(from, to, integer(node, "size"), hash, ours.booleanValue());
        }

        /// Relative and made of plain names, so that it stays in the folder.
        private String path(JsonNode node, String field) {
            String path = string(node, field);
            for (String name : path.split("/", -1)) {
                if (PlainFileName.of(name).isEmpty()) {
                    throw new UnsafeFileException(
                            ProblemCode.UNSAFE_PATH, Place.of(file), "checkpoints.undo.path", path);
                }
            }
            return path;
        }

        private String string(JsonNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isString()) {
                throw bad(field, value);
            }
            return value.stringValue();
        }

        private long integer(JsonNode node, String field) {
            JsonNode value = node.path(field);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw bad(field, value);
            }
            return value.longValue();
        }

        private MalformedFileException bad(String field, Object value) {
            return new MalformedFileException(
                    ProblemCode.JOURNAL, Place.of(file), "checkpoints.undo.field", field, value);
        }
    }
}

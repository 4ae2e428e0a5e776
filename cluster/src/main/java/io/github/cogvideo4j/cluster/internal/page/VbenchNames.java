package io.github.cogvideo4j.cluster.internal.page;

import io.github.cogvideo4j.cluster.internal.row.Expansion;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.formats.json.JsonFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/// The names under which VBench looks for videos: `<prompt>-<0..4>.mp4` in one folder. They are links to the results.
/// What cannot be a file's name is changed as little as possible, and `names.json` says how.
///
/// Source: VBench, `prompts/README.md`.
public final class VbenchNames {
    private static final String FOLDER = "vbench";
    private static final int LONGEST = 255;

    private VbenchNames() {}

    /// Makes the links.
    ///
    /// Where there are no links, `files.json` says which result each name stands for.
    ///
    /// @param store the batch's folder
    /// @param batch its `batch.json`
    /// @return how many there are; none for a batch that was not made for VBench
    public static int export(BatchStore store, ManifestLog log, ObjectNode batch) throws IOException {
        int samples = batch.path("samples").asInt(0);
        if (samples < 1) {
            return 0;
        }
        Optional<Path> folder = store.folder();
        if (folder.isPresent()) {
            Files.createDirectories(folder.get().resolve(FOLDER));
        }
        ObjectNode names = JsonFile.newObject();
        ObjectNode files = JsonFile.newObject();
        store.list(FOLDER); // refuses a link, which the links would follow
        int[] count = new int[1];
        log.each(row -> {
            String prompt = row.settings().path("prompts").path(0).path("text").asString("");
            OptionalInt sample = Expansion.sample(
                    prompt, row.seed().orElse(-1), samples, batch.path("seed").asLong(0));
            if (row.completed() && row.file().isPresent() && sample.isPresent()) {
                String wanted = prompt + "-" + sample.getAsInt() + ".mp4";
                String name = fileName(prompt, sample.getAsInt(), row.key());
                if (!name.equals(wanted)) {
                    names.put(name, wanted);
                }
                if (folder.isPresent()) {
                    link(
                            folder.get().resolve(FOLDER).resolve(name),
                            folder.get(),
                            row.file().get());
                } else {
                    files.put(name, row.file().get());
                }
                count[0]++;
            }
        });
        store.put(FOLDER + "/names.json", JsonFile.format(names).getBytes(StandardCharsets.UTF_8));
        if (folder.isEmpty()) {
            store.put(FOLDER + "/files.json", JsonFile.format(files).getBytes(StandardCharsets.UTF_8));
        }
        return count[0];
    }

    /// The name of a video, as far as file systems can have it. One that is changed has a part of its key: two prompts
    /// may differ in nothing but what was changed.
    static String fileName(String prompt, int sample, String key) {
        String end = "-" + sample + ".mp4";
        String name = prompt + end;
        if (plain(prompt).equals(prompt) && name.getBytes(StandardCharsets.UTF_8).length <= LONGEST) {
            return name;
        }
        String mark = "~" + key.substring(0, 8) + end;
        int room = LONGEST - mark.length();
        StringBuilder cut = new StringBuilder();
        int bytes = 0;
        for (int c : plain(prompt).codePoints().toArray()) {
            bytes += Character.toString(c).getBytes(StandardCharsets.UTF_8).length;
            if (bytes > room) {
                break;
            }
            cut.appendCodePoint(c);
        }
        return cut + mark;
    }

    private static String plain(String prompt) {
        StringBuilder plain = new StringBuilder();
        prompt.codePoints().forEach(c -> plain.appendCodePoint(c == '/' || Character.isISOControl(c) ? '_' : c));
        return plain.toString();
    }

    private static void link(Path link, Path folder, String file) throws IOException {
        Files.deleteIfExists(link);
        try {
            Files.createSymbolicLink(link, Path.of("..").resolve(file));
        } catch (UnsupportedOperationException | FileSystemException _) {
            Files.createLink(link, folder.resolve(file));
        }
    }
}

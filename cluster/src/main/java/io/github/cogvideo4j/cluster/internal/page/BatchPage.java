package io.github.cogvideo4j.cluster.internal.page;

import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The page of a batch: `index.html`, and the rows in files of a hundred each, which it loads when they are looked at.
/// It needs no server. Failures come first.
public final class BatchPage {
    private static final String NAME = "index.html";
    private static final String FOLDER = "page";
    private static final int SIZE = 100;

    private final BatchStore store;
    private final Locale locale;
    private ArrayNode rows = JsonFile.newObject().putArray("rows");
    private int pages;
    private long completed;
    private long failed;

    private BatchPage(BatchStore store, Locale locale) {
        this.store = store;
        this.locale = locale;
    }

    /// Writes the page.
    ///
    /// @param batch the folder's `batch.json`
    /// @return its name
    public static String write(BatchStore store, ManifestLog log, ObjectNode batch, Locale locale) throws IOException {
        BatchPage page = new BatchPage(store, locale);
        for (boolean wanted : new boolean[] {false, true}) {
            page.addAll(log, wanted);
        }
        page.flush();
        page.writeIndex(batch);
        page.deleteOlder();
        return NAME;
    }

    private void addAll(ManifestLog log, boolean wanted) throws IOException {
        log.eachLast(row -> {
            if (row.completed() == wanted) {
                add(row);
            }
        });
    }

    private void add(ManifestRow row) throws IOException {
        completed += row.completed() ? 1 : 0;
        failed += row.completed() ? 0 : 1;
        ObjectNode json = rows.addObject();
        String prompt = row.settings().path("prompts").path(0).path("text").asString("");
        String title = prompt.isEmpty() ? row.settings().path("source").asString(row.id()) : prompt;
        json.put("title", title);
        json.put("about", about(row));
        if (!row.completed()) {
            json.put("error", row.errorCode().orElse("") + ": " + row.message().orElse(""));
        }
        row.file().ifPresent(file -> {
            json.put("file", file);
            if (file.endsWith(".mp4")) {
                json.put("sheet", file + ".contact-sheet.png");
            }
        });
        if (rows.size() == SIZE) {
            flush();
        }
    }

    private String about(ManifestRow row) {
        StringBuilder about = new StringBuilder(say("row", row.id(), row.row()));
        for (String name : row.settings().propertyNames()) {
            if (!name.equals("prompts") && !name.equals("source")) {
                about.append(" · ")
                        .append(name)
                        .append(' ')
                        .append(row.settings()
                                .get(name)
                                .asString(row.settings().get(name).toString()));
            }
        }
        if (row.completed()) {
            about.append(" · ").append(say("seconds", String.format(Locale.ROOT, "%.1f", row.seconds())));
            about.append(" · ").append(row.device()).append(" · ").append(row.host());
        }
        return about.toString();
    }

    private void flush() throws IOException {
        if (rows.isEmpty() && pages > 0) {
            return;
        }
        store.put(
                FOLDER + "/rows-" + pages + ".js",
                ("batchRows(" + pages + "," + rows + ");\n").getBytes(StandardCharsets.UTF_8));
        pages++;
        rows = JsonFile.newObject().putArray("rows");
    }

    private void writeIndex(ObjectNode batch) throws IOException {
        ObjectNode words = JsonFile.newObject();
        words.put("pages", pages);
        words.put("size", SIZE);
        words.put("page", Message.of("cluster.page.page", "{0}", "{1}").text(locale));
        String text;
        try (InputStream stream =
                Objects.requireNonNull(BatchPage.class.getResourceAsStream("batch.html"), "part of the program")) {
            text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
        String title = say("title", batch.path("name").asString(""));
        text = text.replace("@LANG@", locale.getLanguage().equals("zh") ? "zh" : "en")
                .replace(
                        "@SUMMARY@", escape(say("summary", batch.path("results").asLong(0), completed, failed)))
                .replace("@NOSCRIPT@", escape(say("noscript")))
                .replace("@FIND@", escape(say("find")))
                .replace("@BEFORE@", escape(say("before")))
                .replace("@NEXT@", escape(say("next")))
                .replace("@WORDS@", words.toString().replace("<", "\\u003c"))
                .replace("@TITLE@", escape(title));
        store.put(NAME, text.getBytes(StandardCharsets.UTF_8));
    }

    /// Rows of an earlier page that was longer.
    private void deleteOlder() throws IOException {
        for (String name : store.list(FOLDER)) {
            if (name.matches("rows-\\d{1,9}\\.js")
                    && Integer.parseInt(name.substring("rows-".length(), name.length() - ".js".length())) >= pages) {
                store.delete(FOLDER + "/" + name);
            }
        }
    }

    private String say(String key, Object... arguments) {
        return Message.of("cluster.page." + key, arguments).text(locale);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}

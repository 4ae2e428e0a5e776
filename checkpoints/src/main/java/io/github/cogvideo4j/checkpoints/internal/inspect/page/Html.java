package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.formats.problem.Message;
import java.util.Locale;

/// A writer of HTML. Text and attributes are always escaped: there is no way to pass markup through.
public final class Html {
    private final StringBuilder page = new StringBuilder("<!doctype html>\n");
    private final Locale locale;

    public Html(Locale locale) {
        this.locale = locale;
    }

    /// A sentence in the page's language.
    public String say(String key, Object... arguments) {
        return Message.of(key, arguments).text(locale);
    }

    /// Opens an element.
    ///
    /// @param attributes names and values in turns
    public Html open(String tag, String... attributes) {
        page.append('<').append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            page.append(' ').append(attributes[i]).append("=\"");
            page.append(escape(attributes[i + 1])).append('"');
        }
        page.append('>');
        return this;
    }

    /// Closes an element.
    public Html close(String tag) {
        page.append("</").append(tag).append(">\n");
        return this;
    }

    /// Text, from wherever it comes.
    Html text(String text) {
        page.append(escape(text));
        return this;
    }

    /// An element that holds only text.
    public Html leaf(String tag, String text, String... attributes) {
        return open(tag, attributes).text(text).close(tag);
    }

    /// Our own style sheet. Nothing from a file may get here.
    public Html style(String sheet) {
        page.append("<style>\n").append(sheet).append("</style>\n");
        return this;
    }

    /// What replaces characters with a meaning in HTML; control characters and bidirectional overrides, which
    /// could disguise a name, go as they do on a terminal.
    static String escape(String untrusted) {
        StringBuilder text = new StringBuilder();
        Message.clean(untrusted).chars().forEach(c -> {
            switch (c) {
                case '&' -> text.append("&amp;");
                case '<' -> text.append("&lt;");
                case '>' -> text.append("&gt;");
                case '"' -> text.append("&quot;");
                case '\'' -> text.append("&#39;");
                default -> text.append((char) c);
            }
        });
        return text.toString();
    }

    @Override
    public String toString() {
        return page.toString();
    }
}

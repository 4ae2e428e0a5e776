package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.formats.problem.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/// A writer of HTML pages that need nothing else and ask for nothing: no script, no font, no picture, and a
/// policy that forbids all three. Text and attributes are always escaped: there is no way to pass markup
/// through.
public final class Html {
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    private final StringBuilder page = new StringBuilder("<!doctype html>\n");
    private final Locale locale;

    public Html(Locale locale) {
        this.locale = locale;
    }

    /// A sentence in the page's language.
    public String say(String key, Object... arguments) {
        return Message.of(key, arguments).text(locale);
    }

    /// Words in a list, as the page's language joins them.
    public String list(List<String> words) {
        return Message.list(words).text(locale);
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

    /// Begins a page: its head, with the style that all pages share, and its title as heading.
    ///
    /// @param owner the class beside whose resources the page's own style sheet lies
    /// @param sheet that style sheet
    public Html begin(String title, Class<?> owner, String sheet) {
        open("html", "lang", locale.toLanguageTag()).open("head").open("meta", "charset", "utf-8");
        open("meta", "http-equiv", "Content-Security-Policy", "content", POLICY);
        open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        open("meta", "name", "color-scheme", "content", "light dark");
        leaf("title", title);
        // Nothing from a file may get here, since it is not escaped.
        page.append("<style>\n").append(resource(Html.class, "page.css")).append(resource(owner, sheet));
        page.append("</style>\n");
        return close("head").open("body").open("main").leaf("h1", title);
    }

    /// Ends a page.
    ///
    /// @param footer what stands below everything
    /// @return the whole page
    public String end(String footer) {
        return leaf("footer", footer).close("main").close("body").close("html").toString();
    }

    private static String resource(Class<?> owner, String name) {
        try (InputStream stream = owner.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(stream, name + " is a part of this program")
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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

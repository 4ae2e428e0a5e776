package io.github.cogvideo4j.checkpoints.internal.inspect.page;

import io.github.cogvideo4j.formats.problem.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;

/// A writer of HTML pages that need nothing else and ask for nothing: no script, no font, no picture, and a
/// policy that forbids all three, but for the one script of a page that has some, and the videos beside it. Text and
/// attributes are always escaped: there is no way to pass markup through.
public final class Html {
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// A page that was opened from a disk is of no origin, so that `'self'` does not name the files beside it.
    private static final String INTERACTIVE = POLICY + "; media-src 'self' file:; script-src 'sha256-%s'";

    private static final Pattern PATH = Pattern.compile("[MLHVZhvlz0-9 .-]*");

    private final StringBuilder page = new StringBuilder("<!doctype html>\n");
    private final Locale locale;
    private final List<Locale> languages;

    public Html(Locale locale) {
        this(List.of(locale));
    }

    /// @param languages what the page can be read in, as language tags without countries; it begins with the first
    public Html(List<Locale> languages) {
        this.locale = languages.getFirst();
        this.languages = List.copyOf(languages);
    }

    /// A sentence in the page's first language.
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
            page.append(attributes[i].equals("d") ? path(attributes[i + 1]) : escape(attributes[i + 1]));
            page.append('"');
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
    public Html text(String text) {
        page.append(escape(text));
        return this;
    }

    /// An element that holds only text.
    public Html leaf(String tag, String text, String... attributes) {
        return open(tag, attributes).text(text).close(tag);
    }

    /// An element with words in every language of the page, of which its reader sees one.
    ///
    /// @param words what stands there in a language, such as `message::text`
    public Html leaf(String tag, Function<Locale, String> words, String... attributes) {
        return open(tag, attributes).words(words).close(tag);
    }

    /// Words in every language of the page.
    public Html words(Function<Locale, String> words) {
        languages.forEach(language -> leaf("span", words.apply(language), "lang", language.toLanguageTag()));
        return this;
    }

    /// Begins a page: its head, with the style that all pages share, and its title as heading.
    ///
    /// @param owner the class beside whose resources the page's own style sheet lies
    /// @param sheet that style sheet
    public Html begin(String title, Class<?> owner, String sheet) {
        return head(title, POLICY, resource(owner, sheet), "").leaf("h1", title);
    }

    /// Begins a page that a script makes easier to use, and which can show videos beside it.
    ///
    /// @param owner  the class beside whose resources its style sheet and its script lie
    /// @param sheet  the style sheet
    /// @param script the script: nothing else is run on the page
    public Html beginInteractive(String title, Class<?> owner, String sheet, String script) {
        String code = resource(owner, script);
        return head(title, INTERACTIVE.formatted(hash(code)), resource(owner, sheet), "<script>" + code + "</script>");
    }

    /// Nothing from a file may get into the last two, since they are not escaped.
    private Html head(String title, String policy, String style, String script) {
        open("html", "lang", locale.toLanguageTag()).open("head").open("meta", "charset", "utf-8");
        open("meta", "http-equiv", "Content-Security-Policy", "content", policy);
        open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        open("meta", "name", "color-scheme", "content", "light dark");
        leaf("title", title);
        page.append("<style>\n").append(resource(Html.class, "page.css")).append(style);
        page.append("</style>\n").append(script);
        return close("head").open("body").open("main");
    }

    /// What the page's policy knows its script by.
    private static String hash(String script) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(script.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /// Ends a page.
    ///
    /// @param footer what stands below everything
    /// @return the whole page
    public String end(String footer) {
        return leaf("footer", footer).end();
    }

    /// Ends a page that has its footer.
    ///
    /// @return the whole page
    public String end() {
        return close("main").close("body").close("html").toString();
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

    /// The commands of a drawing, which come from numbers of ours: as long as they are, where names are cut.
    private static String path(String commands) {
        if (!PATH.matcher(commands).matches()) {
            throw new IllegalArgumentException("not a path: " + Message.clean(commands));
        }
        return commands;
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

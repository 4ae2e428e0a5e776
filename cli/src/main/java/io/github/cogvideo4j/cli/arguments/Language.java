package io.github.cogvideo4j.cli.arguments;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// A language that the program speaks.
public enum Language {
    /// English.
    EN(Locale.ENGLISH),
    /// Simplified Chinese.
    ZH(Locale.SIMPLIFIED_CHINESE);

    private final Locale locale;

    Language(Locale locale) {
        this.locale = locale;
    }

    /// The locale whose bundles hold this language.
    public Locale locale() {
        return locale;
    }

    /// The language of the environment: the first of our own variable and POSIX' variables for messages that is
    /// set, in POSIX' order; where none is (Windows), that of the system.
    public static Language ofEnvironment(Map<String, String> environment) {
        return of(Stream.of("COGVIDEO_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
                .map(name -> environment.getOrDefault(name, ""))
                .filter(value -> !value.isEmpty())
                .findFirst()
                .orElseGet(() -> Locale.getDefault(Locale.Category.DISPLAY).getLanguage()));
    }

    private static Language of(String localeName) {
        return localeName.toLowerCase(Locale.ROOT).startsWith("zh") ? ZH : EN;
    }

    /// The converter of `--lang`.
    public static final class LanguageConverter extends ChoiceConverter<Language> {
        /// Called by picocli.
        public LanguageConverter() {
            super(values(), Map.of("zh_cn", ZH, "zh-cn", ZH, "en_us", EN, "en-us", EN));
        }
    }
}

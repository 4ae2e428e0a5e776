package io.github.cogvideo4j.server.internal.settings;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Values of settings by name, as texts.
final class SettingValues {
    private static final String PREFIX = "COGVIDEO_SERVE_";
    private static final Pattern TIME = Pattern.compile("(\\d{1,9})\\s*([smhd]?)");
    private static final Pattern BYTES = Pattern.compile("(\\d{1,12})\\s*([KMGT]?)(?:i?B)?", Pattern.CASE_INSENSITIVE);
    private static final String NONE = "none";
    private static final int TEN = 10;

    private final Map<String, List<String>> values;
    private final Set<String> seen = new HashSet<>();

    SettingValues(Map<String, List<String>> values) {
        this.values = Map.copyOf(values);
    }

    /// Settings of the environment: `COGVIDEO_SERVE_MAX_QUEUE` is `max-queue`. Several values have commas between.
    static Map<String, List<String>> ofEnvironment(Map<String, String> environment) {
        Map<String, List<String>> found = new HashMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith(PREFIX) && !name.equals(PREFIX + "CONFIG") && !value.isBlank()) {
                String setting =
                        name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
                boolean several =
                        setting.equals("model") || setting.equals("transformer") || setting.equals("cors-origin");
                found.put(setting, several ? List.of(value.strip().split("\\s*,\\s*")) : List.of(value.strip()));
            }
        });
        return found;
    }

    List<String> all(String name) {
        seen.add(name);
        return values.getOrDefault(name, List.of());
    }

    Optional<String> one(String name) {
        List<String> all = all(name);
        if (all.size() > 1) {
            throw ServerSettingsReader.refused("server.settings.several", name);
        }
        return all.stream().findFirst();
    }

    int whole(String name, int usual, int least, int most) {
        Optional<String> text = one(name);
        if (text.isEmpty()) {
            return usual;
        }
        boolean number = text.get().matches("\\d{1,9}");
        int value = number ? Integer.parseInt(text.get()) : -1;
        if (!number || value < least || value > most) {
            throw ServerSettingsReader.refused("server.settings.range", name, text.get(), least, most);
        }
        return value;
    }

    boolean flag(String name, boolean usual) {
        return one(name)
                .map(text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    default ->
                        throw ServerSettingsReader.refused(
                                "server.settings.choice", name, text, List.of("true", "false"));
                })
                .orElse(usual);
    }

    <E extends Enum<E>> E choice(String name, E[] choices, E usual) {
        return one(name)
                .map(text -> Arrays.stream(choices)
                        .filter(choice -> ServerSettingsReader.word(choice).equalsIgnoreCase(text))
                        .findFirst()
                        .orElseThrow(() -> ServerSettingsReader.refused(
                                "server.settings.choice",
                                name,
                                text,
                                Arrays.stream(choices)
                                        .map(ServerSettingsReader::word)
                                        .toList())))
                .orElse(usual);
    }

    Duration time(String name, Duration usual) {
        return one(name).map(text -> parseTime(name, text)).orElse(usual);
    }

    /// A time after which something goes, or `none`.
    Optional<Duration> retention(String name, Duration usual) {
        Optional<String> text = one(name);
        if (text.filter(NONE::equalsIgnoreCase).isPresent()) {
            return Optional.empty();
        }
        return Optional.of(text.map(value -> parseTime(name, value)).orElse(usual));
    }

    private static Duration parseTime(String name, String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches() || matcher.group(1).matches("0+")) {
            throw ServerSettingsReader.refused("server.settings.time", name, text);
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> Duration.ofSeconds(number);
        };
    }

    OptionalLong bytes(String name) {
        Optional<String> text = one(name).filter(value -> !value.equalsIgnoreCase(NONE));
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        Matcher matcher = BYTES.matcher(text.get());
        if (!matcher.matches()) {
            throw ServerSettingsReader.refused("server.settings.bytes", name, text.get());
        }
        String unit = matcher.group(2).toUpperCase(Locale.ROOT);
        int shift = unit.isEmpty() ? 0 : TEN * (1 + "KMGT".indexOf(unit));
        long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw ServerSettingsReader.refused("server.settings.bytes", name, text.get());
        }
        return OptionalLong.of(number << shift);
    }

    /// Refuses what nobody asked for.
    void requireNothingElse() {
        values.keySet().stream()
                .filter(name -> !seen.contains(name))
                .sorted()
                .findFirst()
                .ifPresent(name -> {
                    throw ServerSettingsReader.refused(
                            "server.settings.unknown",
                            name,
                            seen.stream().sorted().toList());
                });
    }
}

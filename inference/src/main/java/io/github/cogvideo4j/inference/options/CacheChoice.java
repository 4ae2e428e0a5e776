package io.github.cogvideo4j.inference.options;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// A step cache and its settings. What a cache's name and its settings mean is checked when a request is
/// planned.
///
/// As text it is `NAME` or `NAME:key=value,key=value`, such as
/// `pab:spatial_attention_timestep_skip_range=100..800`. A key without a value means `true`.
///
/// @param name     the cache's name: `first-block`, `pab`, `faster`, `taylor`, `mag`, `tea`
/// @param settings what differs from the cache's defaults, by key, in the order in which it was given; keys
///                 have underscores
public record CacheChoice(String name, Map<String, String> settings) {
    /// Copies the settings and writes their keys with underscores.
    public CacheChoice {
        Map<String, String> copy = new LinkedHashMap<>();
        settings.forEach(
                (key, value) -> copy.put(key.strip().toLowerCase(Locale.ROOT).replace('-', '_'), value.strip()));
        settings = Collections.unmodifiableMap(copy);
    }

    /// The choice that a text means.
    public static CacheChoice of(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        Map<String, String> settings = new LinkedHashMap<>();
        if (colon >= 0) {
            for (String setting : text.substring(colon + 1).split(",", -1)) {
                int sign = setting.indexOf('=');
                settings.put(
                        sign < 0 ? setting : setting.substring(0, sign),
                        sign < 0 ? "true" : setting.substring(sign + 1));
            }
        }
        return new CacheChoice(name.strip().toLowerCase(Locale.ROOT).replace('_', '-'), settings);
    }

    /// The same cache with what a calibration has measured, instead of asking for one.
    public CacheChoice with(Map<String, String> measured) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.remove("calibrate");
        all.putAll(measured);
        return new CacheChoice(name, all);
    }

    /// The text that [#of(String)] takes.
    @Override
    public String toString() {
        return settings.isEmpty()
                ? name
                : settings.entrySet().stream()
                        .map(setting -> setting.getKey() + "=" + setting.getValue())
                        .collect(Collectors.joining(",", name + ":", ""));
    }
}

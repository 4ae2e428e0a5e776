package io.github.cogvideo4j.cli.enhance;

import io.github.cogvideo4j.cli.arguments.UsageException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// A language model behind an endpoint that speaks OpenAI's chat completions, as the environment names it.
///
/// @param address where requests are posted
/// @param name    what the endpoint calls the model
/// @param key     the key that goes with every request, if there is one
record LanguageModel(URI address, String name, Optional<String> key) {
    static final String URL = "COGVIDEO_LLM_URL";
    static final String MODEL = "COGVIDEO_LLM_MODEL";
    static final String KEY = "COGVIDEO_LLM_KEY";

    private static final String PATH = "/chat/completions";

    /// The model that `COGVIDEO_LLM_URL`, `COGVIDEO_LLM_MODEL` and, where one is needed, `COGVIDEO_LLM_KEY` name. The
    /// address is that of the API (`https://HOST/v1`) or of its chat completions.
    ///
    /// @throws UsageException when something is missing, or no endpoint can be called so; a key is never in it
    static LanguageModel of(Map<String, String> environment) {
        List<String> missing = Stream.of(URL, MODEL)
                .filter(name -> environment.getOrDefault(name, "").isBlank())
                .toList();
        if (!missing.isEmpty()) {
            throw new UsageException("cli.enhance.missing", missing);
        }
        String key = environment.getOrDefault(KEY, "").strip();
        // A header that the HTTP client refuses would be in its message.
        if (!key.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw new UsageException("cli.enhance.key", KEY);
        }
        return new LanguageModel(
                address(environment.getOrDefault(URL, "").strip()),
                environment.getOrDefault(MODEL, "").strip(),
                Optional.of(key).filter(given -> !given.isEmpty()));
    }

    private static URI address(String text) {
        try {
            URI uri = new URI(text);
            String scheme = Optional.ofNullable(uri.getScheme()).orElse("").toLowerCase(Locale.ROOT);
            boolean http = scheme.equals("http") || scheme.equals("https");
            // A name and a password before the host would be a key in another place.
            if (!http || uri.getHost() == null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
                throw new UsageException("cli.enhance.url", URL, KEY);
            }
            String path = Optional.ofNullable(uri.getRawPath()).orElse("").replaceAll("/+$", "");
            String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
            return new URI(scheme + "://" + uri.getRawAuthority() + (path.endsWith(PATH) ? path : path + PATH) + query);
        } catch (URISyntaxException _) {
            throw new UsageException("cli.enhance.url", URL, KEY);
        }
    }

    /// The host with its port, which is all of the address that is ever told.
    String host() {
        return address.getAuthority();
    }

    /// Whether what is sent can be read on the way.
    boolean isOpen() {
        String host = address.getHost();
        boolean here = host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
        return address.getScheme().equals("http") && !here;
    }

    /// Without the key, which a record would show.
    @Override
    public String toString() {
        return name + " at " + host();
    }
}

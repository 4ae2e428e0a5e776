package io.github.cogvideo4j.server.internal.security;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Where a request comes from, as a browser says it.
///
/// @param allowed  origins whose pages may use the API with a key of theirs
/// @param loopback whether the server listens on the loopback address alone: then the host's name has to be one of
///                 this machine's, or a stranger's page reaches it under a name of its own
public record Origins(List<String> allowed, boolean loopback) {
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final Set<String> SAME = Set.of("same-origin", "none");

    /// Copies the list.
    public Origins {
        allowed = List.copyOf(allowed);
    }

    /// Whether a request's `Host` may be served.
    public boolean servesHost(Optional<String> host) {
        if (!loopback) {
            return host.isPresent();
        }
        return host.map(Origins::hostName).filter(LOCAL::contains).isPresent();
    }

    private static String hostName(String host) {
        String name = host.strip().toLowerCase(Locale.ROOT);
        if (name.startsWith("[")) {
            int end = name.indexOf(']');
            return end < 0 || !isPort(name.substring(end + 1)) ? "" : name.substring(0, end + 1);
        }
        int colon = name.indexOf(':');
        return colon < 0 ? name : isPort(name.substring(colon)) ? name.substring(0, colon) : "";
    }

    private static boolean isPort(String text) {
        return text.isEmpty() || text.matches(":\\d{1,5}");
    }

    /// Whether a change may be made with what a browser sends by itself, a cookie or nothing at all: only from the
    /// server's own page, or from no page.
    ///
    /// @param origin the header `Origin`
    /// @param site   the header `Sec-Fetch-Site`
    /// @param host   the header `Host`
    public boolean maySend(Optional<String> origin, Optional<String> site, Optional<String> host) {
        if (site.isPresent() && !SAME.contains(site.get())) {
            return false;
        }
        return origin.isEmpty() || isHost(origin.get(), host.orElse(""));
    }

    private static boolean isHost(String origin, String host) {
        try {
            String authority = URI.create(origin).getRawAuthority();
            return authority != null && authority.equalsIgnoreCase(host);
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /// Whether an origin is one of the listed.
    public boolean allows(String origin) {
        return allowed.contains(origin);
    }
}

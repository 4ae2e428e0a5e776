package io.github.cogvideo4j.cli.setup;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/// The repository that archives come from where there is no Maven: the one that the program was built from, or
/// the mirror of it in the user's settings of Maven, through the proxy that they name.
///
/// @param address its root, without a slash at the end
/// @param proxy   how it is reached
record Repository(URI address, Optional<InetSocketAddress> proxy) {
    private static final String CENTRAL = "central";
    private static final long LARGEST_SETTINGS = 1 << 20;
    private static final int HIGHEST_PORT = 65_535;

    /// The repository for a user.
    ///
    /// @param settings Maven's settings, which need not be there
    static Repository of(Path settings) throws IOException {
        return of(settings, built());
    }

    /// @param own where the program was built from
    static Repository of(Path settings, String own) throws IOException {
        if (!Files.isRegularFile(settings)) {
            return new Repository(address(own, Optional.empty()), Optional.empty());
        }
        Element root = parse(settings);
        Optional<String> mirror = children(root, "mirrors", "mirror").stream()
                .filter(element -> isForCentral(text(element, "mirrorOf")))
                .map(element -> text(element, "url"))
                .findFirst();
        return new Repository(address(mirror.orElse(own), mirror.map(_ -> settings)), proxy(root, settings));
    }

    /// Filled in by the build; empty where it was compiled without Maven.
    private static String built() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = Repository.class.getResourceAsStream("repository.properties")) {
            if (file != null) {
                properties.load(file);
            }
        }
        String address = properties.getProperty("address", "");
        return address.startsWith("$") ? "" : address;
    }

    /// Only HTTPS: what comes is code. On this very machine a plain connection will do.
    private static URI address(String text, Optional<Path> settings) {
        Place place = settings.map(Place::of).orElseGet(Place::nowhere);
        try {
            URI uri = new URI(text.strip().replaceAll("/+$", ""));
            String host = Optional.ofNullable(uri.getHost()).orElse("");
            boolean here = host.equals("localhost") || host.equals("127.0.0.1") || host.equals("[::1]");
            boolean safe = "https".equals(uri.getScheme()) || ("http".equals(uri.getScheme()) && here);
            if (safe && !host.isEmpty() && uri.getRawUserInfo() == null && uri.getRawQuery() == null) {
                return uri;
            }
        } catch (URISyntaxException _) {
            // told below
        }
        throw new MissingCapabilityException(ProblemCode.ENDPOINT, place, "cli.setup.address", text);
    }

    /// As Maven reads `mirrorOf`: the repository's name or a pattern that it falls under, unless it is
    /// excluded.
    private static boolean isForCentral(String mirrorOf) {
        List<String> patterns =
                Stream.of(mirrorOf.split(",")).map(String::strip).toList();
        return !patterns.contains("!" + CENTRAL)
                && patterns.stream()
                        .anyMatch(pattern -> List.of(CENTRAL, "*", "external:*").contains(pattern));
    }

    private static Optional<InetSocketAddress> proxy(Element root, Path settings) {
        return children(root, "proxies", "proxy").stream()
                .filter(element -> !text(element, "active").equals("false"))
                .findFirst()
                .map(element -> {
                    String port = text(element, "port");
                    String host = text(element, "host");
                    boolean number = port.matches("\\d{1,5}") && Integer.parseInt(port) <= HIGHEST_PORT;
                    if (host.isEmpty() || !number || !text(element, "username").isEmpty()) {
                        throw new MissingCapabilityException(
                                ProblemCode.ENDPOINT, Place.of(settings), "cli.setup.proxy", host);
                    }
                    return InetSocketAddress.createUnresolved(host, Integer.parseInt(port));
                });
    }

    /// The proxy that is asked, or the one of the Java virtual machine.
    ProxySelector selector() {
        return proxy.map(ProxySelector::of).orElseGet(ProxySelector::getDefault);
    }

    /// A document without a type declaration, and so without entities: nothing else is opened for it.
    private static Element parse(Path settings) throws IOException {
        try {
            if (Files.size(settings) > LARGEST_SETTINGS) {
                throw unreadable(settings, String.valueOf(Files.size(settings)));
            }
            DocumentBuilderFactory factory = DocumentBuilderFactory.newNSInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setXIncludeAware(false);
            factory.setExpandEntityReferences(false);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            try (InputStream in = Files.newInputStream(settings)) {
                return builder.parse(in).getDocumentElement();
            }
        } catch (SAXException e) {
            throw unreadable(settings, String.valueOf(e.getMessage()));
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e); // Java's own parser knows them
        }
    }

    private static MissingCapabilityException unreadable(Path settings, String reason) {
        return new MissingCapabilityException(ProblemCode.ENDPOINT, Place.of(settings), "cli.setup.settings", reason);
    }

    private static List<Element> children(Element root, String list, String name) {
        return elements(root, list).flatMap(parent -> elements(parent, name)).toList();
    }

    private static Stream<Element> elements(Element parent, String name) {
        NodeList nodes = parent.getChildNodes();
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            Node node = nodes.item(i);
            if (node instanceof Element element && name.equals(element.getLocalName())) {
                found.add(element);
            }
        }
        return found.stream();
    }

    private static String text(Element parent, String name) {
        return elements(parent, name)
                .map(element -> element.getTextContent().strip())
                .findFirst()
                .orElse("");
    }
}

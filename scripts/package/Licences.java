import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/// Gathers the licences of jars: a table of what their poms say, and the texts that they carry. Fails for a jar
/// without either.
///
/// Arguments: the folder of the jars with their poms and parent poms beside them, and the folder to write to.
void main(String[] arguments) throws Exception {
    Path jars = Path.of(arguments[0]);
    Path target = Files.createDirectories(Path.of(arguments[1]));
    TreeMap<String, String> rows = new TreeMap<>();
    try (Stream<Path> files = Files.list(jars)) {
        for (Path jar : files.filter(file -> file.toString().endsWith(".jar")).toList()) {
            String name = part(jar);
            if (name.startsWith("cogvideo4j-")) {
                continue;
            }
            List<String> named = licences(jars, jars.resolve(name + ".pom"));
            if (named.isEmpty()) {
                named = manifestLicences(jar);
            }
            List<String> texts = texts(jar, target.resolve(name));
            if (named.isEmpty() && texts.isEmpty()) {
                throw new IllegalStateException("no licence of " + jar);
            }
            rows.put(name, named.isEmpty() ? "its text is in its folder" : String.join("; ", named));
        }
    }
    StringBuilder table = new StringBuilder("# Licences of the parts\n\nCogVideo4J itself is under Apache-2.0 "
            + "(`LICENSE` in the folder above). The texts that the parts carry are in the folders beside this file, those "
            + "of a Java runtime in `runtime/legal`; native libraries are listed in `NATIVE.md`.\n\n"
            + "| part | licence |\n|---|---|\n");
    rows.forEach((name, licence) ->
            table.append("| ").append(name).append(" | ").append(licence).append(" |\n"));
    Files.writeString(target.resolve("PARTS.md"), table);
}

/// The name and version of a jar, without what tells it from others of one pom: a platform, a variant.
String part(Path jar) {
    String file = jar.getFileName().toString().replaceFirst("\\.jar$", "");
    String name = file;
    while (!Files.isRegularFile(jar.resolveSibling(name + ".pom"))) {
        int dash = name.lastIndexOf('-');
        if (dash < 0) {
            return file;
        }
        name = name.substring(0, dash);
    }
    return name;
}

/// What a pom, or the nearest of its parents that says anything, calls the licences.
List<String> licences(Path folder, Path pom) throws Exception {
    if (!Files.isRegularFile(pom)) {
        return List.of();
    }
    Element project = DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(pom.toFile())
            .getDocumentElement();
    List<String> found = new ArrayList<>();
    for (Element licence : children(child(project, "licenses"), "license")) {
        found.add(text(licence, "name") + " <" + text(licence, "url") + ">");
    }
    Element parent = child(project, "parent");
    if (!found.isEmpty() || parent == null) {
        return found;
    }
    Path above = folder.resolve(text(parent, "artifactId") + "-" + text(parent, "version") + ".pom");
    // Parents of several groups may have one name, and then the folder has only one of them.
    return above.equals(pom) ? List.of() : licences(folder, above);
}

/// What the manifest of a jar calls them.
List<String> manifestLicences(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
        return Optional.ofNullable(file.getManifest())
                .map(manifest -> manifest.getMainAttributes().getValue("Bundle-License"))
                .stream()
                .toList();
    }
}

List<String> texts(Path jar, Path target) throws IOException {
    List<String> texts = new ArrayList<>();
    try (JarFile file = new JarFile(jar.toFile())) {
        for (JarEntry entry : file.stream().toList()) {
            String name = entry.getName().substring(entry.getName().lastIndexOf('/') + 1);
            boolean top = entry.getName().equals(name) || entry.getName().startsWith("META-INF/");
            if (top && name.matches("(?i)(FastDoubleParser-|jline-)?(licen[cs]e|notice|copying|al2\\.0|lgpl2\\.1).*")) {
                Files.createDirectories(target);
                try (InputStream in = file.getInputStream(entry)) {
                    Files.write(target.resolve(name), in.readAllBytes());
                }
                texts.add(name);
            }
        }
    }
    return texts;
}

Element child(Element parent, String name) {
    List<Element> children = children(parent, name);
    return children.isEmpty() ? null : children.getFirst();
}

List<Element> children(Element parent, String name) {
    List<Element> children = new ArrayList<>();
    for (Node node = parent == null ? null : parent.getFirstChild(); node != null; node = node.getNextSibling()) {
        if (node instanceof Element element && element.getTagName().equals(name)) {
            children.add(element);
        }
    }
    return children;
}

String text(Element parent, String name) {
    Element child = child(parent, name);
    return child == null ? "" : child.getTextContent().strip().replaceAll("\\s+", " ");
}

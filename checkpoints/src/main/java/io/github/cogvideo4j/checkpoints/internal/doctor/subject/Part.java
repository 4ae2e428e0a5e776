package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.base.BaseModelReader;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.Family;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.formats.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A component with weights: of the pipeline that is examined, or the one whose folder is.
///
/// @param component its name, and the library that reads it
/// @param className its class, by the pipeline's index, else by its configuration
/// @param trained   whether training runs make it: without its weights the pipeline is of no use
/// @param files     what its folder holds
public record Part(Component component, Optional<String> className, boolean trained, ComponentFolder files) {
    /// A component that a pipeline's index lists.
    static Part of(String name, ModelFolder.ListedComponent listed) throws IOException {
        Component component = switch (listed.library()) {
            case "transformers" -> new Component(name, true);
            case "diffusers" -> new Component(name, false);
            // A module of diffusers' pipelines, or a file of code: its classes may be of either library.
            default -> component(listed.folder(), name);
        };
        return new Part(
                component,
                Optional.of(listed.className()),
                Families.isTrained(name),
                ComponentReader.read(listed.folder(), component));
    }

    /// A component that no index lists.
    static Part of(Path folder, boolean trained) throws IOException {
        Component component =
                component(folder, ComponentReader.nameOf(folder.toAbsolutePath().normalize()));
        ComponentFolder files = ComponentReader.read(folder, component);
        return new Part(component, className(folder), trained, files);
    }

    private static Component component(Path folder, String name) throws IOException {
        Path config = folder.resolve(ComponentReader.CONFIG);
        try {
            Optional<Boolean> transformers =
                    Files.isReadable(config) ? BaseModelReader.isOfTransformers(config) : Optional.empty();
            return transformers.map(is -> new Component(name, is)).orElseGet(() -> Component.named(name));
        } catch (FormatException | CheckpointException unsound) {
            return Component.named(name);
        }
    }

    private static Optional<String> className(Path folder) throws IOException {
        Path config = folder.resolve(ComponentReader.CONFIG);
        try {
            return Files.isReadable(config) ? BaseModelReader.className(config) : Optional.empty();
        } catch (FormatException | CheckpointException unsound) {
            return Optional.empty();
        }
    }

    /// Its folder.
    public Path folder() {
        return files.folder();
    }

    /// The family of its class, or of its weights where the class is unknown.
    public Optional<Family> family() {
        return className.isPresent()
                ? className.flatMap(Families::ofClass)
                : files.groups().stream()
                        .flatMap(group -> group.families().stream())
                        .findFirst();
    }

    /// Whether a rule of `families.json` is for it.
    public boolean follows(String rule) {
        return family().filter(family -> family.rules().contains(rule)).isPresent();
    }

    /// What `families.json` says under a name for the rules of its family.
    public List<String> facts(String name) {
        return family().map(family -> family.facts().getOrDefault(name, List.of()))
                .orElse(List.of());
    }

    /// Whether it has a configuration that this reader understands: relatives share names, not configurations.
    public boolean isReadBy(String reader) {
        return family().filter(family -> family.configuration().equals(Optional.of(reader)))
                .filter(family -> className.isEmpty()
                        || className.equals(Optional.of(family.classes().getFirst())))
                .isPresent();
    }

    /// Whether its folder has nothing that is or may become its weights.
    public boolean isBare() {
        return files.groups().isEmpty()
                && files.nested().isEmpty()
                && files.rawCheckpoints().isEmpty()
                && files.unreadable().isEmpty();
    }

    /// Whether weights may be its own: a known class does not have another family's.
    public boolean mayOwn(WeightGroup group) {
        Optional<Family> own = className.flatMap(Families::ofClass);
        List<Family> families = group.families();
        return own.isEmpty() || families.isEmpty() || families.contains(own.get());
    }
}

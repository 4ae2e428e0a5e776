package io.github.cogvideo4j.checkpoints.base;

import io.github.cogvideo4j.checkpoints.internal.base.BaseModelReader;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// The model that was fine-tuned: it supplies configurations, the table of names, shapes and dtypes, and, when
/// it is a whole pipeline, the other components.
///
/// @param folder     its folder
/// @param files      what goes into the result; a component that is converted is left out by
///                   [#without(Collection)]
/// @param pipeline   whether it is a whole pipeline (`model_index.json`)
/// @param components the folders of its components that may have weights, in its order
public record BaseModel(Path folder, List<BaseFile> files, boolean pipeline, SequencedMap<Component, Path> components) {
    /// Copies the collections.
    public BaseModel {
        files = List.copyOf(files);
        components = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(components));
    }

    /// Reads a base model's folder.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when it is no model's folder
    public static BaseModel read(Path folder) throws IOException {
        return BaseModelReader.read(folder);
    }

    /// A component's `config.json`, when it has one.
    public Optional<Path> config(Component component) {
        return Optional.of(folderOf(component).resolve("config.json")).filter(Files::isRegularFile);
    }

    /// Where a component is, or would be.
    public Path folderOf(Component component) {
        return components.getOrDefault(component, folder.resolve(component.folder()));
    }

    /// The component with a folder of this name.
    public Optional<Component> component(String name) {
        return components.keySet().stream()
                .filter(component -> component.folder().equals(name))
                .findFirst();
    }

    /// The class that a component's configuration names, in diffusers' or in transformers' way.
    public Optional<String> className(Component component) throws IOException {
        Optional<Path> config = config(component);
        return config.isPresent() ? BaseModelReader.className(config.get()) : Optional.empty();
    }

    /// The dtype of a component's weights, when it has any that can be read.
    public Optional<DType> weightDType(Component component) throws IOException {
        return BaseModelReader.weightDType(folderOf(component));
    }

    /// The same without components that the conversion makes itself.
    public BaseModel without(Collection<Component> made) {
        List<BaseFile> others = files.stream()
                .filter(file -> made.stream().noneMatch(component -> file.path().startsWith(component.folder() + "/")))
                .toList();
        return new BaseModel(folder, others, pipeline, components);
    }

    /// The same without files that the conversion writes itself.
    ///
    /// @param paths relative to the folder, with `/`
    public BaseModel withoutFiles(Set<String> paths) {
        return new BaseModel(
                folder,
                files.stream().filter(file -> !paths.contains(file.path())).toList(),
                pipeline,
                components);
    }

    /// A file of the base that becomes part of the result.
    ///
    /// @param path    relative to the folder, with `/`
    /// @param file    the file itself, links followed
    /// @param size    bytes
    /// @param weights whether it holds weights, which are linked; anything else is copied
    public record BaseFile(String path, Path file, long size, boolean weights) {}
}

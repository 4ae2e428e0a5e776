package io.github.cogvideo4j.cluster.internal.run;

import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkFiles;

/// A model that travels with a batch. Spark copies single files to its executors, and no folders; it knows a file by
/// its last name, so each has a number there.
///
/// @param id    what the names of its files begin with: the same for the same files
/// @param name  the name of its folder
/// @param files its files, from that folder
record ShippedModel(String id, String name, List<String> files) implements Serializable {
    private static final long serialVersionUID = 1;

    /// Nothing travels: the model lies where it is named.
    static final ShippedModel NONE = new ShippedModel("", "", List.of());

    /// Has the files of a model copied to every executor.
    static ShippedModel of(Path model, SparkContext spark) throws IOException {
        List<Path> found;
        try (Stream<Path> all = Files.walk(model)) {
            found = all.filter(Files::isRegularFile).sorted().toList();
        }
        StringBuilder states = new StringBuilder();
        for (Path file : found) {
            states.append(file).append(Files.size(file)).append(Files.getLastModifiedTime(file));
        }
        ShippedModel shipped = new ShippedModel(
                "model-" + UUID.nameUUIDFromBytes(states.toString().getBytes(StandardCharsets.UTF_8)),
                String.valueOf(model.getFileName()),
                found.stream().map(file -> model.relativize(file).toString()).toList());
        // Spark deletes this folder when it stops.
        Path links = Files.createDirectories(root().resolve(shipped.id + "-links"));
        for (int i = 0; i < found.size(); i++) {
            Path link = links.resolve(shipped.file(i));
            if (!Files.exists(link)) {
                Files.createSymbolicLink(link, found.get(i));
            }
            spark.addFile(link.toUri().toString());
        }
        return shipped;
    }

    private static Path root() {
        return Path.of(SparkFiles.getRootDirectory()).toAbsolutePath().normalize();
    }

    private String file(int number) {
        return id + "-" + number;
    }

    /// The folder of the model in this process, put together from its files; empty where nothing travelled.
    Optional<Path> folder() throws IOException {
        if (files.isEmpty()) {
            return Optional.empty();
        }
        Path folder = root().resolve(id).resolve(name);
        for (int i = 0; i < files.size(); i++) {
            Path file = folder.resolve(files.get(i));
            if (!Files.exists(file)) {
                Files.createDirectories(file.resolveSibling(""));
                Files.createLink(file, root().resolve(file(i)));
            }
        }
        return Optional.of(folder);
    }
}

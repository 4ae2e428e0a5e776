package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.ModelArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// What `convert` reads and where it writes, by position or by the reference script's options.
///
/// @param main       the source that counts as the main one
/// @param companions sources of other components
/// @param output     the folder to make
record ConversionSources(Checkpoint main, List<Checkpoint> companions, Path output) {
    static ConversionSources of(
            Optional<Path> first, Optional<Path> second, ModelArguments model, SourceOptions options)
            throws IOException {
        Deque<Path> words = new ArrayDeque<>();
        first.ifPresent(words::add);
        second.ifPresent(words::add);
        boolean named = model.transformer().isPresent()
                || (model.vae().isPresent() && words.size() < (model.output().isPresent() ? 1 : 2));
        Optional<Path> checkpoint = named ? Optional.empty() : Optional.ofNullable(words.poll());
        Optional<Path> output = model.output().or(() -> Optional.ofNullable(words.poll()));
        if (!named && checkpoint.isEmpty()) {
            throw new UsageException("cli.usage.missing", output.isEmpty() ? "CHECKPOINT, OUTPUT" : "CHECKPOINT");
        }
        if (output.isEmpty()) {
            throw new UsageException("cli.usage.missing", "OUTPUT");
        }
        if (!words.isEmpty()) {
            throw new UsageException("cli.usage.too-many", words.getFirst());
        }

        List<Checkpoint> opened = new ArrayList<>();
        Optional<Path> main = checkpoint.or(model::transformer);
        for (Path path : main.stream().toList()) {
            Checkpoint source = Checkpoints.open(path, options);
            opened.add(model.transformer().isPresent() ? source.require(Component.TRANSFORMER) : source);
            if (model.withVae()) {
                opened.add(Checkpoints.openPart(path, options, Component.VAE));
            }
            if (model.withTextEncoder()) {
                opened.add(Checkpoints.openPart(path, options, Component.TEXT_ENCODER));
            }
        }
        for (Path path : model.vae().stream().toList()) {
            opened.add(Checkpoints.open(path, SourceOptions.defaults()).require(Component.VAE));
        }
        return new ConversionSources(opened.getFirst(), opened.subList(1, opened.size()), output.get());
    }
}

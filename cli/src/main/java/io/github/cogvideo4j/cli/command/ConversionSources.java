package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionRequest.Source;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.ModelArguments;
import io.github.cogvideo4j.cli.arguments.UsageException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// The sources and the output of `convert`, by position or by the reference script's options.
///
/// @param sources what is converted, the main source first
/// @param output  the folder to make
record ConversionSources(List<Source> sources, Path output) {
    static ConversionSources of(
            Optional<Path> first, Optional<Path> second, ModelArguments model, SourceOptions options) {
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

        List<Source> sources = new ArrayList<>();
        Optional<Component> expected =
                model.transformer().isPresent() ? Optional.of(Component.TRANSFORMER) : Optional.empty();
        checkpoint.or(model::transformer).ifPresent(path -> {
            sources.add(new Source(path, Optional.empty(), expected, options));
            if (model.withVae()) {
                sources.add(new Source(path, Optional.of(Component.VAE), Optional.empty(), options));
            }
            if (model.withTextEncoder()) {
                sources.add(new Source(path, Optional.of(Component.TEXT_ENCODER), Optional.empty(), options));
            }
        });
        model.vae()
                .ifPresent(path -> sources.add(
                        new Source(path, Optional.empty(), Optional.of(Component.VAE), SourceOptions.defaults())));
        return new ConversionSources(sources, output.get());
    }
}

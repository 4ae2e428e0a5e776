package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.inference.internal.sampler.Sampler;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// The model and settings that a table of step caches was measured with. Tables of different subjects are different
/// files.
///
/// @param model     a digest of where the model's transformer and its adapters lie, and how large their files
///                  are
/// @param scheduler the sampler's name, with its settings where they are not the model's own
/// @param steps     denoising steps
public record CacheSubject(String model, String scheduler, int steps) {
    private static final int DIGITS = 16;

    /// The subject of a model that was loaded with options.
    public static CacheSubject of(Path model, PipelineOptions options, int steps) throws IOException {
        Sampler sampler = Sampler.of(
                ConfigDocument.read(model.resolve("scheduler").resolve("scheduler_config.json")),
                options.scheduler(),
                options.spacing(),
                options.sampler());
        String settings = options.spacing().map(way -> " " + way.id()).orElse("");
        if (!options.sampler().equals(SamplerOptions.defaults())) {
            settings += " " + options.sampler();
        }
        StringBuilder text = new StringBuilder();
        describe(text, options.transformer().orElse(model.resolve("transformer")));
        for (LoraChoice lora : options.loras()) {
            describe(text, lora.path());
            text.append(lora.scale()).append('\n');
        }
        return new CacheSubject(digest(text.toString()), sampler.name() + settings, steps);
    }

    private static void describe(StringBuilder text, Path path) throws IOException {
        Path real = path.toRealPath();
        text.append(real).append('\n');
        List<Path> files = List.of(real);
        if (Files.isDirectory(real)) {
            try (Stream<Path> children = Files.list(real)) {
                files = children.filter(Files::isRegularFile).sorted().toList();
            }
        }
        for (Path file : files) {
            text.append(file.getFileName()).append(' ').append(Files.size(file)).append('\n');
        }
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    Path file(Path folder) {
        return folder.resolve(digest(model + '\n' + scheduler + '\n' + steps) + ".json");
    }
}

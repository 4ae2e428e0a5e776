package io.github.cogvideo4j.inference.quality;

import io.github.cogvideo4j.inference.internal.scheduler.Scheduler;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import io.github.cogvideo4j.inference.options.LoraChoice;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// What a table of step caches was measured with. Tables of different subjects are different files.
///
/// @param model     a digest of where the model's transformer and its adapters lie, and how large their files
///                  are
/// @param scheduler the scheduler's class, and how its timesteps are spread where the model's way is not used
/// @param steps     denoising steps
public record CacheSubject(String model, String scheduler, int steps) {
    private static final int DIGITS = 16;

    /// The subject of a model that was loaded with options.
    public static CacheSubject of(Path model, PipelineOptions options, int steps) throws IOException {
        SchedulerConfig config = SchedulerConfig.read(model.resolve("scheduler").resolve("scheduler_config.json"));
        Scheduler scheduler =
                options.scheduler().map(choice -> Scheduler.of(choice, config)).orElseGet(() -> Scheduler.of(config));
        String spacing = options.spacing().map(way -> " " + way.id()).orElse("");
        StringBuilder text = new StringBuilder();
        describe(text, options.transformer().orElse(model.resolve("transformer")));
        for (LoraChoice lora : options.loras()) {
            describe(text, lora.path());
            text.append(lora.scale()).append('\n');
        }
        return new CacheSubject(digest(text.toString()), scheduler.className() + spacing, steps);
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

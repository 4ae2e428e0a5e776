package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationRequest.Extension;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import picocli.CommandLine.Option;

/// The options that say what the videos start from, and what leads them.
public final class InputArguments {
    @Option(names = "--image-or-video-path", paramLabel = "FILE")
    private Optional<Path> input = Optional.empty();

    @Option(names = "--image", paramLabel = "FILE")
    private Optional<Path> image = Optional.empty();

    @Option(names = "--last-image", paramLabel = "FILE")
    private Optional<Path> lastImage = Optional.empty();

    @Option(names = "--video", paramLabel = "FILE")
    private Optional<Path> video = Optional.empty();

    @Option(names = "--mask-video", paramLabel = "FILE")
    private Optional<Path> mask = Optional.empty();

    @Option(names = "--control-video", paramLabel = "FILE")
    private Optional<Path> control = Optional.empty();

    @Option(names = "--extend", paramLabel = "VIDEO")
    private Optional<Path> extended = Optional.empty();

    @Option(names = "--extend-clips", paramLabel = "N")
    private Optional<Integer> clips = Optional.empty();

    @Option(names = "--extend-overlap", paramLabel = "N")
    private Optional<Integer> overlap = Optional.empty();

    @Option(names = "--control-canny", paramLabel = "FILE")
    private Optional<Path> canny = Optional.empty();

    @Option(names = "--generate-type", paramLabel = "TYPE")
    private Optional<GenerationKind> kind = Optional.empty();

    /// Whether a mask was given.
    boolean masked() {
        return mask.isPresent();
    }

    /// A prompt with the files that were given here, where it has none of its own.
    ///
    /// @param base a record's prompt, whose files are used when none are given
    /// @throws UsageException when two were given that exclude each other
    PromptInput around(PromptInput prompt, PromptInput base) {
        Optional<Path> given = given().values().stream().findFirst();
        // A record's last image and mask belong to its own input.
        boolean another = given.isPresent() || prompt.input().isPresent();
        return new PromptInput(
                prompt.text(),
                prompt.input().or(() -> given).or(base::input),
                lastImage.or(() -> another ? Optional.empty() : base.lastImage()),
                mask.or(() -> another ? Optional.empty() : base.mask()),
                prompt.original());
    }

    /// The file of each option that gives the input; at most one.
    private Map<String, Path> given() {
        Map<String, Path> given = new LinkedHashMap<>();
        input.ifPresent(file -> given.put("--image-or-video-path", file));
        image.ifPresent(file -> given.put("--image", file));
        video.ifPresent(file -> given.put("--video", file));
        control.ifPresent(file -> given.put("--control-video", file));
        canny.ifPresent(file -> given.put("--control-canny", file));
        extended.ifPresent(file -> given.put("--extend", file));
        List<String> names = List.copyOf(given.keySet());
        if (names.size() > 1) {
            throw new UsageException("cli.generate.two-inputs", names.getFirst(), names.get(1));
        }
        return given;
    }

    /// The kind that an option implies by its name.
    private Optional<GenerationKind> implied() {
        return image.map(_ -> GenerationKind.I2V)
                .or(() -> video.map(_ -> GenerationKind.V2V))
                .or(() -> control.map(_ -> GenerationKind.CONTROL))
                .or(() -> canny.map(_ -> GenerationKind.CANNY));
    }

    /// How a video is continued, if one is.
    ///
    /// @param recorded how that of a record is
    /// @throws UsageException when there is none to continue, or the number of clips is none
    Optional<Extension> extension(Optional<Extension> recorded) {
        // Another input than the record's is not continued.
        Optional<Extension> base = recorded.filter(_ -> given().isEmpty());
        if (clips.isPresent() && (clips.get() < 1 || clips.get() > Extension.MOST_CLIPS)) {
            throw new UsageException("cli.generate.clips", clips.get(), Extension.MOST_CLIPS);
        }
        if (overlap.filter(frames -> frames < 1).isPresent()) {
            throw new UsageException("cli.generate.overlap", overlap.get());
        }
        if (extended.isEmpty() && base.isEmpty()) {
            if (clips.isPresent() || overlap.isPresent()) {
                throw new UsageException(
                        "cli.generate.no-extend", clips.isPresent() ? "--extend-clips" : "--extend-overlap");
            }
            return Optional.empty();
        }
        if (kind.filter(said -> said != GenerationKind.I2V).isPresent()) {
            throw new UsageException("cli.generate.extend-type", kind.get());
        }
        return Optional.of(new Extension(
                clips.or(() -> base.map(Extension::clips)).orElse(1),
                overlap.map(OptionalInt::of)
                        .or(() -> base.map(Extension::overlap))
                        .orElse(OptionalInt.empty())));
    }

    /// What kind of generation the prompts ask for: what was said, or what their inputs make plain.
    ///
    /// @param recorded what the videos of a record were made from
    GenerationKind kind(List<PromptInput> prompts, Optional<GenerationKind> recorded) throws IOException {
        Optional<GenerationKind> implied = implied();
        if (implied.isPresent() && kind.filter(said -> said != implied.get()).isPresent()) {
            throw new UsageException(
                    "cli.generate.wrong-input",
                    kind.get(),
                    given().values().iterator().next());
        }
        GenerationKind asked = kindOf(prompts, kind.or(() -> implied).or(() -> recorded));
        if (lastImage.isPresent() && asked != GenerationKind.I2V) {
            throw new UsageException("cli.generate.last-image");
        }
        if (mask.isPresent() && asked != GenerationKind.V2V) {
            throw new UsageException("cli.generate.mask");
        }
        return asked;
    }

    /// The one kind of all prompts.
    ///
    /// @param wanted what was said of it
    /// @throws UsageException when they are of several kinds, or of another one
    static GenerationKind kindOf(List<PromptInput> prompts, Optional<GenerationKind> wanted) throws IOException {
        Set<GenerationKind> kinds = EnumSet.noneOf(GenerationKind.class);
        for (PromptInput prompt : prompts) {
            kinds.add(kind(prompt, wanted));
        }
        if (kinds.size() != 1) {
            throw new UsageException("cli.generate.mixed-inputs");
        }
        return kinds.iterator().next();
    }

    private static GenerationKind kind(PromptInput asked, Optional<GenerationKind> wanted) throws IOException {
        if (asked.input().isEmpty()) {
            if (wanted.filter(GenerationKind::isControlled).isPresent()) {
                throw new UsageException("cli.generate.no-control");
            }
            if (wanted.filter(type -> type != GenerationKind.T2V).isPresent()) {
                throw new UsageException("cli.generate.no-input", wanted.get());
            }
            return GenerationKind.T2V;
        }
        Path file = asked.input().get();
        boolean still = !Files.isDirectory(file) && Image.isStill(file);
        GenerationKind plain = still ? GenerationKind.I2V : GenerationKind.V2V;
        if (wanted.isEmpty() || wanted.get() == plain) {
            return plain;
        }
        // A GIF may be meant as the image that it begins with; a control video is not told from others.
        boolean meant = wanted.get().isControlled() || (wanted.get() == GenerationKind.I2V && !Files.isDirectory(file));
        if (still || !meant) {
            throw new UsageException("cli.generate.wrong-input", wanted.get(), file);
        }
        return wanted.get();
    }
}

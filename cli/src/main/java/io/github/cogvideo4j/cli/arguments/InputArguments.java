package io.github.cogvideo4j.cli.arguments;

import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationRequest.Extension;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/// The options that say what the videos start from, and what leads them.
public final class InputArguments {
    @Option(names = "--image-or-video-path", paramLabel = "FILE")
    private Optional<Path> input = Optional.empty();

    @Option(names = "--control-video", paramLabel = "FILE")
    private Optional<Path> control = Optional.empty();

    @Option(names = "--extend", paramLabel = "VIDEO")
    private Optional<Path> extended = Optional.empty();

    @Option(names = "--extend-clips", paramLabel = "N")
    private Optional<Integer> clips = Optional.empty();

    @Option(names = "--generate-type", paramLabel = "TYPE")
    private Optional<GenerationKind> kind = Optional.empty();

    /// A prompt with the files that were given here, where it has none of its own.
    ///
    /// @param base a record's prompt, whose files are used when none are given
    /// @throws UsageException when two were given that exclude each other
    PromptInput around(PromptInput prompt, PromptInput base) {
        if (control.isPresent() && input.isPresent()) {
            throw new UsageException("cli.generate.two-inputs", "--control-video", "--image-or-video-path");
        }
        if (extended.isPresent() && (control.isPresent() || input.isPresent())) {
            throw new UsageException(
                    "cli.generate.two-inputs",
                    "--extend",
                    control.isPresent() ? "--control-video" : "--image-or-video-path");
        }
        return prompt.withInput(prompt.input()
                .or(() -> control)
                .or(() -> extended)
                .or(() -> input)
                .or(base::input));
    }

    /// How a video is continued, if one is.
    ///
    /// @param recorded how that of a record is
    /// @throws UsageException when there is none to continue, or the number of clips is none
    Optional<Extension> extension(Optional<Extension> recorded) {
        // Another input than the record's is not continued.
        Optional<Extension> base = recorded.filter(_ -> control.isEmpty() && input.isEmpty());
        if (clips.isPresent() && (clips.get() < 1 || clips.get() > Extension.MOST_CLIPS)) {
            throw new UsageException("cli.generate.clips", clips.get(), Extension.MOST_CLIPS);
        }
        if (extended.isEmpty() && base.isEmpty()) {
            if (clips.isPresent()) {
                throw new UsageException("cli.generate.no-extend");
            }
            return Optional.empty();
        }
        if (kind.filter(said -> said != GenerationKind.I2V).isPresent()) {
            throw new UsageException("cli.generate.extend-type", kind.get());
        }
        return Optional.of(
                new Extension(clips.or(() -> base.map(Extension::clips)).orElse(1)));
    }

    /// What kind of generation the prompts ask for: what was said, or what their inputs make plain.
    ///
    /// @param recorded what the videos of a record were made from
    GenerationKind kind(List<PromptInput> prompts, Optional<GenerationKind> recorded) throws IOException {
        if (control.isPresent()
                && kind.filter(said -> said != GenerationKind.CONTROL).isPresent()) {
            throw new UsageException("cli.generate.wrong-input", kind.get(), control.get());
        }
        Optional<GenerationKind> wanted =
                kind.or(() -> control.map(_ -> GenerationKind.CONTROL)).or(() -> recorded);
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
            if (wanted.filter(type -> type == GenerationKind.CONTROL).isPresent()) {
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
        boolean meant = wanted.get() == GenerationKind.CONTROL
                || (wanted.get() == GenerationKind.I2V && !Files.isDirectory(file));
        if (still || !meant) {
            throw new UsageException("cli.generate.wrong-input", wanted.get(), file);
        }
        return wanted.get();
    }
}

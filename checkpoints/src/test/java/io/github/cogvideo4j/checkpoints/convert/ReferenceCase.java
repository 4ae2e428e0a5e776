package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.formats.index.ShardSize;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// One conversion that a reference tool made of a fixture.
///
/// @param fixture    the fixture
/// @param checkpoint the checkpoint in it
/// @param reference  the folder with the reference's files
/// @param dtype      what it was converted to
/// @param shardLimit the limit of a shard
/// @param frozen     whether frozen parameters are in it
record ReferenceCase(
        String fixture, Path checkpoint, Path reference, TargetDType dtype, long shardLimit, boolean frozen) {
    private static final List<String> KINDS = List.of("zero", "sample-", "ds0164-");

    /// Every safetensors conversion of every training fixture.
    static Stream<ReferenceCase> all() {
        return Resources.cases("").stream()
                .filter(name -> KINDS.stream().anyMatch(name::startsWith))
                .flatMap(ReferenceCase::of);
    }

    private static Stream<ReferenceCase> of(String fixture) {
        Path output = Resources.fixture(fixture + "/output");
        Path reference = Resources.fixture(fixture + "/reference");
        return children(output).stream().flatMap(checkpoint -> {
            Path own = reference.resolve(checkpoint.getFileName());
            return children(Files.isDirectory(own) ? own : reference).stream()
                    .flatMap(folder -> parse(fixture, checkpoint, folder).stream());
        });
    }

    private static Optional<ReferenceCase> parse(String fixture, Path checkpoint, Path folder) {
        String name = folder.getFileName().toString();
        if (!name.startsWith("bf16-safe") && !name.startsWith("fp32-safe")) {
            return Optional.empty();
        }
        String suffix = name.substring("bf16-safe".length()).replaceFirst("^-", "");
        boolean frozen = !suffix.equals("exclude-frozen");
        long limit = suffix.isEmpty() || !frozen
                ? FileOptions.DEFAULT_SHARD_BYTES
                : ShardSize.parse(suffix).orElseThrow().bytes();
        TargetDType dtype = name.startsWith("bf16") ? TargetDType.BF16 : TargetDType.SOURCE;
        return Optional.of(new ReferenceCase(fixture, checkpoint, folder, dtype, limit, frozen));
    }

    /// The model that was fine-tuned.
    Path base() {
        return fixture.startsWith("sample-")
                ? Resources.golden("pipelines/" + fixture.substring("sample-".length()))
                : Resources.fixture(fixture + "/base");
    }

    /// The files that the reference wrote, by our names for them.
    ///
    /// The merge script calls its files `model-...`, CogVideo's converter puts `diffusion_pytorch_` before
    /// that.
    static String ourName(String referenceName) {
        return referenceName.startsWith("model") ? "diffusion_pytorch_" + referenceName : referenceName;
    }

    static List<Path> children(Path folder) {
        try (Stream<Path> children = Files.list(folder)) {
            return children.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return fixture + " " + checkpoint.getFileName() + " " + reference.getFileName();
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Conversions against the bytes that the reference tools wrote.
class ReferenceBytesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @MethodSource("io.github.cogvideo4j.checkpoints.convert.ReferenceCase#all")
    void everyFileOfTheReferenceIsReproducedByteForByte(ReferenceCase reference) throws IOException {
        Path output = folder.resolve("model");
        Conversions.convert(
                reference.checkpoint(),
                output,
                Optional.of(reference.base()),
                new SourceOptions(Optional.empty(), false, !reference.frozen()),
                Conversions.options(reference.dtype(), reference.shardLimit(), OutputFormat.SAFETENSORS));

        Path transformer = output.resolve("transformer");
        for (Path expected : ReferenceCase.children(reference.reference())) {
            String name = ReferenceCase.ourName(expected.getFileName().toString());
            byte[] bytes = Files.readAllBytes(expected);
            if (name.endsWith(".index.json")) {
                // The index names the files, which have our names.
                bytes = new String(bytes, StandardCharsets.UTF_8)
                        .replace("\"model-", "\"diffusion_pytorch_model-")
                        .getBytes(StandardCharsets.UTF_8);
                assertThat(transformer.resolve(ConversionPlanner.KEPT_INDEX)).hasBinaryContent(bytes);
            }
            assertThat(transformer.resolve(name)).hasBinaryContent(bytes);
        }
    }
}

package io.github.cogvideo4j.inference.internal.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.testing.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Adapters in every dialect, as a generation adds them to a transformer, against the references' bytes.
class AdaptersTest {
    private static final Path DIALECTS = Resources.fixture("lora-dialects");

    @ParameterizedTest
    @CsvSource({
        "diffusers,               14, ../reference",
        "diffusers-lora-config,   14, ../reference",
        "comfy-lora-ab,           14, ../reference",
        "comfy-updown,            14, ../reference",
        "comfy-diff,              16, reference",
        "kohya-single,            14, ../reference",
        "kohya-double,            14, ../reference",
        "old-diffusers-processor, 8,  reference",
        "peft-folder,             14, ../reference",
        "peft-rank-pattern,       14, reference",
        "peft-rslora,             8,  reference",
        "peft-dora,               8,  reference",
        "peft-loha,               8,  reference",
        "peft-lokr,               8,  reference",
        "peft-lora-bias,          8,  reference",
        "peft-bias-all,           8,  reference",
        "peft-modules-to-save,    9,  reference",
    })
    void everyDialectIsAddedToTheTransformer(String name, int modules, String reference) throws IOException {
        for (String scale : new String[] {"1.0", "0.5"}) {
            Adapters adapters = Adapters.fuse(
                    DIALECTS.resolve("base/transformer"),
                    List.of(new LoraChoice(DIALECTS.resolve(name + "/input"), Double.parseDouble(scale))));
            assertThat(adapters.warnings())
                    .extracting(warning -> warning.message().text())
                    .anyMatch(text -> text.contains("bound %d of %d modules".formatted(modules, modules)));
            Map<String, StoredTensor> found = new HashMap<>();
            adapters.weights().forEach(tensor -> found.put(tensor.name(), tensor));
            Path file = DIALECTS.resolve(name).resolve(reference + "/fused-" + scale + ".safetensors");
            for (StoredTensor expected : SafetensorsFile.open(file, Strictness.LENIENT, new Warnings())
                    .tensors()) {
                // Narrow products have other bits from processor to processor: docs/lora.md.
                if (!expected.name().endsWith("norm1.linear.weight")) {
                    assertThat(bytes(found.get(expected.name())))
                            .as("%s at %s", expected.name(), scale)
                            .isEqualTo(bytes(expected));
                }
            }
        }
    }

    private static byte[] bytes(StoredTensor tensor) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (FileStorageReader reader = new FileStorageReader()) {
            reader.read(tensor, part -> {
                byte[] piece = new byte[part.remaining()];
                part.get(piece);
                bytes.write(piece);
            });
        }
        return bytes.toByteArray();
    }
}

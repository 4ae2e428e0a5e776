package io.github.cogvideo4j.formats.internal.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RewritingTest {
    @TempDir
    Path folder;

    /// Written by the reference library in training, conversion and inference.
    private static List<Path> referenceFiles() throws IOException {
        try (Stream<Path> fixtures = Files.walk(Resources.fixture(""));
                Stream<Path> golden = Files.walk(Resources.golden(""))) {
            Path broken = Resources.fixture("broken");
            return Stream.concat(fixtures, golden)
                    .filter(file -> file.toString().endsWith(".safetensors") && !file.startsWith(broken))
                    .filter(Files::isRegularFile)
                    // torch's consolidation does not pad the header, so that reading it warns.
                    .filter(file -> !file.toString().contains("hf-dcp-consolidated"))
                    .toList();
        }
    }

    @Test
    void everyReferenceFileIsRewrittenByteForByteAndWithoutAWarning() throws IOException {
        List<Path> files = referenceFiles();
        assertThat(files).hasSizeGreaterThan(300);
        for (Path file : files) {
            Warnings warnings = new Warnings();
            SafetensorsFile read = SafetensorsFile.open(file, Strictness.STRICT, warnings);
            Path copy = folder.resolve("copy.safetensors");
            Files.deleteIfExists(copy);
            try (FileStorageReader reader = new FileStorageReader()) {
                SafetensorsWriter.write(copy, read.tensors().reversed(), read.metadata(), reader);
            }
            if (read.metadata().size() < 2) {
                assertThat(Files.mismatch(file, copy))
                        .as("first difference in %s", file)
                        .isEqualTo(-1);
            } else {
                // The reference writes several metadata keys in random order; all else is fixed, sizes
                // included.
                assertThat(copy).hasSize(Files.size(file));
            }
            assertThat(warnings.all()).as("warnings of %s", file).isEmpty();
        }
    }
}

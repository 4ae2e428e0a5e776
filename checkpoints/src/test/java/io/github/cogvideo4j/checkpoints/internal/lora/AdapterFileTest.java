package io.github.cogvideo4j.checkpoints.internal.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which of two writers of one file wins.
class AdapterFileTest {
    @TempDir
    Path folder;

    @Test
    void ofTwoThatRaceToOneNameTheFirstWinsAndTheOtherIsRefused() throws IOException {
        Path target = folder.resolve("adapter.safetensors");
        try (AdapterFile first = begin(target, 1);
                AdapterFile second = begin(target, 2)) {
            first.publish();
            assertThatThrownBy(second::publish)
                    .isInstanceOfSatisfying(
                            OutputException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.OUTPUT_REFUSED));
        }
        assertThat(last(target)).isEqualTo((byte) 1);
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(target));
    }

    @Test
    void whatWasThereWhenItBeganIsReplaced() throws IOException {
        Path target = Files.writeString(folder.resolve("adapter.safetensors"), "old");
        try (AdapterFile file = begin(target, 3)) {
            file.publish();
        }
        assertThat(last(target)).isEqualTo((byte) 3);
    }

    private static AdapterFile begin(Path target, int value) throws IOException {
        AdapterFile file = AdapterFile.create(target, List.of(new TensorSpec("w", DType.U8, Shape.of(1))), Map.of());
        file.write("w", 0, ByteBuffer.wrap(new byte[] {(byte) value}));
        return file;
    }

    private static byte last(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        return bytes[bytes.length - 1];
    }
}

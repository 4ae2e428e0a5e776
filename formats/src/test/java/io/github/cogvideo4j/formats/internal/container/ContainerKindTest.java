package io.github.cogvideo4j.formats.internal.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerKindTest {
    @ParameterizedTest
    @CsvSource({
        "broken/st-html-page/input/model.safetensors, HTML",
        "broken/st-git-lfs-pointer/input/model.safetensors, GIT_LFS_POINTER",
        "broken/st-is-really-a-zip/input/model.safetensors, ZIP",
        "broken/st-empty-file/input/model.safetensors, EMPTY",
        "broken/st-hole/input/model.safetensors, SAFETENSORS",
        "broken/index-omits-tensor/input/model.safetensors.index.json, JSON",
        "zero2-bf16-w2/reference/fp32-safe/model.safetensors, SAFETENSORS",
        "zero2-bf16-w2/reference/fp32-bin/pytorch_model.bin, ZIP",
    })
    void fixturesAreWhatTheyAre(String file, ContainerKind kind) throws IOException {
        assertThat(ContainerKind.of(Resources.fixture(file))).isEqualTo(kind);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "GGUF\\3, GGUF",
                "<?xml version='1.0'?><Error><Code>AccessDenied, XML",
                "<?xml version='1.0'?><!DOCTYPE html PUBLIC, HTML",
                "  <HTML lang='en'>, HTML",
                "[1], JSON",
                "plain words, UNKNOWN",
                "PK, UNKNOWN",
            })
    void textsAreRecognised(String text, ContainerKind kind) {
        assertThat(of(text)).isEqualTo(kind);
    }

    @Test
    void binaryMarksAreRecognised() {
        assertThat(of("\u001f\u008b\u0008\0\0\0\0\0\2\3")).isEqualTo(ContainerKind.GZIP);
        assertThat(of("a.txt" + "\0".repeat(252) + "ustar\0")).isEqualTo(ContainerKind.TAR);
        assertThat(of("\u0080\2}q\0.")).isEqualTo(ContainerKind.PICKLE);
        assertThat(of("\u0080\2\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019."))
                .isEqualTo(ContainerKind.TORCH_LEGACY);
    }

    @Test
    void aHeaderLengthThatLooksLikeAnotherMarkIsStillALength() {
        assertThat(of("PK\3\4\0\0\0\0{\"a\"")).isEqualTo(ContainerKind.SAFETENSORS);
        assertThat(of("\u0080\2\0\0\0\0\0\0{\"a\"")).isEqualTo(ContainerKind.SAFETENSORS);
        assertThat(of("\u001f\u008b\0\0\0\0\0\0{}")).isEqualTo(ContainerKind.SAFETENSORS);
    }

    @Test
    void aFolderIsNotOpened() {
        Path folder = Resources.fixture("broken");
        assertThatThrownBy(() -> ContainerKind.of(folder)).isInstanceOf(UnsafeFileException.class);
        assertThatThrownBy(() -> ContainerKind.of(folder.resolve("absent"))).isInstanceOf(NoSuchFileException.class);
    }

    private static ContainerKind of(String latin1) {
        return ContainerKind.of(ByteBuffer.wrap(latin1.getBytes(StandardCharsets.ISO_8859_1)));
    }
}

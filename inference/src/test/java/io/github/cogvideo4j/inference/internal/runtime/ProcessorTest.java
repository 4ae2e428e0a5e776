package io.github.cogvideo4j.inference.internal.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Lines as Linux prints them on x86 and on ARM.
class ProcessorTest {
    @ParameterizedTest
    @CsvSource({
        "'flags\t\t: fpu sse avx2 avx512f avx512_vnni', true, true",
        "'flags\t\t: fpu avx512f avx512_bf16 amx_tile', false, true",
        "'flags\t\t: fpu amx_bf16 avx512_fp16', false, false",
        "'Features\t: fp asimd asimdhp', true, false",
        "'Features\t: fp asimd asimdhp bf16', false, false",
        "'model name\t: a processor with bf16 in its name\nflags\t\t: fpu sse', true, true",
        "'', false, false"
    })
    void halfPrecisionIsWidenedWhereTheFlagsLackIt(String text, boolean bfloat16, boolean half) {
        Processor processor = Processor.of("processor\t: 0\n" + text + "\n");

        assertThat(processor.widens(ScalarType.BFloat16)).isEqualTo(bfloat16);
        assertThat(processor.widens(ScalarType.Half)).isEqualTo(half);
        assertThat(processor.widens(ScalarType.Float)).isFalse();
    }
}

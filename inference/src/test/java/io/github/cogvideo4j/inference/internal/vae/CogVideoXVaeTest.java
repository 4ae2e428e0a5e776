package io.github.cogvideo4j.inference.internal.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.NativeObjects;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CogVideoXVaeTest {
    private CogVideoXVae vae;
    private PointerScope scope;

    @BeforeAll
    static void start() {
        // The models are so small that a second thread would mostly wait for the first.
        Torch.start(1);
    }

    @BeforeEach
    void open() throws IOException {
        vae = CogVideoXVae.load(Resources.golden("pipelines/t2v-2b/vae"), Precision.FP32, ComputeDevice.CPU);
        scope = new PointerScope();
    }

    @AfterEach
    void close() {
        scope.close();
        vae.close();
    }

    @Test
    void framesComeChunkByChunkAndMakeTheSameVideo() {
        Tensor latents = torch.randn(2, 16, 5, 2, 3);
        List<String> arrivals = new ArrayList<>();
        List<Long> progress = new ArrayList<>();
        Tensor whole = vae.decode(latents, VaeOptions.defaults());

        vae.decode(
                latents,
                VaeOptions.defaults(),
                (video, first, frames) -> {
                    arrivals.add(video + ": " + first + " to " + (first + frames.size(1)));
                    assertThat(torch.equal(frames, whole.select(0, video).narrow(1, first, frames.size(1))))
                            .isTrue();
                },
                (done, total) -> progress.add(10 * total + done));

        assertThat(arrivals).containsExactly("0: 0 to 9", "0: 9 to 17", "1: 0 to 9", "1: 9 to 17");
        assertThat(progress).containsExactly(41L, 42L, 43L, 44L);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 8", "3, 9", "4, 16", "5, 17", "13, 49", "12, 48", "21, 81"})
    void countsOfFramesAreThoseThatComeOut(long latentFrames, long videoFrames) {
        assertThat(vae.config().videoFrames(latentFrames)).isEqualTo(videoFrames);
        assertThat(vae.config().latentFrames(videoFrames)).isEqualTo(latentFrames);
    }

    @Test
    void tilesAreOnlyForFramesLargerThanOne() {
        Tensor latents = torch.randn(1, 16, 1, 6, 10);

        Tensor tiled = vae.decode(latents, new VaeOptions(true, true));

        assertThat(torch.equal(tiled, vae.decode(latents, VaeOptions.defaults())))
                .isTrue();
    }

    @Test
    void otherShapesAreRefusedBeforeAnythingIsComputed() {
        for (long[] shape : new long[][] {{1, 16, 2, 3}, {1, 4, 1, 2, 3}, {1, 16, 0, 2, 3}, {0, 16, 1, 2, 3}}) {
            assertThatThrownBy(() -> vae.decode(torch.zeros(shape), VaeOptions.defaults()))
                    .isInstanceOfSatisfying(
                            InvalidRequestException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST));
        }
        for (long[] shape : new long[][] {{1, 3, 8, 8}, {1, 4, 1, 8, 8}, {1, 3, 1, 7, 8}, {1, 3, 1, 8, 4}}) {
            assertThatThrownBy(() -> vae.encode(torch.zeros(shape), VaeOptions.defaults(), VaeProgress.NONE))
                    .isInstanceOfSatisfying(
                            InvalidRequestException.class,
                            e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST));
        }
    }

    @Test
    void decodingAgainAndAgainTakesNoMoreMemory() throws IOException {
        Tensor latents = torch.randn(1, 16, 5, 4, 6);
        NativeObjects.assertNoneLeftBy(() -> decode(latents, 4));
    }

    @Test
    void norDoesEncoding() throws IOException {
        Tensor video = torch.randn(1, 3, 9, 16, 24);
        NativeObjects.assertNoneLeftBy(
                () -> Scoped.run(() -> vae.encode(video, VaeOptions.defaults(), VaeProgress.NONE)));
    }

    @Test
    void norDoesDecodingInHalfPrecision() throws IOException {
        Tensor latents = torch.randn(1, 16, 5, 4, 6);
        vae.close();
        vae = CogVideoXVae.load(Resources.golden("pipelines/t2v-2b/vae"), Precision.BF16, ComputeDevice.CPU);

        NativeObjects.assertNoneLeftBy(() -> decode(latents, 4));
    }

    @Test
    void aConsumerThatFailsEndsTheWorkAndLeavesNothing() {
        Tensor latents = torch.randn(1, 16, 5, 2, 3);
        IllegalStateException stop = new IllegalStateException("enough");

        assertThatThrownBy(() -> vae.decode(
                        latents,
                        VaeOptions.defaults(),
                        (video, first, frames) -> {
                            throw stop;
                        },
                        VaeProgress.NONE))
                .isSameAs(stop);
        assertThat(PointerScope.getInnerScope()).isSameAs(scope);
        assertThat(torch.equal(vae.decode(latents, VaeOptions.defaults()), vae.decode(latents, VaeOptions.defaults())))
                .isTrue();
    }

    private void decode(Tensor latents, int times) {
        for (int i = 0; i < times; i++) {
            Scoped.run(() -> vae.decode(latents, VaeOptions.defaults()));
        }
    }
}

package io.github.cogvideo4j.inference.internal.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/// The autoencoder against the reference's numbers: every golden file, whole and with all its stages.
class VaeGoldenTest {
    /// Of golden/README.md: how far another order of summation moves what the autoencoder gives.
    private static final double LEAST_FP32 = 2e-5;
    /// Two ways of rounding that err independently are this far apart, measured in the error of one.
    private static final double TWO_ROUNDINGS = Math.sqrt(2);

    @BeforeAll
    static void start() {
        // The models are so small that a second thread would mostly wait for the first.
        Torch.start(1);
    }

    static List<String> decodings() {
        return Golden.names("vae", "dec_");
    }

    static List<String> encodings() {
        return Golden.names("vae", "enc_");
    }

    @Test
    void everyFileIsTested() {
        assertThat(Golden.names("vae", ""))
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(decodings(), encodings(), List.of("vae/conv_caches_t2v-2b_fp32"))
                                .flatMap(List::stream)
                                .toList());
    }

    @ParameterizedTest
    @MethodSource("decodings")
    void decodes(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                CogVideoXVae vae = open(golden);
                PointerScope _ = new PointerScope()) {
            Stages stages = new Stages(golden, "decoder.");
            Tensor latents = golden.in("z");
            VideoBatch video = new VideoBatch(latents.size(0), vae.config().videoFrames(latents.size(2)));

            vae.decode(latents, options(golden), video, VaeProgress.NONE, stages);

            assertClose(golden, "sample", keptFrames(golden, video.videos()));
            stages.assertAllSeen();
        }
    }

    @ParameterizedTest
    @MethodSource("encodings")
    void encodes(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                CogVideoXVae vae = open(golden);
                PointerScope _ = new PointerScope()) {
            Stages stages = new Stages(golden, "encoder.");

            Tensor parameters = vae.parameters(golden.in("x"), options(golden), VaeProgress.NONE, stages);

            assertClose(golden, "parameters", parameters);
            Posterior posterior = Posterior.of(parameters);
            assertThat(torch.equal(posterior.mode(), parameters.narrow(1, 0, parameters.size(1) / 2)))
                    .isTrue();
            if (golden.hasOutput("logvar_clamped")) {
                assertClose(golden, "logvar_clamped", posterior.logvar());
            }
            if (golden.hasOutput("sample_seed42")) {
                assertClose(golden, "sample_seed42", posterior.sample(torch.createCPUGenerator(42)));
            }
            stages.assertAllSeen();
        }
    }

    @Test
    void convolutionsRememberWhatTheReferencesDo() throws IOException {
        try (Golden golden = Golden.open("vae/conv_caches_t2v-2b_fp32");
                CogVideoXVae vae = open(golden);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            assertCaches(golden, vae.decoder(), "dec", golden.in("z"), 3);
            assertCaches(golden, vae.encoder(), "enc", golden.in("x"), 9);
        }
    }

    /// Codes two chunks and looks at the caches in between.
    private static void assertCaches(Golden golden, Coder coder, String name, Tensor video, long first)
            throws IOException {
        try (CodingState state = new CodingState(CodingState.VaeProbe.NONE)) {
            ConvCaches caches = state.caches();
            Tensor frames = video.squeeze(0).permute(1, 2, 3, 0).contiguous();
            Tensor one = coder.forward(frames.narrow(0, 0, first), state);
            golden.assertClose(name + ".out1", batch(one), LEAST_FP32);
            String prefix = name + "1.";
            List<String> expected = golden.outputs().stream()
                    .filter(output -> output.startsWith(prefix))
                    .toList();
            assertThat(expected).hasSizeGreaterThan(20);
            for (String output : expected) {
                Tensor cache = caches.of(output.substring(prefix.length())).orElseThrow();
                golden.assertClose(output, batch(cache), LEAST_FP32);
            }
            caches.lastChunk();
            Tensor two = coder.forward(frames.narrow(0, first, frames.size(0) - first), state);
            golden.assertClose(name + ".out2", batch(two), LEAST_FP32);
            assertThat(expected)
                    .allSatisfy(output -> assertThat(caches.of(output.substring(prefix.length())))
                            .isEmpty());
        }
    }

    private static Tensor batch(Tensor frames) {
        return frames.permute(3, 0, 1, 2).unsqueeze(0);
    }

    /// Holds stages to their outputs: `decoder.up_block.1.call0` is the first chunk's.
    private static final class Stages implements CodingState.VaeProbe {
        private final Golden golden;
        private final String prefix;
        private final Map<String, Integer> calls = new HashMap<>();
        private final Set<String> seen = new HashSet<>();

        Stages(Golden golden, String prefix) {
            this.golden = golden;
            this.prefix = prefix;
        }

        @Override
        public void see(String stage, java.util.function.Supplier<Tensor> frames) {
            String output = prefix + stage + ".call" + (calls.merge(stage, 1, Integer::sum) - 1);
            if (golden.hasOutput(output)) {
                seen.add(output);
                try {
                    assertClose(golden, output, batch(frames.get()));
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        }

        void assertAllSeen() {
            assertThat(seen)
                    .containsExactlyInAnyOrderElementsOf(golden.outputs().stream()
                            .filter(output -> output.startsWith(prefix))
                            .toList());
        }
    }

    /// Within the sidecar's tolerance; in bf16 besides as near to the reference as two roundings of the same
    /// number are to each other, because some of the sidecars' bounds there are wide.
    private static void assertClose(Golden golden, String name, Tensor actual) throws IOException {
        golden.assertClose(name, actual, LEAST_FP32);
        JsonNode rounding = golden.sidecar().path("distance_to_fp32_reference");
        if (rounding.path("tensor").asString("").equals(name)) {
            double distance = Math.sqrt(actual.to(torch.ScalarType.Double)
                    .sub(golden.out(name).to(torch.ScalarType.Double))
                    .square()
                    .mean()
                    .item_double());
            assertThat(distance)
                    .as(name + " beside the reference's own rounding")
                    .isLessThanOrEqualTo(TWO_ROUNDINGS * rounding.path("rms").doubleValue());
        }
    }

    private static Tensor keptFrames(Golden golden, Tensor video) {
        JsonNode kept = golden.sidecar().path("frame_index");
        if (!kept.isArray()) {
            return video;
        }
        assertThat(video.shape()).isEqualTo(longs(golden.sidecar().path("full_shape")));
        return video.index_select(2, torch.tensor(longs(kept)));
    }

    private static long[] longs(JsonNode array) {
        List<Long> values = new ArrayList<>();
        array.forEach(value -> values.add(value.longValue()));
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private static VaeOptions options(Golden golden) {
        JsonNode state = golden.meta().path("vae_state");
        return new VaeOptions(
                state.path("use_tiling").booleanValue(),
                state.path("use_slicing").booleanValue(),
                golden.meta().path("mode").asString("").contains("custom")
                        ? Optional.of(new TileSize(
                                state.path("tile_sample_min_height").intValue(),
                                state.path("tile_sample_min_width").intValue(),
                                state.path("tile_overlap_factor_height").doubleValue(),
                                state.path("tile_overlap_factor_width").doubleValue()))
                        : Optional.empty());
    }

    private static CogVideoXVae open(Golden golden) throws IOException {
        String pipeline = golden.meta().path("pipeline").stringValue();
        Precision precision =
                Precision.valueOf(golden.meta().path("dtype").stringValue().toUpperCase(Locale.ROOT));
        return CogVideoXVae.load(Resources.golden("pipelines/" + pipeline + "/vae"), precision, ComputeDevice.CPU);
    }
}

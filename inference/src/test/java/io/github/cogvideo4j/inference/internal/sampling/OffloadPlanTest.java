package io.github.cogvideo4j.inference.internal.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerStateDict;
import io.github.cogvideo4j.checkpoints.internal.model.VaeStateDict;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsLayout;
import io.github.cogvideo4j.formats.internal.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan.Choice;
import io.github.cogvideo4j.inference.generation.MemoryPlan.StageMemory;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.cache.RequestCache;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.VaeOptions.TileSize;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The plan for cards of a stated size, with the configurations of the real CogVideoX-5b. Its weight files have the
/// real tables and no bytes on the disk.
class OffloadPlanTest {
    private static final double GIB = 1L << 30;
    private static final ComputeDevice CARD = new ComputeDevice("cuda:0");
    private static final CopyLane.Maker NO_LANE = _ -> {
        throw new AssertionError("nothing is computed");
    };

    @TempDir
    private static Path folder;

    private static Path model;

    @BeforeAll
    static void makeModel() throws IOException {
        Torch.start(1);
        Path configs = Resources.golden("real_configs/CogVideoX-5b");
        model = folder.resolve("model");
        try (Stream<Path> files = Files.walk(configs)) {
            for (Path file : files.toList()) {
                Path target = model.resolve(configs.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
        TransformerConfig config = TransformerConfig.read(model.resolve("transformer/config.json"));
        weights(
                "transformer/diffusion_pytorch_model",
                TransformerStateDict.of(config).shapes());
        weights("vae/diffusion_pytorch_model", VaeStateDict.shapes(3, 3, 16, List.of(128L, 256L, 256L, 512L), 3));
        weights("text_encoder/model", textEncoder());
    }

    private static void weights(String name, Map<String, Shape> shapes) throws IOException {
        SafetensorsLayout layout = SafetensorsLayout.of(
                shapes.entrySet().stream()
                        .map(entry -> new TensorSpec(entry.getKey(), DType.BF16, entry.getValue()))
                        .toList(),
                Map.of());
        try (RandomAccessFile file =
                new RandomAccessFile(model.resolve(name + ".safetensors").toFile(), "rw")) {
            file.getChannel().write(layout.head());
            file.setLength(layout.fileSize());
        }
    }

    /// T5 v1.1 XXL's encoder.
    private static Map<String, Shape> textEncoder() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        shapes.put("shared.weight", Shape.of(32_128, 4_096));
        for (int i = 0; i < 24; i++) {
            String at = "encoder.block." + i + ".layer.";
            for (String projection : List.of("q", "k", "v", "o")) {
                shapes.put(at + "0.SelfAttention." + projection + ".weight", Shape.of(4_096, 4_096));
            }
            shapes.put(at + "1.DenseReluDense.wi_0.weight", Shape.of(10_240, 4_096));
            shapes.put(at + "1.DenseReluDense.wi_1.weight", Shape.of(10_240, 4_096));
            shapes.put(at + "1.DenseReluDense.wo.weight", Shape.of(4_096, 10_240));
        }
        return shapes;
    }

    private static PipelineOptions options(ComputeOptions compute) {
        return PipelineOptions.defaults().withCompute(compute);
    }

    private static ComputeOptions onCard() {
        return new ComputeOptions(Precision.BF16, "cuda:0", 1);
    }

    /// 49 frames of 480 x 720 under guidance.
    private static MemoryPlan plan(PipelineOptions options, double freeGib) throws IOException {
        PipelineRequest request =
                PipelineRequest.builder().prompt("a lighthouse").build();
        try (Components components = Components.open(model, options, CARD, NO_LANE, Optional.empty())) {
            LatentSource source = new NoiseSource();
            LatentShape shape = source.shape(
                    new SizeRules(components.config(), components.vae().config()), request);
            assertThat(List.of(shape.frames(), shape.height(), shape.width())).containsExactly(49, 480, 720);
            return new MemoryEstimate(
                            components,
                            shape,
                            request,
                            new RequestCache(components.config(), request),
                            Optional.empty())
                    .plan(source, OptionalLong.of((long) (freeGib * GIB)));
        }
    }

    private static StageMemory stage(MemoryPlan plan, Stage stage) {
        return plan.stages().stream()
                .filter(memory -> memory.stage() == stage)
                .findFirst()
                .orElseThrow();
    }

    private static Choice choice(MemoryPlan plan, Offload offload) {
        return plan.choices().stream()
                .filter(choice -> choice.offload() == offload)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aCardWithRoomForAllKeepsAll() throws IOException {
        MemoryPlan plan = plan(options(onCard()), 139);
        assertThat(plan.offload()).isEqualTo(Offload.NONE);
        assertThat(plan.releasesTextEncoder()).isFalse();
        assertThat(plan.fits()).isTrue();
    }

    /// A card of 24 GB has 23.5 GiB, of which the system leaves about 22.5.
    @Test
    void aCardOf24GigabytesRunsTheModelOf5BillionsInBf16OneComponentAtATime() throws IOException {
        MemoryPlan plan = plan(options(onCard()), 22.5);
        assertThat(choice(plan, Offload.NONE).fits()).isFalse();
        assertThat(plan.offload()).isEqualTo(Offload.MODEL);
        assertThat(plan.fits()).isTrue();
        assertThat(stage(plan, Stage.DENOISE).mappedBytes()).isZero();
    }

    /// A card of 12 GB has 11.7 GiB, of which the system leaves about 10.8.
    @Test
    void aCardOf12GigabytesStreamsOrHasSmallWeights() throws IOException {
        MemoryPlan dense = plan(options(onCard()), 10.8);
        assertThat(choice(dense, Offload.MODEL).fits()).isFalse();
        assertThat(dense.offload()).isEqualTo(Offload.STREAM);
        assertThat(dense.fits()).isTrue();
        MemoryPlan small = plan(options(onCard()).withWeights(WeightFormat.FP8), 10.8);
        assertThat(small.fits()).isTrue();
        assertThat(small.offload()).isEqualTo(Offload.MODEL);
    }

    /// A card of 8 GB has 7.7 GiB, of which the system leaves about 7.
    @Test
    void aCardOf8GigabytesStreamsSmallWeights() throws IOException {
        PipelineOptions fp8 = options(onCard()).withWeights(WeightFormat.FP8);
        MemoryPlan plan = plan(fp8, 7);
        assertThat(choice(plan, Offload.MODEL).fits()).isFalse();
        assertThat(plan.offload()).isEqualTo(Offload.STREAM);
        assertThat(plan.fits()).isTrue();
        MemoryPlan dense = plan(options(onCard()), 7);
        assertThat(stage(plan, Stage.DENOISE).neededBytes())
                .isLessThan(stage(dense, Stage.DENOISE).neededBytes());
        // The machine keeps what the card does not: the small weights, and two layers of the text encoder, pinned.
        assertThat(choice(plan, Offload.STREAM).hostBytes())
                .isGreaterThan(choice(dense, Offload.STREAM).hostBytes());
    }

    /// The arithmetic by hand, from the sizes of the model: 2 bytes for each of its parameters.
    @Test
    void whatIsStreamedIsTwoBlocksAndTheRest() throws IOException {
        TransformerConfig config = TransformerConfig.read(model.resolve("transformer/config.json"));
        Map<String, Shape> shapes = TransformerStateDict.of(config).shapes();
        long all = shapes.values().stream().mapToLong(Shape::numel).sum();
        long block = shapes.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith("transformer_blocks.0."))
                .mapToLong(entry -> entry.getValue().numel())
                .sum();
        MemoryPlan stream = plan(options(onCard().withOffload(Offload.STREAM)), 100);
        MemoryPlan whole = plan(options(onCard().withOffload(Offload.MODEL)), 100);
        long away = 2 * (config.numLayers() - 2) * block;
        assertThat(stream.offload()).isEqualTo(Offload.STREAM);
        assertThat(stage(whole, Stage.DENOISE).neededBytes()
                        - stage(stream, Stage.DENOISE).neededBytes())
                .isEqualTo(away);
        assertThat(stage(stream, Stage.DENOISE).mappedBytes()).isEqualTo(away);
        assertThat(2 * all).isBetween(11L << 30 - 1, 12L << 30);
    }

    @Test
    void tilesAndTheirSizeCount() throws IOException {
        long whole = stage(plan(options(onCard()), 100), Stage.DECODE).neededBytes();
        long tiled = stage(plan(options(onCard()).withVae(new VaeOptions(true, true)), 100), Stage.DECODE)
                .neededBytes();
        TileSize quarter = new TileSize(120, 180, 0.2, 0.2);
        long small = stage(
                        plan(options(onCard()).withVae(new VaeOptions(true, true, Optional.of(quarter))), 100),
                        Stage.DECODE)
                .neededBytes();
        assertThat(tiled).isLessThan(whole);
        assertThat(small).isLessThan(tiled);
    }

    /// Two rows of 48 heads with 17,776 tokens each.
    @Test
    void separateProductsCountTheirScores() throws IOException {
        ComputeOptions whole = onCard().withOffload(Offload.NONE);
        long fused = stage(plan(options(whole), 100), Stage.DENOISE).neededBytes();
        ComputeOptions math = whole.withKernels(AttentionKernel.MATH, Optional.empty());
        assertThat(stage(plan(options(math), 100), Stage.DENOISE).neededBytes() - fused)
                .isEqualTo(2L * 2 * 2 * 48 * 17_776 * 17_776);
    }

    @Test
    void whatDoesNotFitNamesTheNextSetting() throws IOException {
        MemoryPlan whole = plan(options(onCard().withOffload(Offload.NONE)), 22.5);
        assertThat(whole.fits()).isFalse();
        assertThat(MemoryRemedies.of(options(onCard()), false, whole, Stage.DENOISE))
                .containsExactly(
                        Remedy.change(Remedy.Field.OFFLOAD, "model"),
                        Remedy.change(Remedy.Field.WEIGHTS, "fp8"),
                        Remedy.change(Remedy.Field.SIZE));
        MemoryPlan streamed = plan(options(onCard()), 2);
        assertThat(streamed.offload()).isEqualTo(Offload.STREAM);
        assertThat(streamed.fits()).isFalse();
        assertThat(MemoryRemedies.of(options(onCard()), false, streamed, Stage.DECODE))
                .containsExactly(Remedy.change(Remedy.Field.VAE_TILING), Remedy.change(Remedy.Field.SIZE));
    }
}

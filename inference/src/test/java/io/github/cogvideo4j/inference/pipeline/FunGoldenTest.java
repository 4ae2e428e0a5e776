package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole runs of CogVideoX-Fun's models against the reference's.
class FunGoldenTest {
    /// How far another order of summation moves these tensors in fp32 (golden/README.md).
    private static final double TRANSFORMER = 5e-6;

    private static final double VAE = 2e-5;
    private static final double LATENTS = 1.8e-5;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> controlled() {
        return Golden.names("control", "control-");
    }

    @ParameterizedTest
    @MethodSource("controlled")
    void controlIsTheReferences(String name) throws IOException {
        assertThat(controlled()).hasSize(4);
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = run(golden)) {
            golden.assertClose("control_latents", run.first("image_latents"), VAE);
            golden.assertClose("initial_latents", run.first("initial_latents"), 0);
            assertRun(run);
        }
    }

    static List<String> inpainting() {
        return Golden.names("control", "inp-");
    }

    /// Start and end images, and a video with a mask, as a user gives them.
    @ParameterizedTest
    @MethodSource("inpainting")
    void inpaintingIsTheReferences(String name) throws IOException {
        assertThat(inpainting()).hasSize(7);
        Path model = Resources.funPipeline("fun-inp-5b", folder.resolve("model"));
        boolean noisy = name.contains("addnoise");
        if (noisy) {
            Path config = model.resolve("transformer/config.json");
            String text = Files.readString(config);
            Files.writeString(config, text.replaceFirst("\\{", "{\"add_noise_in_inpaint_model\": true,"));
        }
        boolean masked = name.contains("righthalf");
        try (Golden golden = Golden.open(name);
                Golden inputs = noisy ? Golden.open("control/inp-5b_start_fp32") : Golden.open(name);
                PointerScope _ = new PointerScope();
                GoldenRun run = inpaint(golden, model, inputs, masked)) {
            assertInpainted(run);
        }
    }

    /// A mask that keeps the first frame is a start image.
    @Test
    void aMaskMayKeepTheFirstFrame() throws IOException {
        Path model = Resources.funPipeline("fun-inp-5b", folder.resolve("model"));
        try (Golden golden = Golden.open("control/inp-5b_start_fp32");
                PointerScope _ = new PointerScope();
                GoldenRun run = inpaint(golden, model, golden, true)) {
            assertInpainted(run);
        }
    }

    private static GoldenRun inpaint(Golden golden, Path model, Golden inputs, boolean masked) throws IOException {
        Optional<Golden> given = inputs.hasInput("video_u8") ? Optional.of(inputs) : Optional.empty();
        return new GoldenRun(golden, model, GoldenRun.options(golden.meta()), Optional.empty(), given, masked);
    }

    private static void assertInpainted(GoldenRun run) throws IOException {
        Golden golden = run.golden();
        golden.assertClose("inpaint_latents", run.first("image_latents"), VAE);
        boolean drawn = golden.meta().path("call").has("strength");
        golden.assertClose("initial_latents", run.first("initial_latents"), drawn ? VAE : 0);
        assertRun(run);
    }

    private GoldenRun run(Golden golden) throws IOException {
        String pipeline = golden.meta().path("pipeline").stringValue();
        Path model = Resources.funPipeline(pipeline, folder.resolve(pipeline));
        return new GoldenRun(golden, model, GoldenRun.options(golden.meta()));
    }

    private static void assertRun(GoldenRun run) throws IOException {
        Golden golden = run.golden();
        golden.assertClose(
                "transformer_out_step0",
                run.first("transformer_out_step0"),
                TRANSFORMER * Math.max(1, golden.rms("transformer_out_step0")));
        Tensor timesteps = torch.tensor(
                run.timesteps().stream().mapToDouble(Double::doubleValue).toArray());
        golden.assertEqual("timesteps", timesteps.to(golden.out("timesteps").scalar_type()));
        golden.assertClose("step_latents", run.stepLatents(), LATENTS);
        if (golden.hasOutput("video_u8")) {
            PipelineGoldenTest.assertPixels(golden, "video_u8", run.pixels(1));
        }
    }
}

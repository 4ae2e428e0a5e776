package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.FusionRequest.Adapter;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class FusionRequestTest {
    private static final Path FLUX = Resources.fixture("any-lora-flux-ddp-bf16-w2");

    @Test
    void theJsonFormOfASimpleRequestHoldsNoDefaults() {
        assertThat(FusionRequest.of(Path.of("base"), Path.of("a"), Path.of("model"))
                        .toJson())
                .isEqualTo(object("""
                        {"job": "fuse", "version": 1, "base": "base", "adapters": [{"path": "a"}], "output": "model"}"""));
    }

    @Test
    void everyFieldSurvivesBeingWrittenAndRead() {
        FusionRequest request = new FusionRequest(
                "Wan-AI/Wan2.2-T2V-A14B-Diffusers",
                List.of(new Adapter(Path.of("a"), -0.5, OptionalDouble.of(16)), Adapter.of(Path.of("b"))),
                Path.of("model"),
                ConversionOptions.defaults()
                        .withDType(TargetDType.FP16)
                        .withOverwrite(true)
                        .withComponent(Component.named("transformer_2")));
        assertThat(FusionRequest.read(object(JsonFile.format(request.toJson()))))
                .isEqualTo(request);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'job': 'convert', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'fuse', 'base': 'm', 'adapters': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 2, 'base': 'm', 'adapters': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'adapters': [{'path': 'a'}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a'}]}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': ['a'], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a\\u0000'}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a', 'url': 'x'}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a', 'scale': 1e7}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a', 'alpha': 0}], 'output': 'b'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a'}], 'output': 'b', 'component': '../x'}",
                "{'job': 'fuse', 'version': 1, 'base': 'm', 'adapters': [{'path': 'a'}], 'output': 'b', 'delete': true}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> FusionRequest.read(object(json.replace('\'', '"'))))
                .isInstanceOfSatisfying(InvalidRequestException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.REQUEST);
                    assertThat(e.category()).isEqualTo(Category.USAGE);
                });
    }

    @Test
    void aFusionThatIsCancelledLeavesNothing(@TempDir Path folder) throws IOException {
        FusionRequest request =
                FusionRequest.of(FLUX.resolve("base"), FLUX.resolve("output/checkpoint-3"), folder.resolve("model"));
        FusionRequest.Plan plan = request.plan(JobControl.none());
        assertThat(plan.strength()).isPresent();
        Cancellation cancellation = new Cancellation();
        JobControl cancelling = new JobControl(
                event -> {
                    if (event instanceof JobEvent.Advanced) {
                        cancellation.cancel();
                    }
                },
                cancellation);
        assertThatThrownBy(() -> plan.run(cancelling)).isInstanceOf(CancelledException.class);
        assertThatThrownBy(() -> request.plan(cancelling)).isInstanceOf(CancelledException.class);
        assertThat(folder).isEmptyDirectory();
    }

    /// The norms are taken while the weights are written: what was measured then is what reading again gives,
    /// and the
    /// base may be gone by then.
    @Test
    void theStrengthOfWhatWasWrittenIsKnownWithoutReadingTheBaseAgain(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"diffusers", "peft-dora", "comfy-diff", "peft-lokr"}) {
            Path base = Resources.copy(Resources.fixture("lora-dialects/base"), folder.resolve("base-" + name));
            Path adapter = Resources.fixture("lora-dialects/" + name + "/input");
            LoraFusion.Strength read = FusionRequest.of(base, adapter, folder.resolve("unused"))
                    .plan(JobControl.none())
                    .strength()
                    .orElseThrow();
            FusionRequest.Plan plan =
                    FusionRequest.of(base, adapter, folder.resolve(name)).plan(JobControl.none());
            plan.run(JobControl.none());
            Files.delete(base.resolve("transformer/diffusion_pytorch_model.safetensors"));
            LoraFusion.Strength measured = plan.strength().orElseThrow();
            assertThat(measured.tensor()).isEqualTo(read.tensor());
            assertThat(measured.ratio()).isCloseTo(read.ratio(), within(1e-12));
        }
    }

    private static ObjectNode object(String json) {
        return JsonFile.parseObject(json, Place.nowhere(), ProblemCode.REQUEST);
    }
}

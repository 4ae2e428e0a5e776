package io.github.cogvideo4j.server.internal.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.server.internal.job.Job;
import io.github.cogvideo4j.server.internal.job.JobRefusedException;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.testing.Resources;
import io.javalin.Javalin;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// Where a model comes from, over HTTP, of a model that was really trained and converted.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class ModelRoutesTest {
    /// Measured by torch in fp64, see `ComparisonTest`.
    private static final double CHANGE = 0.04192176834950384;

    private static final String LARGEST = "norm_out.norm.bias";
    private static final Path SAMPLE = Resources.fixture("sample-t2v-2b");
    private static final Path BASE = Resources.golden("pipelines/t2v-2b");

    private Path folder = Path.of("");

    private Path model = Path.of("");
    private Javalin server = Javalin.create();

    @BeforeAll
    void start(@TempDir Path temporary) throws IOException {
        folder = temporary;
        ObjectNode sample = JsonFile.readObject(SAMPLE.resolve("case.json"), 1 << 20, ProblemCode.CONFIG_INVALID);
        Path checkpoint = SAMPLE.resolve(sample.get("checkpoints").get(0).stringValue());
        model = ConversionRequest.of(checkpoint, folder.resolve("model"))
                .withBase(BASE.toString())
                .plan(JobControl.none())
                .run(JobControl.none())
                .output();
        List<ModelCard> cards = List.of(card("mine", model), card("base", BASE));
        server = Javalin.create(config -> {
                    config.startup.showJavalinBanner = false;
                    new ModelRoutes(() -> cards).register(config.routes);
                    config.routes.exception(
                            JobRefusedException.class,
                            (refused, context) -> context.status(
                                            refused.reason() == JobRefusedException.Reason.MODEL_UNKNOWN ? 404 : 400)
                                    .result(refused.told().text()));
                })
                .start("127.0.0.1", 0);
    }

    @AfterAll
    void stop() {
        server.stop();
    }

    private static ModelCard card(String name, Path folder) {
        return new ModelCard(
                name,
                folder,
                Instant.EPOCH,
                false,
                List.of(GenerationKind.T2V),
                false,
                new Job.Made(64, 64, 9, 8, 50, "CogVideoXDDIMScheduler"),
                4,
                16,
                true,
                226);
    }

    private HttpResponse<String> ask(String method, String path, String body) throws Exception {
        // A refused target closes the connection, which a shared client would use again.
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/v1/models/" + path))
                            .header("Accept-Language", "en")
                            .method(method, HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }

    private ObjectNode provenance(String name) throws Exception {
        HttpResponse<String> answer = ask("GET", name + "/provenance", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).doesNotContain(folder.toString(), SAMPLE.toString(), BASE.toString());
        return JsonFile.parseObject(answer.body(), Place.nowhere(), ProblemCode.REQUEST);
    }

    /// Asks for work and waits until it is over.
    private ObjectNode result(String name, String what, String body) throws Exception {
        assertThat(ask("POST", name + "/" + what, body).statusCode()).isEqualTo(202);
        while (provenance(name).get(what).get("state").stringValue().equals("running")) {
            Thread.sleep(20);
        }
        return (ObjectNode) provenance(name).get(what);
    }

    @Test
    void aConvertedModelTellsWhatItWasMadeFrom() throws Exception {
        ObjectNode manifest = (ObjectNode) provenance("mine").get("manifest");
        ObjectNode written = JsonFile.readObject(model.resolve("cogvideo4j.json"), 1 << 24, ProblemCode.CONFIG_INVALID);
        assertThat(manifest.get("tensors").intValue())
                .isEqualTo(written.get("tensors").size());
        assertThat(manifest.get("files").intValue())
                .isEqualTo(written.get("files").size());
        assertThat(manifest.get("source").get("name").stringValue()).matches("[^/]+/[^/]+");
        assertThat(manifest.get("source").get("step").longValue())
                .isEqualTo(written.get("source").get("step").longValue());
    }

    @Test
    void aModelWithoutAManifestSaysSo() throws Exception {
        assertThat(provenance("base").get("manifest").isNull()).isTrue();
        assertThat(provenance("base").get("bases").get(0).stringValue()).isEqualTo("mine");
    }

    @Test
    void theComparisonHasTheNumbersOfTorch() throws Exception {
        ObjectNode found = result("mine", "comparison", "{\"base\":\"base\"}");
        assertThat(found.get("state").stringValue()).as(found.toString()).isEqualTo("done");
        assertThat(found.get("relative").doubleValue()).isCloseTo(CHANGE, Percentage.withPercentage(1e-9));
        assertThat(found.get("most_changed").get(0).get("name").stringValue()).isEqualTo(LARGEST);
        assertThat(found.get("blocks").get(0).get("name").stringValue()).isEqualTo("transformer_blocks");
        found.get("blocks")
                .get(0)
                .get("rows")
                .forEach(row -> assertThat(row.get("values").size())
                        .isEqualTo(found.get("blocks").get(0).get("kinds").size()));
    }

    @Test
    void theProofFindsOneByteThatChanged() throws Exception {
        ObjectNode intact = result("mine", "proof", "");
        assertThat(intact.get("state").stringValue()).as(intact.toString()).isEqualTo("done");
        assertThat(intact.get("problems").isEmpty()).as(intact.toString()).isTrue();
        Path weights = model.resolve("transformer/diffusion_pytorch_model.safetensors");
        try (FileChannel file = FileChannel.open(weights, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            file.read(one, file.size() - 1);
            one.put(0, (byte) (one.get(0) ^ 1)).rewind();
            file.write(one, file.size() - 1);
            try {
                assertThat(result("mine", "proof", "").get("problems").isEmpty())
                        .isFalse();
            } finally {
                one.put(0, (byte) (one.get(0) ^ 1)).rewind();
                file.write(one, file.size() - 1);
            }
        }
    }

    @Test
    void modelsAreNamedAndNothingElse() throws Exception {
        for (String name : List.of("other", "..", "%2e%2e%2fmine", "%00")) {
            assertThat(ask("GET", name + "/provenance", "").statusCode())
                    .as(name)
                    .isBetween(400, 499);
        }
        for (String body : List.of(
                "",
                "{",
                "[]",
                "{\"base\":\"mine\"}",
                "{\"base\":7}",
                "{\"base\":\"" + folder + "\"}",
                "[".repeat(2000))) {
            assertThat(ask("POST", "mine/comparison", body).statusCode())
                    .as(body)
                    .isBetween(400, 499);
        }
    }
}

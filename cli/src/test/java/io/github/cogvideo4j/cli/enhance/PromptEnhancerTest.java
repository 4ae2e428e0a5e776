package io.github.cogvideo4j.cli.enhance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.cli.arguments.GenerationChoices.Enhancement;
import io.github.cogvideo4j.cli.arguments.Language;
import io.github.cogvideo4j.cli.arguments.UsageException;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.Terminal;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.AttackTable;
import io.github.cogvideo4j.testing.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

/// Prompts rewritten by an endpoint on this machine that behaves as endpoints do, and as they should not.
class PromptEnhancerTest {
    private static final String KEY = "sk-secret-1234567890";
    private static final String GOOD = """
            {"choices": [{"message": {"role": "assistant", "content": "A calm\\ncat sits.  "}}], "usage": {}}""";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final List<Asked> asked = new ArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @TempDir
    private Path folder;

    /// What the endpoint was sent.
    private record Asked(String method, String path, String authorization, ObjectNode body) {}

    /// How the endpoint answers.
    @FunctionalInterface
    private interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
    }

    @AfterEach
    void stop() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void serve(Answer answer) {
        server.createContext("/", exchange -> {
            try (exchange) {
                String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                asked.add(new Asked(
                        exchange.getRequestMethod(),
                        exchange.getRequestURI().toString(),
                        String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
                        JsonFile.parseObject(sent, Place.nowhere(), ProblemCode.REQUEST)));
                answer.to(exchange);
            }
        });
        server.start();
    }

    private static Answer status(int status, String body) {
        return exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    private Map<String, String> environment() {
        return new HashMap<>(Map.of(
                LanguageModel.URL,
                "http://localhost:" + server.getAddress().getPort() + "/v1/",
                LanguageModel.KEY,
                KEY,
                LanguageModel.MODEL,
                "tiny",
                "LANG",
                "C"));
    }

    private GenerationRequest enhanced(Enhancement mode, Duration patience, String... prompts) {
        Console console =
                new Console(Terminal.of(out, err, StandardCharsets.UTF_8), environment(), Language.EN, false, false);
        GenerationRequest request = GenerationRequest.of(Path.of("model"), "", Path.of("video.mp4"));
        List<PromptInput> inputs = new ArrayList<>();
        List.of(prompts).forEach(prompt -> inputs.add(new PromptInput(prompt)));
        return new PromptEnhancer(console, environment(), mode, patience)
                .enhanced(request.withPrompts(request.kind(), inputs));
    }

    private GenerationRequest enhanced(String... prompts) {
        return enhanced(Enhancement.TRUE, ChatRequest.PATIENCE, prompts);
    }

    @Test
    void everyPromptIsRewrittenAndKept() {
        serve(status(200, GOOD));
        GenerationRequest request = enhanced("a cat", "ein Hund");
        assertThat(request.prompts())
                .containsExactly(
                        new PromptInput("a cat").enhanced("A calm cat sits."),
                        new PromptInput("ein Hund").enhanced("A calm cat sits."));
        assertThat(asked).hasSize(2);
        Asked first = asked.getFirst();
        assertThat(first.method()).isEqualTo("POST");
        assertThat(first.path()).isEqualTo("/v1/chat/completions");
        assertThat(first.authorization()).isEqualTo("Bearer " + KEY);
        assertThat(first.body().path("model").stringValue()).isEqualTo("tiny");
        assertThat(first.body().path("messages").path(0).path("role").stringValue())
                .isEqualTo("system");
        assertThat(first.body().path("messages").path(1).path("content").stringValue())
                .isEqualTo("a cat");
        String host = "localhost:" + server.getAddress().getPort();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains(host, "tiny", "A calm cat sits.")
                .doesNotContain(KEY);
        // Rewritten again, it is the words that were given which go out.
        assertThat(request.prompts().getFirst().enhanced("other").original()).hasValue("a cat");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        401 | {"error": {"message": "Incorrect API key: sk-secret-1234567890"}} | COGVIDEO_LLM_KEY
        403 | | COGVIDEO_LLM_KEY
        404 | {"error": "no such model"} | COGVIDEO_LLM_MODEL
        429 | slow down | later
        500 | sk-secret-1234567890 | 500
        200 | no JSON | no chat completion
        200 | | no chat completion
        200 | [] | no chat completion
        200 | {"choices": []} | no chat completion
        200 | {"choices": [{"message": {"content": null}}]} | no chat completion
        200 | {"choices": [{"message": {"content": ["text"]}}]} | no chat completion
        200 | {"choices": [{"message": {"content": " \\n"}}]} | no text
        200 | {"choices": [{"message": {"content": "<think>hm</think>"}}]} | no text
        """)
    void whatIsNoAnswerIsOneClearLine(int status, String body, String part) {
        serve(status(status, body == null ? "" : body));
        assertFailsWith(part, ChatRequest.PATIENCE);
    }

    private void assertFailsWith(String part, Duration patience) {
        assertThatThrownBy(() -> enhanced(Enhancement.TRUE, patience, "a cat"))
                .isInstanceOfSatisfying(MissingCapabilityException.class, e -> {
                    assertThat(e.problem().code()).isEqualTo(ProblemCode.ENDPOINT);
                    assertThat(e.problem().message().text())
                            .contains(part, "localhost:")
                            .doesNotContain(KEY, "\n");
                    assertThat(e).hasNoCause();
                });
        GenerationRequest kept = enhanced(Enhancement.TRY, patience, "a cat");
        assertThat(kept.prompts()).containsExactly(new PromptInput("a cat"));
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("warning", part)
                .doesNotContain(KEY);
    }

    /// The endpoint never answers, so that the result is the same however slow the machine is.
    @Test
    void anEndpointThatDoesNotAnswerIsLeft() {
        serve(_ -> wait(end));
        assertFailsWith("has not answered", Duration.ofMillis(20));
    }

    /// The headers come at once, the body never ends.
    @Test
    @Attack(
            name = "endpoint-trickle",
            tries = "an endpoint that answers at once and then sends a byte now and then for ever",
            fails = "the whole answer has two minutes, not only its headers")
    void anAnswerThatDoesNotEndIsLeft() {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            wait(end);
        });
        assertFailsWith("has not answered", Duration.ofMillis(200));
    }

    @Test
    @Attack(
            name = "endpoint-flood",
            tries = "an endpoint whose answer fills memory",
            fails = "an answer has one megabyte at most, and the prompt in it 4,000 characters")
    void anAnswerThatDoesNotFitIsLeft() {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream body = exchange.getResponseBody()) {
                for (int i = 0; i < 3 * ChatRequest.LARGEST_ANSWER / 4096; i++) {
                    body.write(new byte[4096]);
                }
            } catch (IOException _) {
                // the other side has hung up, as it should
            }
        });
        assertFailsWith("larger than", ChatRequest.PATIENCE);
    }

    @Test
    void aPromptThatNobodyReadsIsLeft() {
        serve(status(200, "{\"choices\": [{\"message\": {\"content\": \"" + "a ".repeat(3000) + "\"}}]}"));
        assertFailsWith("4000", ChatRequest.PATIENCE);
    }

    @Test
    @Attack(
            name = "endpoint-redirect",
            tries = "an endpoint that sends the request, and the key with it, to another host",
            fails = "a redirect is refused; there is one request, to the host that is told before")
    void aRedirectIsNotFollowed() {
        serve(exchange -> {
            exchange.getResponseHeaders()
                    .add("Location", "http://localhost:" + server.getAddress().getPort() + "/other");
            status(307, "").to(exchange);
        });
        assertFailsWith("COGVIDEO_LLM_URL", ChatRequest.PATIENCE);
        assertThat(asked)
                .allMatch(one -> one.path().equals("/v1/chat/completions"))
                .hasSize(2);
    }

    @Test
    @Attack(
            name = "endpoint-escapes",
            tries = "an answer with line breaks, escape sequences and marks that turn the writing round",
            fails = "whatever controls or formats becomes a space, in the prompt itself and on the terminal")
    void anAnswerIsOneLineOfText() {
        serve(status(200, """
                {"choices": [{"message": {"content": "<think>\\nhm\\n</think>\\u201cA \\u001b[2Jcat\\u202e\\r\\nsits.\\u201d"}}]}"""));
        assertThat(enhanced("a cat").prompts().getFirst().text()).isEqualTo("A [2Jcat sits.");
    }

    @Test
    void nobodyThere() {
        int port = server.getAddress().getPort();
        server.start();
        server.stop(0);
        Map<String, String> environment = environment();
        environment.put(LanguageModel.URL, "http://127.0.0.1:" + port);
        assertThatThrownBy(() -> new ChatRequest(LanguageModel.of(environment), ChatRequest.PATIENCE).ask("do", "it"))
                .isInstanceOfSatisfying(
                        MissingCapabilityException.class,
                        e -> assertThat(e.problem().message().text()).contains("cannot be reached"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://host/v1",
                "host/v1",
                "https://",
                "https://user:sk-secret-1234567890@host/v1",
                "https://host/ v1",
                "https://host/v1#part"
            })
    void addressesThatCannotBeAskedAreRefused(String url) {
        Map<String, String> environment = new HashMap<>(Map.of(LanguageModel.URL, url, LanguageModel.MODEL, "tiny"));
        assertThatThrownBy(() -> LanguageModel.of(environment))
                .isInstanceOfSatisfying(
                        UsageException.class,
                        e -> assertThat(e.usage().text())
                                .contains(LanguageModel.URL)
                                .doesNotContain(KEY));
    }

    @Test
    @Attack(
            name = "endpoint-key-leak",
            tries =
                    "a key with a line break, which the HTTP client repeats in its error; an error text that repeats it",
            fails = "a key is checked before it becomes a header, and no answer of an endpoint is ever told")
    void aKeyWithOtherCharactersIsRefusedUnseen() {
        Map<String, String> environment = environment();
        environment.put(LanguageModel.KEY, "sk-secret\n1234567890");
        assertThatThrownBy(() -> LanguageModel.of(environment))
                .isInstanceOfSatisfying(
                        UsageException.class, e -> assertThat(e.usage().text()).doesNotContain("secret", "1234567890"));
        assertThat(LanguageModel.of(environment()).toString()).doesNotContain(KEY);
    }

    @Test
    void whatIsMissingIsNamed() {
        assertThatThrownBy(() -> LanguageModel.of(Map.of()))
                .isInstanceOfSatisfying(
                        UsageException.class,
                        e -> assertThat(e.usage().text()).contains(LanguageModel.URL, LanguageModel.MODEL));
    }

    /// From the command line to the record, which has both prompts and no key; a repetition asks nobody and
    /// keeps both.
    @Test
    void theRecordHasBothPrompts() throws IOException {
        serve(status(200, GOOD));
        Path video = folder.resolve("video.safetensors");
        Run run = Run.in(
                environment(),
                "generate",
                "--model=" + Resources.golden("pipelines/t2v-2b"),
                "--prompt=a cat",
                "--enhance-prompt",
                "--height=32",
                "--width=48",
                "--num-frames=1",
                "--num-inference-steps=1",
                "--output-path=" + video);
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.DONE);
        assertThat(run.out() + run.err()).contains("localhost:").doesNotContain(KEY);
        String record = Files.readString(Path.of(video + ".json"));
        assertThat(record)
                .contains("\"text\": \"A calm cat sits.\"", "\"original\": \"a cat\"")
                .doesNotContain(KEY, "localhost");
        Path again = folder.resolve("again.safetensors");
        Run repeated = Run.in(environment(), "generate", "--repeat=" + video + ".json", "--output-path=" + again);
        assertThat(repeated.exit()).as(repeated.err()).isEqualTo(ExitCode.DONE);
        assertThat(again).hasSameBinaryContentAs(video);
        assertThat(Files.readString(Path.of(again + ".json"))).contains("\"original\": \"a cat\"");
        assertThat(asked).hasSize(1);
    }

    /// What cannot be generated anyway goes to nobody.
    @Test
    void aRequestThatCannotBeCarriedOutIsNotSent() {
        serve(status(200, GOOD));
        Run run = Run.in(
                environment(),
                "generate",
                "--model=" + Resources.golden("pipelines/t2v-2b"),
                "--prompt=a cat",
                "--enhance-prompt",
                "--height=50");
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(asked).isEmpty();
        Run unset = Run.of(
                "generate",
                "--model=" + Resources.golden("pipelines/t2v-2b"),
                "--prompt=a cat",
                "--enhance-prompt=try");
        assertThat(unset.exit()).as(unset.err()).isEqualTo(ExitCode.USAGE);
        assertThat(unset.err()).contains(LanguageModel.URL);
    }

    @Test
    void theAttacksAreThoseOfTheDocument() throws IOException {
        assertThat(AttackTable.documented("### cli")).isEqualTo(AttackTable.tested(PromptEnhancerTest.class));
    }

    private static void wait(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies that come so slowly that no silence ever ends them.
class TrickleTest {
    /// More than the trickle would send in an hour.
    private static final int ANNOUNCED = 1_000_000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "multipart/form-data; boundary=XBOUNDX"})
    @Attack(
            name = "trickle",
            tries = "a JSON body, a form or a file in one that comes byte by byte for hours, never silent",
            fails = "a body has to come with a least rate, and 408 ends it; nothing is left of it")
    void aBodyThatTricklesIsEnded(String type) throws Exception {
        try (Front front = Front.open(folder);
                Socket socket = new Socket("127.0.0.1", front.port)) {
            socket.setSoTimeout(60_000);
            OutputStream out = socket.getOutputStream();
            out.write(("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + type + "\r\nContent-Length: "
                            + ANNOUNCED + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            Thread trickle = Thread.ofVirtual().start(() -> trickle(out, start(type)));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            trickle.interrupt();
            trickle.join();
            assertThat(answer).startsWith("HTTP/1.1 408 ").contains("\"code\":\"request_timeout\"");
            assertThat(front.jobs.all()).isEmpty();
            try (Stream<Path> files = Files.list(front.jobs.uploads())) {
                assertThat(files).isEmpty();
            }
        }
    }

    private static String start(String type) {
        return type.startsWith("application")
                ? "{\"prompt\":\""
                : "--XBOUNDX\r\nContent-Disposition: form-data; name=\"video\"; filename=\"v.mp4\"\r\n\r\n";
    }

    /// Twenty bytes a second, until the other side has enough.
    private static void trickle(OutputStream out, String start) {
        try {
            out.write(start.getBytes(StandardCharsets.US_ASCII));
            while (!Thread.currentThread().isInterrupted()) {
                out.write('x');
                Thread.sleep(Duration.ofMillis(50));
            }
        } catch (SocketException _) {
            // the server closed
        } catch (IOException | InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A body that is short but late is no trickle.
    @Test
    void aShortBodyMayComeLate() throws Exception {
        String body = "{\"prompt\":\"a panda\"}";
        try (Front front = Front.open(folder);
                Socket socket = new Socket("127.0.0.1", front.port)) {
            socket.setSoTimeout(60_000);
            OutputStream out = socket.getOutputStream();
            out.write(("POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            Thread.sleep(2_500);
            out.write(body.getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200 ");
        }
    }
}

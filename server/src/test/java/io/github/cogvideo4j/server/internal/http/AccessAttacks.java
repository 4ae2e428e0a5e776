package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// Attacks on who may ask, at a server with keys of two people.
abstract class AccessAttacks {
    static final String[] AS_ALICE = {"Authorization", "Bearer " + Front.ALICE};
    static final String[] AS_BOB = {"Authorization", "Bearer " + Front.BOB};

    @TempDir
    Path folder;

    Front front;

    @BeforeEach
    void open() throws IOException {
        front = Front.withKeys(folder);
    }

    @AfterEach
    void close() {
        front.close();
    }

    final String login(String key) throws IOException {
        HttpResponse<String> answer = front.post("/v1/session", "{\"key\":\"" + key + "\"}");
        assertThat(answer.statusCode()).isEqualTo(200);
        return answer.headers().firstValue("Set-Cookie").orElseThrow().split(";")[0];
    }
}

package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// Attacks by what a request holds. After each of them nothing may be left in the folder of uploads.
abstract class BodyAttacks {
    @TempDir
    Path folder;

    Front front;

    @BeforeEach
    void open() throws IOException {
        front = Front.open(folder);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        front.close();
        try (Stream<Path> files = Files.list(front.jobs.uploads())) {
            assertThat(files).isEmpty();
        }
        assertThat(front.jobs.all()).isEmpty();
    }

    final HttpResponse<String> json(String body) throws IOException {
        return front.post("/v1/videos", body);
    }

    final HttpResponse<String> part(String name, Object content, String... fileName) throws IOException {
        Object[] part = fileName.length == 0 ? new Object[] {name, content} : new Object[] {name, content, fileName[0]};
        return front.form("/v1/videos", List.of(new Object[] {"prompt", "p"}, part));
    }

    static void refused(HttpResponse<String> answer, String code, String parameter) {
        assertThat(Front.code(answer)).isEqualTo(code);
        assertThat(Front.parameter(answer)).isEqualTo(parameter);
    }
}

package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenStreamsTest {
    /// Held against a list of the streams that are open: a refused one changes nothing.
    @Property(tries = 200)
    void streamsAreCountedAsTheyCameAndWent(Generator random) {
        OpenStreams streams = new OpenStreams(3, 7);
        List<String> open = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String owner = "key" + random.integer(0, 3);
            if (random.integer(0, 9) < 6) {
                boolean room =
                        open.size() < 7 && open.stream().filter(owner::equals).count() < 3;
                assertThat(streams.enter(owner)).isEqualTo(room);
                if (room) {
                    open.add(owner);
                }
            } else if (open.remove(owner)) {
                streams.leave(owner);
            }
        }
        open.forEach(streams::leave);
        streams.close(Duration.ofDays(1));
        assertThat(streams.enter("key0")).isFalse();
    }

    @Test
    void aFrontThatIsClosedHasNoStreamThatLooksAtTheJobs(@TempDir Path folder) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        try (Front front = Front.open(folder)) {
            HttpResponse<InputStream> stream =
                    client.send(front.request("/v1/videos/events").build(), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(stream.statusCode()).isEqualTo(200);
            assertThat(front.jobs.openSubscriptions()).isEqualTo(1);
            front.close();
            assertThat(front.jobs.openSubscriptions()).isZero();
        } finally {
            client.shutdownNow();
        }
    }
}

package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.VideoClient.Answer;
import io.github.cogvideo4j.benchmarks.serving.VideoClient.BodyForm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Videos of a size that takes no time to speak of.
final class TinyVideo {
    /// The fields of a request that say the size.
    static final Map<String, String> SIZE = Map.of("size", "80x48", "num_frames", "9");

    static final String PROMPT = "a cat";

    private static final int MOST_STEPS = 200;
    private static final int PAUSE_MILLIS = 20;

    private TinyVideo() {}

    /// The fields of a request.
    static Map<String, String> fields(int steps) {
        Map<String, String> fields = new HashMap<>(SIZE);
        fields.put("prompt", PROMPT);
        fields.put("num_inference_steps", Integer.toString(steps));
        return fields;
    }

    /// The fields of a request for one that takes its time.
    static Map<String, String> fields(String size, int frames, int steps) {
        Map<String, String> fields = fields(steps);
        fields.put("size", size);
        fields.put("num_frames", Integer.toString(frames));
        return fields;
    }

    /// Asks for one.
    ///
    /// @return its identifier
    static String order(VideoClient client, int steps) throws IOException, InterruptedException {
        return order(client, fields(steps));
    }

    /// Asks for one that takes its time: as many steps as there can be, and many frames.
    ///
    /// @return its identifier
    static String orderLong(VideoClient client) throws IOException, InterruptedException {
        Map<String, String> fields = fields(MOST_STEPS);
        fields.put("num_frames", "49");
        return order(client, fields);
    }

    /// Asks for one.
    ///
    /// @return its identifier
    static String order(VideoClient client, Map<String, String> fields) throws IOException, InterruptedException {
        Answer answer = client.post("/v1/videos", BodyForm.JSON, fields, Optional.empty());
        if (!answer.isOk()) {
            throw new IllegalStateException("a video is refused: " + answer);
        }
        return answer.json().path("id").asString();
    }

    /// Waits until one is over.
    ///
    /// @return the answer that says so
    static Answer await(VideoClient client, String id) throws IOException, InterruptedException {
        while (true) {
            Answer answer = client.video(id);
            String status = answer.json().path("status").asString("");
            if (!answer.isOk() || status.equals("completed") || status.equals("failed")) {
                return answer;
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    /// Makes one and fetches it into a file.
    static void fetch(VideoClient client, Path file) throws IOException, InterruptedException {
        String id = order(client, 1);
        await(client, id);
        Files.write(file, client.bytes("/v1/videos/" + id + "/content"));
        client.delete(id);
    }
}

package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.VideoClient.Answer;
import io.github.cogvideo4j.benchmarks.serving.VideoClient.BodyForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A video that a client asked for, and what the client was told of it.
final class Order {
    private final String key;
    private final String path;
    private final BodyForm form;
    private final Map<String, String> fields;
    private final Optional<Path> upload;
    private final Optional<Order> source;

    private String id = "";
    private boolean cancelTried;
    private boolean cancelled;
    private boolean deleted;
    private String end = "";

    /// @param key    the idempotency key
    /// @param upload a file that is sent along
    /// @param source the order whose video it is made from
    Order(
            String key,
            String path,
            BodyForm form,
            Map<String, String> fields,
            Optional<Path> upload,
            Optional<Order> source) {
        this.key = key;
        this.path = path;
        this.form = form;
        this.fields = Map.copyOf(fields);
        this.upload = upload;
        this.source = source;
    }

    /// Sends it, for the first time or again: its idempotency key makes one job of both.
    void place(VideoClient client) throws IOException, InterruptedException {
        Answer answer = upload.isPresent()
                ? client.upload(path, fields, upload.get(), Optional.of(key))
                : client.post(path, form, fields, Optional.of(key));
        String made = answer.json().path("id").asString("");
        require(answer.isOk() && !made.isEmpty(), "is answered by " + answer);
        require(id.isEmpty() || id.equals(made), "was made twice: " + id + " and " + made);
        id = made;
    }

    /// Looks at the job, which must be there, and must stay over once it was.
    void poll(VideoClient client) throws IOException, InterruptedException {
        Answer answer = client.video(id);
        require(answer.isOk(), "is gone: " + answer);
        see(answer.json());
    }

    /// Takes note of what a job is said to be.
    void see(JsonNode video) {
        String now = end(video);
        require(end.isEmpty() || end.equals(now), "was " + end + " and is " + now);
        end = now;
    }

    /// How a job ended: `completed`, or the code of its error; empty while it goes on.
    private static String end(JsonNode video) {
        return switch (video.path("status").asString()) {
            case "completed" -> "completed";
            case "failed" -> video.path("error").path("code").asString();
            default -> "";
        };
    }

    void cancel(VideoClient client) throws IOException, InterruptedException {
        cancelTried = true;
        Answer answer = client.cancel(id);
        require(answer.isOk() || answer.code().equals("video_not_cancellable"), "is not cancelled: " + answer);
        cancelled = cancelled || answer.isOk();
    }

    /// Deletes the job. One that was not answered may be gone already.
    void delete(VideoClient client) throws IOException, InterruptedException {
        boolean again = deleted;
        deleted = true;
        Answer answer = client.delete(id);
        require(answer.isOk() || (again && answer.status() == 404), "is not deleted: " + answer);
    }

    /// Checks how it ended against what was asked.
    void requireGoodEnd() {
        require(!end.isEmpty(), "goes on for ever");
        require(!cancelled || end.equals("cancelled"), "was cancelled and is " + end);
        require(
                end.equals("completed") || end.equals("interrupted") || (cancelTried && end.equals("cancelled")),
                "failed: " + end);
    }

    private void require(boolean good, String otherwise) {
        if (!good) {
            throw new BrokenPromise("the video " + id + " of " + key + " (" + path + ") " + otherwise);
        }
    }

    /// Whether it can be sent again: what was deleted is not made again, and nothing is made of it.
    boolean isRepeatable() {
        return !deleted && source.filter(Order::isDeleted).isEmpty();
    }

    String id() {
        return id;
    }

    boolean isDeleted() {
        return deleted;
    }

    boolean isOver() {
        return !end.isEmpty() || deleted;
    }

    boolean isCompleted() {
        return end.equals("completed") && !deleted;
    }

    boolean isInterrupted() {
        return end.equals("interrupted") && !deleted;
    }

    /// The server did what it must not.
    static final class BrokenPromise extends RuntimeException {
        private static final long serialVersionUID = 1;

        BrokenPromise(String what) {
            super(what);
        }
    }
}

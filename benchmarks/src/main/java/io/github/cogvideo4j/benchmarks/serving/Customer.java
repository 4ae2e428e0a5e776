package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.serving.VideoClient.BodyForm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;

/// A client that orders videos, asks for them, cancels and deletes some, whatever happens to the server: what was not
/// answered it sends again, with the same idempotency key, until it is.
final class Customer implements Runnable {
    private static final int MOST_OPEN = 6;
    private static final int LONGEST_PAUSE_MILLIS = 80;

    private final String name;
    private final Random random;
    private final Supplier<VideoClient> server;
    private final Path sample;
    private final List<Order> orders = new ArrayList<>();
    private volatile boolean leaving;
    private volatile Optional<RuntimeException> complaint = Optional.empty();

    /// @param server the server that is there now
    /// @param sample a video to send with some orders
    Customer(String name, long seed, Supplier<VideoClient> server, Path sample) {
        this.name = name;
        this.random = new Random(seed);
        this.server = server;
        this.sample = sample;
    }

    /// Something that is done until it is answered.
    @FunctionalInterface
    private interface Request {
        void send(VideoClient client) throws IOException, InterruptedException;
    }

    @Override
    public void run() {
        try {
            while (!leaving) {
                Thread.sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
                act();
            }
            for (Order order : orders) {
                if (order.isRepeatable()) {
                    insist(order::place); // the same again, long after: still one job
                }
            }
        } catch (RuntimeException e) {
            complaint = Optional.of(e);
        } catch (InterruptedException e) {
            complaint = Optional.of(new IllegalStateException(e));
        }
    }

    private void act() throws InterruptedException {
        long open = orders.stream().filter(order -> !order.isOver()).count();
        List<Order> there = orders.stream().filter(order -> !order.isDeleted()).toList();
        int choice = random.nextInt(12);
        if (there.isEmpty() || (choice < 4 && open < MOST_OPEN)) {
            Order order = order();
            orders.add(order);
            insist(order::place);
            return;
        }
        Order one = there.get(random.nextInt(there.size()));
        switch (choice) {
            case 4 -> {
                if (one.isRepeatable()) {
                    insist(one::place);
                }
            }
            case 5 -> insist(one::cancel);
            case 6 -> insist(one::delete);
            default -> {
                for (Order order : there) {
                    if (!order.isOver()) {
                        insist(order::poll);
                    }
                }
            }
        }
    }

    private Order order() {
        Map<String, String> fields = new HashMap<>(Map.of("prompt", "a cat " + orders.size()));
        String key = name + "-" + orders.size();
        BodyForm form = random.nextBoolean() ? BodyForm.JSON : BodyForm.MULTIPART;
        List<Order> done = orders.stream().filter(Order::isCompleted).toList();
        int kind = random.nextInt(6);
        if (kind == 0 && !done.isEmpty()) {
            Order source = done.get(random.nextInt(done.size()));
            String path = "/v1/videos/" + source.id() + "/remix";
            return new Order(key, path, form, fields, Optional.empty(), Optional.of(source));
        }
        fields.put("num_inference_steps", Integer.toString(2 + random.nextInt(8)));
        if (kind == 1) {
            return new Order(key, "/v1/videos/edits", form, fields, Optional.of(sample), Optional.empty());
        }
        fields.putAll(TinyVideo.SIZE);
        return new Order(key, "/v1/videos", form, fields, Optional.empty(), Optional.empty());
    }

    private void insist(Request request) throws InterruptedException {
        while (true) {
            try {
                request.send(server.get());
                return;
            } catch (IOException _) {
                Thread.sleep(LONGEST_PAUSE_MILLIS); // the server was killed
            }
        }
    }

    /// Lets it go on until all is answered, and no longer.
    void leave() {
        leaving = true;
    }

    /// What it orders. Only for who waited for its end.
    List<Order> orders() {
        return List.copyOf(orders);
    }

    /// Fails when it saw the server break a promise.
    void requireNoComplaint() {
        complaint.ifPresent(broken -> {
            throw broken;
        });
    }
}

package io.github.cogvideo4j.benchmarks.serving;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.serving.ServerProcess.Setup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/// Kills a server at random moments while customers use it, starts it again each time, and looks at every job and file
/// at the end.
public final class ServerKills {
    private static final int CUSTOMERS = 4;
    private static final int ATTEMPTS = 2;
    private static final int LONGEST_LIFE_MILLIS = 3_000;
    /// So many kills, on average, come before the server is ready.
    private static final int STARTS = 6;

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private ServerKills() {}

    /// Kills and looks. Options are `--kills N`, `--seed N`, `--lease TIME`, and `--store-from VARIABLE` of the
    /// environment, which has the store's URL.
    ///
    /// @param args the launcher, the model's folder and a folder to work in
    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws Exception {
        Arguments arguments = Arguments.parse(args);
        int kills = Integer.parseInt(arguments.get("kills", "50"));
        long seed = Long.parseLong(arguments.get("seed", "1"));
        Setup setup = setup(arguments);
        long begin = System.nanoTime();
        List<Order> orders = run(setup, kills, new Random(seed), seed);
        System.out.printf(
                "%d kills, %d orders, %d completed, %d interrupted, %d deleted: nothing lost, nothing doubled, %d s%n",
                kills,
                orders.size(),
                orders.stream().filter(Order::isCompleted).count(),
                orders.stream().filter(Order::isInterrupted).count(),
                orders.stream().filter(Order::isDeleted).count(),
                Duration.ofNanos(System.nanoTime() - begin).toSeconds());
        System.exit(0); // the HTTP client's threads are no reason to stay
    }

    /// The setup that arguments describe.
    static Setup setup(Arguments arguments) {
        List<String> words = arguments.operands();
        if (words.size() != 3) {
            throw new IllegalArgumentException("expected the launcher, the model and a folder, found " + words);
        }
        List<String> options = new ArrayList<>();
        String store = System.getenv(arguments.get("store-from", "NO_STORE"));
        if (store != null) {
            options.addAll(List.of("--store", store));
        }
        return new Setup(
                Path.of(words.get(0)).toAbsolutePath(),
                Path.of(words.get(1)).toAbsolutePath(),
                Path.of(words.get(2)).toAbsolutePath().resolve("data"),
                options,
                Map.of("COGVIDEO_SERVE_LEASE", arguments.get("lease", "45s"), "COGVIDEO_SERVE_MIN_FREE", "0"));
    }

    private static List<Order> run(Setup setup, int kills, Random random, long seed) throws Exception {
        Path sample = setup.data().resolveSibling("sample.mp4");
        ServerProcess server = ServerProcess.ready(setup);
        AtomicReference<VideoClient> now = new AtomicReference<>(server.client());
        TinyVideo.fetch(server.client(), sample);
        List<Customer> customers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CUSTOMERS; i++) {
            Customer customer = new Customer("customer-" + i, seed * CUSTOMERS + i, now::get, sample);
            customers.add(customer);
            threads.add(Thread.ofVirtual().start(customer));
        }
        long startMillis = 2_000;
        for (int kill = 0; kill < kills; kill++) {
            Thread.sleep(random.nextInt(LONGEST_LIFE_MILLIS));
            server.kill();
            customers.forEach(Customer::requireNoComplaint);
            long begin = System.nanoTime();
            server = ServerProcess.start(setup);
            now.set(server.client());
            if (random.nextInt(STARTS) == 0) {
                Thread.sleep(random.nextLong(startMillis));
            } else {
                server.awaitReady();
                startMillis =
                        Math.max(1, Duration.ofNanos(System.nanoTime() - begin).toMillis());
            }
        }
        server.awaitReady();
        customers.forEach(Customer::leave);
        for (Thread thread : threads) {
            thread.join(PATIENCE);
        }
        customers.forEach(Customer::requireNoComplaint);
        List<Order> orders =
                customers.stream().map(Customer::orders).flatMap(List::stream).toList();
        inspect(setup, server, orders, kills);
        return orders;
    }

    private static void inspect(Setup setup, ServerProcess server, List<Order> orders, int kills)
            throws IOException, InterruptedException {
        Inspection inspection = new Inspection(server.client(), setup.data(), ATTEMPTS);
        inspection.awaitEnds(orders);
        inspection.checkJobs(orders, kills);
        server.close();
        Inspection.ageUploads(setup.data());
        try (ServerProcess last = ServerProcess.ready(setup)) {
            new Inspection(last.client(), setup.data(), ATTEMPTS).checkJobs(orders, kills);
            new Inspection(last.client(), setup.data(), ATTEMPTS).checkFiles();
        }
    }
}

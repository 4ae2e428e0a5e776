package io.github.cogvideo4j.cluster;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// What Spark uses of Kubernetes' API, on the loopback address: pods are made, listed and deleted, and nothing can be
/// watched. `scripts/spark-kubernetes-test.sh` starts it as a program that runs each pod as a process.
final class FakeKubernetes implements AutoCloseable {
    private final Map<String, ObjectNode> pods = new ConcurrentSkipListMap<>();
    private final Kubelet kubelet;
    private final HttpServer server;

    /// What runs pods.
    @FunctionalInterface
    interface Kubelet {
        /// Runs a pod.
        ///
        /// @param ended is told the exit code of its process
        void run(ObjectNode pod, IntConsumer ended);
    }

    /// @param port 0 for any
    FakeKubernetes(int port, Kubelet kubelet) throws IOException {
        this.kubelet = kubelet;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/", this::answer);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    /// The URL of a master.
    String master() {
        return "k8s://http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            String name = path.substring(path.lastIndexOf('/') + 1);
            boolean one = pods.containsKey(name);
            ObjectNode answer = switch (exchange.getRequestMethod()) {
                case "POST" ->
                    made(
                            path,
                            JsonFile.parseObject(
                                    new String(body, StandardCharsets.UTF_8), Place.nowhere(), ProblemCode.REQUEST));
                case "DELETE" -> deleted(path, name);
                default -> one ? pods.get(name) : path.endsWith("/pods") ? list() : status();
            };
            byte[] bytes = answer.toString().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private ObjectNode made(String path, ObjectNode object) {
        if (path.endsWith("/pods")) {
            String name = object.path("metadata").path("name").stringValue();
            object.withObject("/metadata")
                    .put("uid", name)
                    .put("resourceVersion", "1")
                    .put("namespace", path.split("/")[4]); // /api/v1/namespaces/NAME/pods
            object.withObject("/status").put("phase", "Running").put("podIP", "127.0.0.1");
            pods.put(name, object);
            kubelet.run(object, code -> ended(object, code));
        }
        return object;
    }

    private static void ended(ObjectNode pod, int code) {
        ObjectNode status = pod.withObject("/status").put("phase", code == 0 ? "Succeeded" : "Failed");
        ObjectNode container = status.putArray("containerStatuses").addObject();
        container.put("name", pod.at("/spec/containers/0/name").stringValue());
        container.withObject("/state/terminated").put("exitCode", code);
    }

    private ObjectNode deleted(String path, String name) {
        if (path.endsWith("/pods")) {
            pods.clear();
        } else {
            pods.remove(name);
        }
        return status();
    }

    private ObjectNode list() {
        ObjectNode list = JsonFile.newObject().put("apiVersion", "v1").put("kind", "PodList");
        list.putObject("metadata").put("resourceVersion", "1");
        ArrayNode items = list.putArray("items");
        pods.values().forEach(items::add);
        return list;
    }

    private static ObjectNode status() {
        return JsonFile.newObject()
                .put("apiVersion", "v1")
                .put("kind", "Status")
                .put("status", "Success");
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /// Serves, and runs what a pod asks for as a process of this machine.
    ///
    /// @param arguments the port, the program that stands for an image's entry point, and a folder for what it says
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[2]);
        var _ = new FakeKubernetes(
                Integer.parseInt(arguments[0]), (pod, ended) -> start(pod, arguments[1], folder, ended));
        Files.writeString(folder.resolve("serving"), "");
    }

    private static void start(ObjectNode pod, String entry, Path folder, IntConsumer ended) {
        JsonNode container = pod.at("/spec/containers/0");
        List<String> command = new ArrayList<>(List.of(entry));
        container.path("args").forEach(argument -> command.add(argument.stringValue()));
        String name = pod.at("/metadata/name").stringValue();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        for (JsonNode variable : container.path("env")) {
            JsonNode field = variable.at("/valueFrom/fieldRef/fieldPath");
            String value = field.isString()
                    ? pod.at("/" + field.stringValue().replace('.', '/')).asString("")
                    : variable.path("value").asString("");
            builder.environment().put(variable.path("name").stringValue(), value);
        }
        builder.environment().put("SPARK_LOCAL_DIRS", folder.toString()); // in place of a volume
        try {
            Process process = builder.start();
            process.onExit().thenAccept(gone -> ended.accept(gone.exitValue()));
            Files.writeString(folder.resolve(name + ".pid"), String.valueOf(process.pid()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.github.cogvideo4j.cli.setup;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetched;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Archives by HTTPS from a repository, with the checksum that it has of them.
///
/// @param repository the repository
/// @param patience   how long nothing may come
record HttpFetcher(Repository repository, Duration patience) implements Fetcher {
    /// Repositories pause, when they first have to fetch something from another one.
    static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final int BUFFER = 1 << 16;
    private static final int OK = 200;
    private static final int UNAUTHORIZED = 401;
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int LARGEST_CHECKSUM = 1 << 12;
    /// What an archive may be larger than was expected: sizes of those without a hash are only about right.
    private static final int SLACK = 4;

    @Override
    public Fetched fetch(Artifact artifact, Path folder, JobControl control) throws IOException {
        try (HttpClient client = HttpClient.newBuilder()
                .followRedirects(Redirect.NORMAL)
                .connectTimeout(patience)
                .proxy(repository.selector())
                .build()) {
            try {
                Optional<String> checksum =
                        artifact.sha256().isPresent() ? Optional.empty() : checksum(client, artifact);
                Path file = folder.resolve(artifact.fileName());
                download(client, artifact, file, control);
                return new Fetched(file, checksum);
            } finally {
                client.shutdownNow();
            }
        }
    }

    private Optional<String> checksum(HttpClient client, Artifact artifact) throws IOException {
        for (String kind : List.of(".sha256", ".sha1")) {
            HttpResponse<InputStream> response = get(client, artifact.path() + kind);
            try (InputStream body = response.body()) {
                if (response.statusCode() == OK) {
                    String text = new String(body.readNBytes(LARGEST_CHECKSUM), StandardCharsets.US_ASCII).strip();
                    return Optional.of(text.split("\\s", 2)[0]);
                }
            }
        }
        throw failed("cli.setup.absent", artifact.fileName(), host());
    }

    private void download(HttpClient client, Artifact artifact, Path file, JobControl control) throws IOException {
        HttpResponse<InputStream> response = get(client, artifact.path());
        long limit = artifact.sha256().isPresent() ? artifact.bytes() : SLACK * artifact.bytes();
        try (InputStream body = response.body();
                OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            check(response.statusCode(), artifact);
            long written = 0;
            byte[] buffer = new byte[BUFFER];
            for (int read = read(body, buffer); read >= 0; read = read(body, buffer)) {
                written += read;
                if (written > limit) {
                    throw failed("cli.setup.too-much", artifact.fileName(), host(), limit);
                }
                out.write(buffer, 0, read);
                control.advance(read);
            }
            if (artifact.sha256().isPresent() && written < artifact.bytes()) {
                throw failed("cli.setup.cut", artifact.fileName(), host(), written, artifact.bytes());
            }
        }
    }

    /// A read that ends when nothing comes for long: the request's own timeout ends with the headers.
    private int read(InputStream body, byte[] buffer) throws IOException {
        CompletableFuture<Boolean> watch = new CompletableFuture<>();
        CompletableFuture<Boolean> _ = watch.completeOnTimeout(true, patience.toMillis(), TimeUnit.MILLISECONDS);
        CompletableFuture<Void> _ = watch.thenAccept(late -> {
            if (Boolean.TRUE.equals(late)) {
                try {
                    body.close();
                } catch (IOException _) {
                    // the read ends with the same failure
                }
            }
        });
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw failed("cli.setup.broken", host());
        } finally {
            watch.complete(false);
        }
    }

    private HttpResponse<InputStream> get(HttpClient client, String path) {
        URI address = URI.create(repository.address() + "/" + path);
        HttpRequest request = HttpRequest.newBuilder(address).timeout(patience).build();
        try {
            return client.sendAsync(request, BodyHandlers.ofInputStream())
                    .get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException _) {
            throw failed("cli.setup.unreachable", host());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw failed("cli.setup.unreachable", host());
        }
    }

    private void check(int status, Artifact artifact) {
        switch (status) {
            case OK -> {}
            case NOT_FOUND -> throw failed("cli.setup.absent", artifact.fileName(), host());
            case UNAUTHORIZED, FORBIDDEN -> throw failed("cli.setup.forbidden", host(), status);
            default -> throw failed("cli.setup.status", host(), status);
        }
    }

    private String host() {
        return repository.address().getAuthority();
    }

    static MissingCapabilityException failed(String key, Object... arguments) {
        return new MissingCapabilityException(ProblemCode.ENDPOINT, Place.nowhere(), key, arguments);
    }
}

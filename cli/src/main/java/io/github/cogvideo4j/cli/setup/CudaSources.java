package io.github.cogvideo4j.cli.setup;

import io.github.cogvideo4j.inference.cuda.CudaSetup.Artifact;
import io.github.cogvideo4j.inference.cuda.CudaSetup.Fetcher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where a setup takes archives from.
///
/// @param name    what it is called: a folder, a program, a host
/// @param fetcher fetches them
public record CudaSources(String name, Fetcher fetcher) {
    /// A folder where one is given, else Maven where there is one, else the repository by HTTPS.
    ///
    /// @param artifacts what will be fetched; a folder has to have all of it
    public static CudaSources of(Map<String, String> environment, Optional<Path> from, List<Artifact> artifacts)
            throws IOException {
        if (from.isPresent()) {
            FolderFetcher folder = new FolderFetcher(from.get());
            folder.check(artifacts);
            return new CudaSources(from.get().toString(), folder);
        }
        Optional<Path> maven = MavenFetcher.find(environment);
        if (maven.isPresent()) {
            return new CudaSources(maven.get().toString(), new MavenFetcher(maven.get()));
        }
        Path settings = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home", "")))
                .resolve(".m2")
                .resolve("settings.xml");
        Repository repository = Repository.of(settings);
        return new CudaSources(repository.address().getAuthority(), new HttpFetcher(repository, HttpFetcher.PATIENCE));
    }
}

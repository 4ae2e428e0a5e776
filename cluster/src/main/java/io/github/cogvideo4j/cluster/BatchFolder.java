package io.github.cogvideo4j.cluster;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.internal.page.BatchPage;
import io.github.cogvideo4j.cluster.internal.page.VbenchNames;
import io.github.cogvideo4j.cluster.internal.parquet.ParquetManifest;
import io.github.cogvideo4j.cluster.internal.run.BatchFile;
import io.github.cogvideo4j.cluster.internal.run.BatchRun;
import io.github.cogvideo4j.cluster.internal.run.FolderCheck;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.Places;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// A folder that a batch has filled or begun to fill: proven, cleaned up, put together from parts, shown.
public final class BatchFolder implements AutoCloseable {
    private final BatchStore store;
    private ObjectNode batch = JsonFile.newObject();
    private final ManifestLog log;
    private final List<BatchStore.Claim> claims = new ArrayList<>();

    private BatchFolder(BatchStore store) {
        this.store = store;
        this.log = new ManifestLog(store, Optional.empty());
    }

    /// Opens a folder for this process alone.
    ///
    /// @param folder   a path, or a URI of a Hadoop file system
    /// @param settings settings of Spark, of which those that begin with `spark.hadoop.` are used
    /// @throws OutputException `output-refused` when it holds no batch, or another process fills it
    public static BatchFolder open(String folder, Map<String, String> settings) throws IOException {
        BatchStore store = Places.store(folder, settings);
        BatchFolder opened = new BatchFolder(store);
        try {
            opened.batch = BatchFile.read(store)
                    .orElseThrow(() -> new OutputException(
                            ProblemCode.OUTPUT_REFUSED, Place.of(Path.of(folder)), "cluster.folder.none"));
            opened.claims.add(store.claim(BatchRun.claim(Optional.empty())));
            for (String lock : store.list("")) {
                if (lock.startsWith(".lock-")) {
                    opened.claims.add(store.claim(lock));
                }
            }
            opened.log.collect();
            for (String manifest : ManifestLog.shards(store)) {
                String share = manifest.substring("manifest-".length(), manifest.length() - ".jsonl".length());
                new ManifestLog(store, Optional.of(share)).collect();
            }
            return opened;
        } catch (RuntimeException | IOException e) {
            opened.close();
            throw e;
        }
    }

    /// The proof of the results by the hashes of the manifest. What is gone or not what it was is noted in the
    /// manifest as failed, so that a run that tries failed rows again makes it again; a file that is not what it
    /// was loses the ending of its name.
    ///
    /// @return what is wrong
    public List<Problem> verify(JobControl control) throws IOException {
        return new FolderCheck(store, log).verify(control);
    }

    /// Deletes what no row of the manifest speaks of: results of attempts that ended before they could say so, files
    /// that are not whole, marks of processes that are gone.
    ///
    /// @return what was deleted
    public List<String> collectGarbage() throws IOException {
        return new FolderCheck(store, log).collectGarbage();
    }

    /// Puts the manifests of shards together as the one of the batch.
    public void merge() throws IOException {
        log.merge();
    }

    /// How the batch stands by its manifest: `results`, `completed`, `failed`, `left`.
    public ObjectNode standing() throws IOException {
        return new FolderCheck(store, log).standing(batch.path("results").asLong(0));
    }

    /// Writes the page with the results, failures first.
    ///
    /// @return its name in the folder
    public String writePage(Locale locale) throws IOException {
        return BatchPage.write(store, log, batch, locale);
    }

    /// Writes the manifest as Parquet, too, for which Spark's classes have to be there.
    ///
    /// @return its name in the folder
    public String writeParquet() throws IOException {
        Places.requireSpark(ParquetManifest.NAME);
        ParquetManifest.write(store, log);
        return ParquetManifest.NAME;
    }

    /// Links the results under the names that VBench asks for, where the batch was made for it.
    ///
    /// @return how many there are
    public int exportVbench() throws IOException {
        return VbenchNames.export(store, log, batch);
    }

    @Override
    public void close() throws IOException {
        try (store) {
            if (!claims.isEmpty()) {
                log.settle();
            }
            for (BatchStore.Claim claim : claims) {
                claim.close();
            }
            claims.clear();
        }
    }
}

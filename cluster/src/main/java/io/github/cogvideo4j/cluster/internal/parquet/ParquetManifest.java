package io.github.cogvideo4j.cluster.internal.parquet;

import static org.apache.parquet.schema.LogicalTypeAnnotation.jsonType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Types;

/// The manifest of a batch as Parquet: a row for each result, with the names of the lines in `manifest.jsonl`;
/// `settings` is JSON.
public final class ParquetManifest {
    /// Its name.
    public static final String NAME = "manifest.parquet";

    private static final MessageType SCHEMA = Types.buildMessage()
            .required(BINARY)
            .as(stringType())
            .named("key")
            .required(BINARY)
            .as(stringType())
            .named("id")
            .required(INT64)
            .named("row")
            .required(BINARY)
            .as(stringType())
            .named("status")
            .optional(BINARY)
            .as(stringType())
            .named("error_code")
            .optional(BINARY)
            .as(stringType())
            .named("message")
            .optional(BINARY)
            .as(stringType())
            .named("file")
            .required(INT64)
            .named("bytes")
            .optional(BINARY)
            .as(stringType())
            .named("sha256")
            .optional(INT64)
            .named("seed")
            .required(BINARY)
            .as(jsonType())
            .named("settings")
            .required(DOUBLE)
            .named("seconds")
            .required(BINARY)
            .as(stringType())
            .named("device")
            .required(BINARY)
            .as(stringType())
            .named("host")
            .required(INT32)
            .named("attempt")
            .named("manifest");

    private ParquetManifest() {}

    /// Writes it.
    public static void write(BatchStore store, ManifestLog log) throws IOException {
        Path folder = Files.createTempDirectory("cogvideo-batch-");
        Path local = folder.resolve(NAME);
        try {
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(local))
                    .withConf(new PlainParquetConfiguration())
                    .withType(SCHEMA)
                    .withCompressionCodec(CompressionCodecName.SNAPPY)
                    .build()) {
                log.eachLast(row -> writer.write(group(row)));
            }
            store.replace(NAME, stream -> Files.copy(local, stream));
        } finally {
            Files.deleteIfExists(local);
            Files.delete(folder);
        }
    }

    private static Group group(ManifestRow row) {
        Group group = new SimpleGroup(SCHEMA);
        group.add("key", row.key());
        group.add("id", row.id());
        group.add("row", row.row());
        group.add("status", row.status());
        row.errorCode().ifPresent(code -> group.add("error_code", code));
        row.message().ifPresent(text -> group.add("message", text));
        row.file().ifPresent(file -> group.add("file", file));
        group.add("bytes", row.bytes());
        row.sha256().ifPresent(hash -> group.add("sha256", hash));
        row.seed().ifPresent(seed -> group.add("seed", seed));
        group.add("settings", row.settings().toString());
        group.add("seconds", row.seconds());
        group.add("device", row.device());
        group.add("host", row.host());
        group.add("attempt", row.attempt());
        return group;
    }
}

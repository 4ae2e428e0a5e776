package io.github.cogvideo4j.cluster.internal.parquet;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.cluster.internal.store.HadoopFiles;
import io.github.cogvideo4j.cluster.internal.store.Places;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;
import tools.jackson.databind.node.ObjectNode;

/// The rows of a Parquet file, one after the other. What the file says of its sizes is compared with the file and with
/// limits before anything is allocated.
///
/// Source: Apache Parquet's `README.md` (file format) and `parquet.thrift`.
public final class ParquetRows {
    private static final int FOOTER = 16 << 20;
    private static final int GROUP = 256 << 20;
    private static final int TAIL = 8;
    private static final int MOST_COLUMNS = 500;
    private static final long MOST_ROWS = 10_000_000;

    private final InputFile input;
    private final Place place;

    /// @param name     a path, or a URI of a Hadoop file system
    /// @param settings settings of Spark, of which those for Hadoop are used
    public ParquetRows(String name, Map<String, String> settings) throws IOException {
        boolean remote = Places.isRemote(name);
        this.input = remote ? HadoopFiles.parquet(name, settings) : new LocalInputFile(Places.path(name));
        this.place = Place.of(remote ? Path.of(name) : Places.path(name));
    }

    /// A receiver of rows.
    public interface Reader {
        /// Receives a row.
        ///
        /// @param number counted from 1
        void row(long number, ObjectNode fields) throws IOException;

        /// Receives what is wrong with one.
        void bad(long number, Problem problem);
    }

    /// Reads all rows.
    ///
    /// @param longest the most bytes of a row
    /// @throws InvalidRequestException `request` when the file is not sound, or has columns that rows cannot have
    public void read(int longest, Reader reader) throws IOException {
        requireTail();
        ParquetReadOptions options = ParquetReadOptions.builder(new PlainParquetConfiguration())
                .withCodecFactory(new BoundedCodecs())
                .usePageChecksumVerification()
                .build();
        try (ParquetFileReader file = sound(() -> ParquetFileReader.open(input, options))) {
            MessageType schema = file.getFileMetaData().getSchema();
            requireBounds(file, schema);
            JsonRecords json = sound(() -> new JsonRecords(schema, longest));
            MessageColumnIO columns = sound(() -> new ColumnIOFactory().getColumnIO(schema));
            long number = 0;
            for (Optional<PageReadStore> group = next(file); group.isPresent(); group = next(file)) {
                PageReadStore pages = group.get();
                RecordReader<ObjectNode> records = sound(() -> columns.getRecordReader(pages, json));
                for (long i = 0; i < pages.getRowCount(); i++) {
                    json.begin();
                    ObjectNode row = sound(records::read);
                    number++;
                    if (json.problem().isPresent()) {
                        reader.bad(number, json.problem().get());
                    } else {
                        reader.row(number, row);
                    }
                }
            }
        }
    }

    private Optional<PageReadStore> next(ParquetFileReader file) {
        return Optional.ofNullable(sound(file::readNextRowGroup));
    }

    /// The end of the file says how long the description before it is.
    private void requireTail() throws IOException {
        long length = input.getLength();
        require(length >= 2L * TAIL, "cluster.rows.parquet", "PAR1");
        ByteBuffer tail = ByteBuffer.allocate(TAIL).order(ByteOrder.LITTLE_ENDIAN);
        try (SeekableInputStream stream = input.newStream()) {
            stream.seek(length - TAIL);
            stream.readFully(tail);
        } catch (EOFException _) {
            require(false, "cluster.rows.parquet", "PAR1");
        }
        String magic = new String(tail.array(), 4, 4, StandardCharsets.US_ASCII);
        require(!magic.equals("PARE"), "cluster.rows.encrypted");
        require(magic.equals("PAR1"), "cluster.rows.parquet", "PAR1");
        long footer = Integer.toUnsignedLong(tail.getInt(0));
        require(footer <= FOOTER && footer <= length - TAIL, "cluster.rows.parquet", "footer " + footer);
    }

    private void requireBounds(ParquetFileReader file, MessageType schema) throws IOException {
        require(schema.getColumns().size() <= MOST_COLUMNS, "cluster.rows.columns", MOST_COLUMNS);
        long length = input.getLength();
        long rows = 0;
        for (BlockMetaData group : file.getRowGroups()) {
            require(
                    group.getRowCount() >= 0 && group.getRowCount() <= MOST_ROWS - rows,
                    "cluster.rows.many",
                    MOST_ROWS);
            rows += group.getRowCount();
            long bytes = 0;
            for (ColumnChunkMetaData chunk : group.getColumns()) {
                long start = chunk.getStartingPos();
                long size = chunk.getTotalSize();
                require(
                        start >= 0 && size >= 0 && start <= length && size <= length - start,
                        "cluster.rows.parquet",
                        chunk.getPath().toDotString());
                bytes += size;
                require(bytes <= GROUP, "cluster.rows.group", GROUP >> 20);
            }
        }
    }

    private void require(boolean holds, String key, Object... arguments) {
        if (!holds) {
            throw new InvalidRequestException(ProblemCode.REQUEST, place, key, arguments);
        }
    }

    /// What Parquet's reader makes of a file that is not sound: exceptions of every kind, and sizes that no memory has.
    private <T> T sound(Callable<T> reading) {
        try {
            return reading.call();
        } catch (InvalidRequestException e) {
            throw new InvalidRequestException(Problem.of(
                    ProblemCode.REQUEST,
                    place,
                    "cluster.rows.refused",
                    e.problem().message()));
        } catch (Exception | OutOfMemoryError | StackOverflowError e) {
            String first = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    place,
                    "cluster.rows.parquet",
                    e.getClass().getSimpleName() + ": " + first);
        }
    }
}

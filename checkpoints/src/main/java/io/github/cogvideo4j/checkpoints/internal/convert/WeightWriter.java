package io.github.cogvideo4j.checkpoints.internal.convert;

import io.github.cogvideo4j.checkpoints.convert.WeightFile;
import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.internal.cast.CastingSink;
import io.github.cogvideo4j.checkpoints.internal.cast.ValueScan;
import io.github.cogvideo4j.checkpoints.internal.job.Phase;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/// The one executor: streams every planned tensor from its extents through a bounded buffer, casts it, and
/// writes it where the files' layouts put it. A tensor is read once, however many files it goes to.
public final class WeightWriter implements AutoCloseable {
    private final FileStorageReader reader;
    private final Path result;
    private final JobControl control;
    private final List<OpenFile> files = new ArrayList<>();
    private final Map<Key, List<Destination>> destinations = new HashMap<>();

    private record OpenFile(WeightFile plan, FileChannel channel, Writeback writeback) {}

    private record Destination(OpenFile file, long offset) {}

    /// A tensor's name alone does not tell it: components may share names.
    private record Key(String folder, String name) {}

    /// A tensor that has been written.
    ///
    /// @param tensor what was planned
    /// @param sha256 of the written bytes
    /// @param crc32  of the written bytes, where a container wants it
    /// @param values what the scan of the values found
    public record Written(PlannedTensor tensor, String sha256, long crc32, ValueScan values) {}

    /// @param reader  reads the sources
    /// @param control receives the progress
    /// @param result  the folder as the user knows it, for errors: files are written under another name
    public WeightWriter(FileStorageReader reader, JobControl control, Path result) {
        this.reader = reader;
        this.result = result;
        this.control = control;
    }

    /// Writes the files into a folder.
    public List<Written> write(List<PlannedTensor> tensors, List<WeightFile> plans, Path folder, int threads)
            throws IOException {
        for (WeightFile plan : plans) {
            FileChannel channel = FileChannel.open(
                    folder.resolve(plan.path()), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            OpenFile file = new OpenFile(plan, channel, new Writeback(channel));
            files.add(file);
            plan.offsets()
                    .forEach((name, offset) -> destinations
                            .computeIfAbsent(new Key(plan.folder(), name), _ -> new ArrayList<>())
                            .add(new Destination(file, offset)));
        }
        control.begin(
                Phase.WRITING,
                tensors.stream().mapToLong(t -> t.entry().tensor().byteLength()).sum());
        List<Written> written = ParallelTensors.map(tensors, threads, this::write);
        reader.verifyChecksums();
        Map<String, Map<String, Long>> checksums = new HashMap<>();
        written.forEach(tensor -> checksums
                .computeIfAbsent(tensor.tensor().folder(), _ -> new HashMap<>())
                .put(tensor.tensor().name(), tensor.crc32()));
        for (OpenFile file : files) {
            NamedFailure.naming(result.resolve(file.plan().path()), () -> {
                file.writeback().finish();
                file.plan()
                        .writeStructure(
                                file.channel(),
                                checksums.getOrDefault(file.plan().folder(), Map.of()));
                return file;
            });
        }
        return written;
    }

    private Written write(PlannedTensor tensor) throws IOException {
        TensorOutput output =
                new TensorOutput(tensor, destinations.getOrDefault(new Key(tensor.folder(), tensor.name()), List.of()));
        reader.read(tensor.entry().tensor(), output::accept);
        return output.written();
    }

    /// One tensor on its way: cast, hashed, written.
    private final class TensorOutput {
        private final PlannedTensor tensor;
        private final List<Destination> targets;
        private final CastingSink cast;
        private final MessageDigest sha256 = Digests.sha256();
        private final CRC32 crc32 = new CRC32();
        private final boolean checksum;
        private long position;

        TensorOutput(PlannedTensor tensor, List<Destination> targets) {
            this.tensor = tensor;
            this.targets = targets;
            this.checksum =
                    targets.stream().anyMatch(target -> target.file().plan().needsChecksums());
            this.cast = new CastingSink(tensor.entry().tensor(), tensor.dtype(), this::put);
        }

        void accept(ByteBuffer source) throws IOException {
            int bytes = source.remaining();
            cast.accept(source);
            control.advance(bytes);
        }

        private void put(ByteBuffer bytes) throws IOException {
            sha256.update(bytes.duplicate());
            if (checksum) {
                crc32.update(bytes.duplicate());
            }
            for (Destination target : targets) {
                try {
                    WeightFile.writeFully(target.file().channel(), bytes.duplicate(), target.offset() + position);
                } catch (IOException e) {
                    throw NamedFailure.of(result.resolve(target.file().plan().path()), e);
                }
                target.file().writeback().wrote(bytes.remaining());
            }
            position += bytes.remaining();
        }

        Written written() {
            return new Written(tensor, HexFormat.of().formatHex(sha256.digest()), crc32.getValue(), cast.values());
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (OpenFile file : files) {
            try {
                file.channel().close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}

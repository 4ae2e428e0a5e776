package io.github.cogvideo4j.checkpoints.internal.prune;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What was done with each checkpoint, a line of JSON for each deed, on the disk before the deed that it
/// announces. It is also the lock: who has it open for writing is the only one who prunes this run.
///
/// What is read from it are plain names and words, nothing else: a journal that someone else wrote leads
/// nowhere.
final class PruneJournal implements AutoCloseable {
    static final String FILE_NAME = "journal.jsonl";
    private static final long LONGEST = 16L << 20;

    private final FileChannel channel;
    private final FileLock lock;

    /// What was done, or is about to be.
    enum Action {
        /// The weights have been written and compared with the checkpoint.
        PROVEN,
        /// The checkpoint is about to move to the trash.
        MOVING,
        /// The checkpoint in the trash has been compared again and is about to be deleted.
        DELETING,
        /// It has been.
        DELETED;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A deed.
    ///
    /// @param action     what
    /// @param checkpoint the checkpoint's name in the run
    record Deed(Action action, String checkpoint) {}

    private PruneJournal(FileChannel channel, FileLock lock) {
        this.channel = channel;
        this.lock = lock;
    }

    /// Opens the journal of a trash for writing, and makes it when absent.
    ///
    /// @throws OutputException `output-refused` when another program prunes the same run, or it is a link
    static PruneJournal open(Path trash) throws IOException {
        Path file = trash.resolve(FILE_NAME);
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(file), "checkpoints.prune.journal-link");
        }
        FileChannel channel = FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
        Optional<FileLock> lock = lock(channel);
        if (lock.isEmpty()) {
            channel.close();
            throw new OutputException(ProblemCode.OUTPUT_REFUSED, Place.of(trash), "checkpoints.prune.locked");
        }
        // A line that a kill cut short is ended, so that the next one stands by itself.
        channel.position(channel.size());
        PruneJournal journal = new PruneJournal(channel, lock.get());
        if (!endsWithLine(channel)) {
            journal.append("\n");
        }
        return journal;
    }

    private static Optional<FileLock> lock(FileChannel channel) throws IOException {
        try {
            return Optional.ofNullable(channel.tryLock());
        } catch (OverlappingFileLockException _) {
            return Optional.empty();
        }
    }

    /// Read by the channel that has the lock: Unix takes the lock away when any other one of the file is closed.
    private static boolean endsWithLine(FileChannel channel) throws IOException {
        if (channel.size() == 0) {
            return true;
        }
        ByteBuffer last = ByteBuffer.allocate(1);
        channel.read(last, channel.size() - 1);
        return last.get(0) == '\n';
    }

    /// Writes a deed down and brings it to the disk.
    void write(Action action, String checkpoint) throws IOException {
        ObjectNode line = JsonFile.newObject();
        line.put("action", action.word());
        line.put("checkpoint", checkpoint);
        append(line.toString() + "\n");
    }

    private void append(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
    }

    /// The deeds in a trash's journal; none where there is none. A line that was cut short is left out.
    ///
    /// @throws MalformedFileException `journal` when it is not one of ours
    static List<Deed> read(Path trash) throws IOException {
        Path file = trash.resolve(FILE_NAME);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return List.of();
        }
        if (Files.size(file) > LONGEST) {
            throw bad(file, Files.size(file));
        }
        List<Deed> deeds = new ArrayList<>();
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            Optional<Deed> deed = deed(line, Place.of(file));
            if (deed.isPresent()) {
                deeds.add(deed.get());
            } else if (!line.isBlank() && !isCut(line)) {
                throw bad(file, line.length() > 80 ? line.substring(0, 80) : line);
            }
        }
        return deeds;
    }

    /// Whether a line is the beginning of one of ours.
    private static boolean isCut(String line) {
        return !line.endsWith("}") && line.startsWith("{");
    }

    private static Optional<Deed> deed(String line, Place place) {
        ObjectNode node;
        try {
            node = JsonFile.parseObject(line, place, ProblemCode.JOURNAL);
        } catch (MalformedFileException _) {
            return Optional.empty();
        }
        JsonNode action = node.path("action");
        JsonNode checkpoint = node.path("checkpoint");
        if (!action.isString() || !checkpoint.isString()) {
            return Optional.empty();
        }
        return Arrays.stream(Action.values())
                .filter(one -> one.word().equals(action.stringValue()))
                .findFirst()
                .flatMap(one -> PlainFileName.of(checkpoint.stringValue()).map(name -> new Deed(one, name.value())));
    }

    private static MalformedFileException bad(Path file, Object found) {
        return new MalformedFileException(ProblemCode.JOURNAL, Place.of(file), "checkpoints.prune.journal", found);
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }
}

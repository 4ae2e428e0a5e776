package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.internal.run.BatchWork.RowName;
import io.github.cogvideo4j.cluster.internal.store.BatchStore;
import io.github.cogvideo4j.cluster.internal.store.LocalStore;
import io.github.cogvideo4j.cluster.internal.store.ManifestLog;
import io.github.cogvideo4j.cluster.internal.store.ManifestRow;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.cluster.internal.task.RowTask.Made;
import io.github.cogvideo4j.cluster.internal.task.RowTask.Produced;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/// The making of single rows in one process: an attempt in a folder of its own, the results under their names, and
/// then the row of the manifest. What is wrong with a row becomes its result; what is wrong with the machine is thrown.
public final class RowRunner implements AutoCloseable {
    /// After so many tries that ended with their process, a row is taken to be the reason.
    public static final int MOST_ATTEMPTS = 4;

    /// How libtorch says that memory is used up.
    private static final Pattern NATIVE_MEMORY =
            Pattern.compile("can't allocate memory|not enough memory|CUDA out of memory");

    /// How it says that the device no longer works for this process.
    private static final Pattern BROKEN_DEVICE = Pattern.compile("CUDA error|cuDNN error|CUBLAS_STATUS");

    private final BatchStore store;
    private final ManifestLog log;
    private final RowTask task;
    private final String folder;
    private final Path scratch;
    private final boolean checked;
    private final Thread cleaner = Thread.ofPlatform().unstarted(this::clean);
    private final List<String> marks = new ArrayList<>();
    private List<String> earlier = List.of();
    private volatile boolean goingDown;

    /// @param store   where the results go
    /// @param log     where it is said what became of a row
    /// @param task    makes rows
    /// @param folder  the folder of the results
    /// @param scratch where this process may put what is not whole
    /// @param checked whether what lies here may differ from what the batch was planned with, and is compared
    public RowRunner(
            BatchStore store, ManifestLog log, RowTask task, String folder, Optional<Path> scratch, boolean checked)
            throws IOException {
        this.checked = checked;
        this.store = store;
        this.log = log;
        this.task = task;
        this.folder = folder;
        if (scratch.isPresent()) {
            Files.createDirectories(scratch.get());
            this.scratch = Files.createTempDirectory(scratch.get(), "cogvideo-batch-");
        } else {
            this.scratch = Files.createTempDirectory("cogvideo-batch-");
        }
        // An interrupt ends the virtual machine without unwinding the stack.
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /// What is still to come for a row, should it fail now.
    ///
    /// @param memory  whether another process may have the memory that is lacking here
    /// @param machine whether another process may have what else is lacking here
    public record Chances(boolean memory, boolean machine) {
        /// In this process, and in no other: what is wrong with it is not the row's.
        public static Chances here() {
            return new Chances(false, true);
        }
    }

    /// Makes a row and says so in the manifest.
    ///
    /// @param chances what is not the row's result but thrown, since another process may do better
    /// @return what the manifest says of its first name
    /// @throws CancelledException when it was asked to stop
    /// @throws IOException        when results cannot be written, or the machine lacks something
    public ManifestRow run(BatchWork work, Chances chances, JobControl control) throws IOException {
        int attempt = begin(work);
        if (attempt > MOST_ATTEMPTS) {
            return end(
                    work.tried(attempt - 1),
                    0,
                    "",
                    Problem.of(ProblemCode.MEMORY, Place.nowhere(), "cluster.row.process-lost", MOST_ATTEMPTS),
                    "process-lost");
        }
        BatchWork tried = work.tried(attempt);
        long begun = System.nanoTime();
        Path own = Files.createTempDirectory(scratch, "row-");
        try {
            ObjectNode fields = JsonFile.parseObject(work.fields(), Place.nowhere(), ProblemCode.REQUEST);
            requireSame(work, fields);
            Made made = task.make(fields, own, control);
            return publish(tried, made, fields, seconds(begun));
        } catch (CancelledException e) {
            unmark();
            throw e;
        } catch (NoSuchFileException | AccessDeniedException e) {
            return end(
                    tried,
                    seconds(begun),
                    "",
                    Problem.of(
                            ProblemCode.UNREADABLE,
                            Place.nowhere(),
                            "cluster.row.unreadable",
                            String.valueOf(e.getFile())),
                    "unreadable");
        } catch (RuntimeException | OutOfMemoryError e) {
            Optional<Problem> problem = ofRow(e, chances);
            if (problem.isEmpty()) {
                unmark();
                throw e;
            }
            return end(tried, seconds(begun), "", problem.get(), code(e, problem.get()));
        } finally {
            delete(own);
        }
    }

    /// What lies here under the names of model, adapters and inputs has to be what the batch was planned with.
    ///
    /// @throws MissingCapabilityException `different` when it is not
    private void requireSame(BatchWork work, ObjectNode fields) throws IOException {
        if (checked && !isSame(work, fields)) {
            throw new MissingCapabilityException(
                    Problem.of(ProblemCode.DIFFERENT, Place.nowhere(), "cluster.row.other-weights", LocalStore.host()));
        }
    }

    private boolean isSame(BatchWork work, ObjectNode fields) throws IOException {
        try {
            return task.prepare(fields).key().equals(work.key());
        } catch (InvalidCheckpointException | NoSuchFileException _) {
            return false; // it is not here at all
        }
    }

    private static String code(Throwable e, Problem problem) {
        return e instanceof CarriesProblem || isMemory(e) ? problem.code().id() : "bug";
    }

    /// Whether memory was lacking.
    static boolean isMemory(Throwable e) {
        return e instanceof OutOfMemoryError
                || (e instanceof CarriesProblem carrier && carrier.problem().code() == ProblemCode.MEMORY)
                || NATIVE_MEMORY.matcher(String.valueOf(e.getMessage())).find();
    }

    /// The problem where it is the row's and not the machine's.
    private static Optional<Problem> ofRow(Throwable e, Chances chances) {
        if (isMemory(e)) {
            Problem own = e instanceof CarriesProblem carrier
                    ? carrier.problem()
                    : Problem.of(ProblemCode.MEMORY, Place.nowhere(), "cluster.row.memory", firstLine(e));
            return chances.memory() ? Optional.empty() : Optional.of(own);
        }
        if (e instanceof CarriesProblem carrier) {
            Problem own = carrier.problem();
            boolean thrown = (own.code() == ProblemCode.DIFFERENT && e instanceof MissingCapabilityException)
                    || (carrier.category() == Category.ENVIRONMENT && chances.machine());
            return thrown ? Optional.empty() : Optional.of(own);
        }
        return chances.machine()
                        && BROKEN_DEVICE.matcher(String.valueOf(e.getMessage())).find()
                ? Optional.empty()
                : Optional.of(Problem.of(
                        ProblemCode.REQUEST,
                        Place.nowhere(),
                        "cluster.row.bug",
                        e.getClass().getSimpleName(),
                        firstLine(e)));
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    private ManifestRow publish(BatchWork work, Made made, ObjectNode fields, double seconds) throws IOException {
        Produced main = made.files().getLast();
        for (Produced file : made.files()) {
            store.publish(file.local(), work.file(folder) + file.end());
        }
        // Of two attempts the first one's file stays, and the manifest says what lies there.
        String name = work.file(folder) + main.end();
        Hashed hashed;
        try (InputStream stream = store.open(name)) {
            hashed = Hashed.of(stream);
        }
        ManifestRow row = new ManifestRow(
                work.key(),
                work.first().id(),
                work.first().row(),
                made.problem().isEmpty(),
                made.problem().map(problem -> problem.code().id()),
                made.problem().map(problem -> problem.message().text()),
                Optional.of(name),
                hashed.bytes(),
                Optional.of(hashed.sha256()),
                made.seed(),
                fields,
                seconds,
                made.device(),
                LocalStore.host(),
                work.attempt());
        return commit(work, row);
    }

    private ManifestRow end(BatchWork work, double seconds, String device, Problem problem, String code)
            throws IOException {
        if (goingDown) {
            // What failed is what this process itself took away; the row has not.
            throw new CancelledException();
        }
        ObjectNode fields = JsonFile.parseObject(work.fields(), Place.nowhere(), ProblemCode.REQUEST);
        String place = problem.place().file().map(file -> " (" + file + ")").orElse("");
        return commit(
                work,
                new ManifestRow(
                        work.key(),
                        work.first().id(),
                        work.first().row(),
                        false,
                        Optional.of(code),
                        Optional.of(problem.message().text() + place),
                        Optional.empty(),
                        0,
                        Optional.empty(),
                        fields.path("seed").isIntegralNumber()
                                ? OptionalLong.of(fields.path("seed").longValue())
                                : OptionalLong.empty(),
                        fields,
                        seconds,
                        device,
                        LocalStore.host(),
                        work.attempt()));
    }

    private ManifestRow commit(BatchWork work, ManifestRow row) throws IOException {
        log.commit(work.names().stream()
                .map((RowName name) -> row.named(name.id(), name.row()))
                .toList());
        unmark();
        for (String name : earlier) {
            store.delete(name);
        }
        return row;
    }

    /// Marks that a try has begun: what a process cannot tell any more, the mark does.
    private int begin(BatchWork work) throws IOException {
        String start = "try-" + work.key() + "-";
        List<String> before = store.list(log.parts()).stream()
                .filter(name -> name.startsWith(start))
                .map(name -> log.parts() + "/" + name)
                .toList();
        int attempt = work.attempt() + before.size();
        String name = log.parts() + "/" + start + attempt;
        store.put(name, new byte[0]);
        synchronized (this) {
            marks.clear();
            marks.add(name);
            earlier = before;
        }
        return before.size() >= MOST_ATTEMPTS ? MOST_ATTEMPTS + 1 : attempt;
    }

    /// Takes this try's mark away.
    private void unmark() throws IOException {
        for (String name : taken()) {
            store.delete(name);
        }
    }

    private synchronized List<String> taken() {
        List<String> taken = List.copyOf(marks);
        marks.clear();
        return taken;
    }

    /// What the virtual machine does when it goes down, beside the row that is being made.
    void clean() {
        goingDown = true;
        try {
            unmark();
            delete(scratch);
        } catch (IOException _) {
            // What stays is in a folder for what may be deleted at any time.
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException _) {
            // The virtual machine is going down, and the hook is running.
        }
        delete(scratch);
    }

    /// The size and the SHA-256 of a file.
    public record Hashed(long bytes, String sha256) {
        /// Reads a stream to its end.
        public static Hashed of(InputStream stream) throws IOException {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                byte[] buffer = new byte[1 << 16];
                long bytes = 0;
                for (int count = stream.read(buffer); count > 0; count = stream.read(buffer)) {
                    digest.update(buffer, 0, count);
                    bytes += count;
                }
                return new Hashed(bytes, HexFormat.of().formatHex(digest.digest()));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every Java has it
            }
        }
    }
}

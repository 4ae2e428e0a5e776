package io.github.cogvideo4j.cluster.internal.run;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.cluster.BatchRequest;
import io.github.cogvideo4j.cluster.internal.row.BatchRow;
import io.github.cogvideo4j.cluster.internal.row.Expansion;
import io.github.cogvideo4j.cluster.internal.row.RowFields;
import io.github.cogvideo4j.cluster.internal.row.RowFile;
import io.github.cogvideo4j.cluster.internal.row.RowSink;
import io.github.cogvideo4j.cluster.internal.run.BatchWork.RowName;
import io.github.cogvideo4j.cluster.internal.store.KeySet;
import io.github.cogvideo4j.cluster.internal.task.RowTask;
import io.github.cogvideo4j.cluster.internal.task.RowTask.Prepared;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Category;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// What is left to be made of a file of rows. Rows that are done are counted and forgotten, so the memory is that of
/// what is left.
public final class Worklist implements RowSink {
    private static final int MOST_PROBLEMS = 1_000;

    private final BatchRequest request;
    private final RowTask task;
    private final Finished finished;
    private final JobControl control;
    private final Expansion expansion;
    private final RowFields fields;
    private final long usualSeed;

    private final List<Problem> malformed = new ArrayList<>();
    private final List<Problem> expected = new ArrayList<>();
    private final Map<String, Integer> groups = new LinkedHashMap<>();
    private final Map<String, Pending> pending = new LinkedHashMap<>();
    private final Shares shares = new Shares();
    private final KeySet seen = new KeySet();
    private final MessageDigest identity = digest();
    private Optional<Problem> wrongGrid = Optional.empty();
    private long malformedRows;
    private long expectedRows;
    private long results;
    private long duplicates;
    private long completed;
    private long failed;
    private double doneWork;
    private String device = "";
    private List<BatchWork> works = List.of();
    private double work;
    private long bytes;
    private final Map<String, List<RowName>> newNames = new HashMap<>();

    /// @param number its place among all results
    private record Pending(BatchWork work, int number, long bytes) {
        Pending with(RowName name) {
            return new Pending(work.with(name), number, bytes);
        }
    }

    private Worklist(BatchRequest request, RowTask task, Finished finished, JobControl control) {
        this.request = request;
        this.task = task;
        this.finished = finished;
        this.control = control;
        BatchRequest.Multiply multiply = request.multiply();
        this.expansion = new Expansion(multiply.seeds(), multiply.grid(), multiply.samples());
        boolean videos = request.task() == BatchRequest.TaskKind.GENERATE;
        this.fields = new RowFields(videos ? "prompt" : "source", videos);
        this.usualSeed = request.defaults().path("seed").asLong(0);
    }

    /// Reads the rows.
    ///
    /// @param finished what is done already
    /// @throws InvalidRequestException `request` for a field of the grid that rows cannot have
    static Worklist of(BatchRequest request, RowTask task, Finished finished, JobControl control) throws IOException {
        Worklist list = new Worklist(request, task, finished, control);
        new RowFile(request.rows(), request.settings(), list.fields).read(list);
        list.requireGrid();
        list.finish();
        return list;
    }

    @Override
    public void bad(long line, Problem problem) {
        malformedRows++;
        note(malformed, line, problem);
    }

    private void note(List<Problem> problems, long line, Problem problem) {
        if (problems.size() < MOST_PROBLEMS) {
            Place place = problem.place().file().isPresent() ? problem.place() : place();
            String key = RowFile.isParquet(request.rows()) ? "cluster.row.numbered" : "cluster.row.bad";
            problems.add(Problem.of(problem.code(), place, key, line, ofRow(problem.message())));
        }
    }

    /// A request's fields are a row's here, and nothing that is repeated.
    private static Message ofRow(Message message) {
        return message.key().equals("inference.request.field")
                ? new Message("cluster.row.field", message.arguments())
                : message;
    }

    private Place place() {
        return Place.of(Path.of(request.rows()));
    }

    @Override
    public void row(BatchRow row) throws IOException {
        control.check();
        boolean videos = request.task() == BatchRequest.TaskKind.GENERATE;
        List<ObjectNode> all = videos ? expansion.of(row.fields(), usualSeed, fields) : List.of(row.fields());
        for (ObjectNode one : all) {
            try {
                result(row, one, task.prepare(one));
            } catch (RuntimeException e) {
                if (!(e instanceof CarriesProblem carrier) || carrier.category() == Category.CANCELLED) {
                    throw e;
                }
                wrongGrid = wrongGrid.or(() -> ofGrid(carrier.problem().message()));
                bad(row.line(), carrier.problem());
                return;
            }
        }
    }

    /// A field of the grid is in every row in place of the row's own: what is wrong with it is no row's fault.
    private Optional<Problem> ofGrid(Message message) {
        if (!message.key().equals("inference.request.field")) {
            return Optional.empty();
        }
        String field = message.arguments().getFirst().text(Locale.ROOT);
        return request.multiply().grid().entrySet().stream()
                .filter(setting -> RowFields.plain(setting.getKey()).equals(field))
                .map(setting -> Problem.of(
                        ProblemCode.REQUEST, Place.nowhere(), "cluster.grid.field", field, setting.getValue()))
                .findFirst();
    }

    private void requireGrid() {
        if (wrongGrid.isPresent()) {
            throw new InvalidRequestException(wrongGrid.get());
        }
    }

    private void result(BatchRow row, ObjectNode one, Prepared prepared) {
        int number = (int) results++;
        RowName name = new RowName(row.line(), row.id());
        identity.update((row.id() + "\n" + prepared.group() + "\n" + one + "\n").getBytes(StandardCharsets.UTF_8));
        device = device.isEmpty() ? prepared.device() : device;
        boolean twin = !seen.add(prepared.key());
        duplicates += twin ? 1 : 0;
        if (request.share().isPresent()) {
            shares.add(twin ? 0 : prepared.work(), prepared.key());
        }
        if (prepared.problem().isPresent()) {
            expectedRows++;
            note(expected, row.line(), prepared.problem().get());
        }
        if (twin && pending.containsKey(prepared.key())) {
            pending.computeIfPresent(prepared.key(), (_, known) -> known.with(name));
            return;
        }
        if (finished.isCompleted(prepared.key())) {
            completed++;
            doneWork += twin ? 0 : prepared.work();
            if (!finished.knows(prepared.key(), row.id())) {
                newNames.computeIfAbsent(prepared.key(), _ -> new ArrayList<>()).add(name);
            }
            return;
        }
        if (finished.hasFailed(prepared.key()) && !request.conduct().retryFailed()) {
            failed++;
            return;
        }
        int group = groups.computeIfAbsent(prepared.group(), _ -> groups.size());
        BatchWork left = new BatchWork(
                prepared.key(),
                List.of(name),
                one.toString(),
                group,
                prepared.name(),
                prepared.work(),
                finished.attempts(prepared.key()) + 1);
        pending.put(prepared.key(), new Pending(left, number, prepared.bytes()));
    }

    /// Longest first, so that nothing long begins when all else is done, and what needs the same model together.
    private void finish() {
        List<Pending> left = new ArrayList<>(pending.values());
        pending.clear();
        if (request.share().isPresent()) {
            int[] owners = shares.deal(request.share().get().count());
            left.removeIf(one -> owners[one.number()] != request.share().get().index());
        }
        double[] sums = new double[groups.size()];
        left.forEach(one -> sums[one.work().group()] += one.work().work());
        left.sort(Comparator.comparingDouble((Pending one) -> -sums[one.work().group()])
                .thenComparingInt(one -> one.work().group())
                .thenComparingDouble(one -> -one.work().work())
                .thenComparingInt(Pending::number));
        for (Pending one : left) {
            work += one.work().work();
            bytes += one.bytes();
        }
        works = left.stream().map(Pending::work).toList();
    }

    /// What cannot be read, up to a thousand.
    public List<Problem> malformed() {
        return malformed;
    }

    /// How many rows cannot be read.
    public long malformedRows() {
        return malformedRows;
    }

    /// What can be read and not be made, up to a thousand.
    public List<Problem> expected() {
        return expected;
    }

    /// How many results cannot be made.
    public long expectedRows() {
        return expectedRows;
    }

    /// How many results there are in all, done or not, on this machine or another.
    public long results() {
        return results;
    }

    /// How many of them ask for the same as one before.
    public long duplicates() {
        return duplicates;
    }

    /// How many are completed.
    public long completed() {
        return completed;
    }

    /// How many have failed and are not tried again.
    public long failed() {
        return failed;
    }

    /// What is left, in the order in which it is made.
    public List<BatchWork> works() {
        return works;
    }

    /// How much there is to compute, in units of 10^12 operations.
    public double work() {
        return work;
    }

    /// How large what is left will be.
    public long bytes() {
        return bytes;
    }

    /// How many sets of models and options there are.
    public int groups() {
        return groups.size();
    }

    /// Where it would be computed in this process.
    public String device() {
        return device;
    }

    /// How long a unit of work took until now; 0 when nothing is done.
    public double secondsPerWork() {
        return doneWork > 0 ? finished.seconds() / doneWork : 0;
    }

    /// The further names of results that are there.
    Map<String, List<RowName>> newNames() {
        return newNames;
    }

    /// A SHA-256 over what all rows say, and the models: the identity of the batch.
    public String identity() {
        try {
            return HexFormat.of().formatHex(((MessageDigest) identity.clone()).digest());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// What is wrong with the rows that cannot be read, where there are such.
    ///
    /// @throws InvalidRequestException `request` with the first
    void requireReadable() {
        if (malformedRows > 0) {
            throw new InvalidRequestException(ProblemCode.REQUEST, place(), "cluster.rows.malformed", malformedRows);
        }
        if (results == 0) {
            throw new InvalidRequestException(ProblemCode.REQUEST, place(), "cluster.rows.none");
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }
}

package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan.Step;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion;
import io.github.cogvideo4j.checkpoints.internal.staging.FolderSync;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The execution of a repair's plan. Everything new is made in the undo folder first; then the journal is written
/// and synced; then there are only renames. Whatever a kill leaves, [Undo#restore] brings the old state back.
public final class Repair {
    private final RepairPlan plan;
    private final JobControl control;
    private final UndoFolder undo;
    private final List<JournalEntry> entries = new ArrayList<>();
    private final List<JournalEntry> placed = new ArrayList<>();

    private Repair(RepairPlan plan, JobControl control, UndoFolder undo) {
        this.plan = plan;
        this.control = control;
        this.undo = undo;
    }

    /// Carries out a plan.
    ///
    /// @param plan     what to do
    /// @param control receives the number of bytes that are hashed or written
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when something is in the way; nothing is
    /// changed then
    public static void apply(RepairPlan plan, JobControl control) throws IOException {
        if (plan.isEmpty()) {
            return;
        }
        for (UndoFolder old : UndoFolder.all(plan.root())) {
            if (!old.isPrepared()) {
                old.remove();
            }
        }
        UndoFolder undo = UndoFolder.create(plan.root());
        Repair repair = new Repair(plan, control, undo);
        try {
            repair.prepare();
        } catch (IOException | RuntimeException e) {
            undo.remove();
            throw e;
        }
        repair.rename();
    }

    private void prepare() throws IOException {
        for (Step step : plan.steps()) {
            control.check();
            switch (step) {
                case Step.Rename rename -> entries.add(entry(rename.from(), rename.to(), false));
                case Step.SetAside aside ->
                    entries.add(entry(aside.path(), undo.prefix() + UndoFolder.MOVED + "/" + entries.size(), false));
                case Step.Write write -> {
                    Path file = undo.staged().resolve("file-" + placed.size());
                    Files.writeString(file, write.contents(), StandardOpenOption.CREATE_NEW);
                    place(file, write.path());
                }
                case Step.Convert convert -> convert(convert);
            }
        }
        entries.addAll(placed);
        requireFree();
        FolderSync.sync(undo.path());
        writeJournal();
    }

    private void convert(Step.Convert step) throws IOException {
        Path output = undo.staged().resolve("converted");
        WeightRewriting.rewrite(step, output, control);
        Path weights = output.resolve(step.component().folder());
        try (DirectoryStream<Path> files = Files.newDirectoryStream(weights)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (!name.equals("config.json")) {
                    Path staged = undo.staged().resolve("file-" + placed.size());
                    Files.move(file, staged);
                    place(staged, step.target().isEmpty() ? name : step.target() + "/" + name);
                }
            }
        }
        FolderDeletion.delete(output);
    }

    private void place(Path staged, String target) throws IOException {
        placed.add(entry(undo.prefix() + UndoFolder.STAGED + "/" + staged.getFileName(), target, true));
    }

    private JournalEntry entry(String from, String to, boolean ours) throws IOException {
        Path file = SafePaths.inside(plan.root(), from);
        long size = Files.size(file);
        return new JournalEntry(from, to, size, Digests.sha256(file, size, control::advance), ours);
    }

    /// Every target is free when its turn comes.
    private void requireFree() throws IOException {
        Set<String> freed = new TreeSet<>();
        Set<String> taken = new TreeSet<>();
        for (JournalEntry entry : entries) {
            Path target = SafePaths.inside(plan.root(), entry.to());
            boolean there = Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !freed.contains(entry.to());
            if (there || !taken.add(entry.to())) {
                throw new OutputException(
                        ProblemCode.REPAIR_REFUSED, Place.of(target), "checkpoints.repair.taken", entry.from());
            }
            freed.add(entry.from());
        }
    }

    private void writeJournal() throws IOException {
        Path temporary = undo.staged().resolve(Journal.FILE_NAME);
        byte[] bytes = new Journal(entries).toJson().getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
        Files.move(temporary, undo.journal());
        FolderSync.syncFolder(undo.path());
    }

    private void rename() throws IOException {
        try {
            for (JournalEntry entry : entries) {
                Renames.move(plan.root(), entry.from(), entry.to());
            }
        } catch (IOException | RuntimeException e) {
            // What is half done is taken back, whether or not anyone asked the job to stop.
            Undo.restore(plan.root(), undo, JobControl.none());
            throw e;
        }
    }
}

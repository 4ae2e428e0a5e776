package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The undoing of repairs, the newest first, also of one that was interrupted: afterwards every file is where it
/// was, and nothing of ours is left.
public final class Undo {
    private Undo() {}

    /// Takes back every repair of a folder.
    ///
    /// @param folder   the folder
    /// @param control receives the number of bytes that are hashed
    /// @return how many repairs were taken back
    /// @throws io.github.cogvideo4j.formats.FormatException when a journal is not one of ours or leads out of
    /// the folder
    /// @throws OutputException when a file is not the one that the repair left; nothing is changed by the step
    /// that meets it
    public static int restore(Path folder, JobControl control) throws IOException {
        int restored = 0;
        for (UndoFolder undo : UndoFolder.all(folder)) {
            control.check();
            if (undo.isPrepared()) {
                restore(folder, undo, control);
                restored++;
            } else {
                undo.remove();
            }
        }
        return restored;
    }

    static void restore(Path root, UndoFolder undo, JobControl control) throws IOException {
        Journal journal = Journal.read(undo.journal(), undo.prefix());
        // All of it is checked before any of it is done.
        int done = doneSteps(root, journal, control);
        for (JournalEntry entry : journal.entries().subList(0, done).reversed()) {
            Renames.move(root, entry.to(), entry.from());
        }
        for (JournalEntry entry : journal.entries()) {
            if (entry.ours()) {
                Files.deleteIfExists(SafePaths.inside(root, entry.from()));
            }
        }
        Files.delete(undo.journal());
        undo.remove();
    }

    /// How many of the renames were done. They were done in order, so the last that shows decides; every one
    /// before it must show too.
    private static int doneSteps(Path root, Journal journal, JobControl control) throws IOException {
        Map<String, JournalEntry> at = new LinkedHashMap<>();
        List<JournalEntry> entries = journal.entries();
        int done = entries.size();
        while (done > 0 && !isDone(root, entries.get(done - 1))) {
            done--;
        }
        for (JournalEntry entry : entries.subList(0, done)) {
            at.remove(entry.from());
            at.put(entry.to(), entry);
        }
        for (Map.Entry<String, JournalEntry> file : at.entrySet()) {
            requireSame(root, file.getKey(), file.getValue(), control);
        }
        for (JournalEntry entry : entries.subList(0, done)) {
            Path origin = SafePaths.inside(root, entry.from());
            if (!at.containsKey(entry.from()) && Files.exists(origin, LinkOption.NOFOLLOW_LINKS)) {
                throw new OutputException(ProblemCode.REPAIR_REFUSED, Place.of(origin), "checkpoints.undo.in-the-way");
            }
        }
        requirePending(root, entries.subList(done, entries.size()), at.keySet(), control);
        return done;
    }

    /// A rename is done when its file is at the target and no longer at its origin, unless a later one brought
    /// another there.
    private static boolean isDone(Path root, JournalEntry entry) throws IOException {
        Path origin = SafePaths.inside(root, entry.from());
        Path target = SafePaths.inside(root, entry.to());
        return !Files.exists(origin, LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && Files.size(target) == entry.size();
    }

    /// Files whose repair was not done yet are in their old place. Only a file of ours may be gone, when an
    /// earlier undoing got as far as to remove it.
    private static void requirePending(Path root, List<JournalEntry> pending, Set<String> occupied, JobControl control)
            throws IOException {
        Set<String> origins = pending.stream().map(JournalEntry::from).collect(Collectors.toSet());
        for (JournalEntry entry : pending) {
            boolean gone = !Files.exists(SafePaths.inside(root, entry.from()), LinkOption.NOFOLLOW_LINKS);
            if (!entry.ours() || !gone) {
                requireSame(root, entry.from(), entry, control);
            }
            Path target = SafePaths.inside(root, entry.to());
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
                    && !origins.contains(entry.to())
                    && !occupied.contains(entry.to())
                    && !(entry.ours() && gone)) {
                throw new OutputException(ProblemCode.REPAIR_REFUSED, Place.of(target), "checkpoints.undo.in-the-way");
            }
        }
    }

    private static void requireSame(Path root, String path, JournalEntry entry, JobControl control) throws IOException {
        Path file = SafePaths.inside(root, path);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                || Files.size(file) != entry.size()
                || !Digests.sha256(file, entry.size(), control::advance).equals(entry.sha256())) {
            throw new OutputException(ProblemCode.REPAIR_REFUSED, Place.of(file), "checkpoints.undo.changed");
        }
    }
}

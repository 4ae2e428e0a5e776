package io.github.cogvideo4j.cluster.internal.run;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/// One thing to make, with every row that asks for it: plain values that travel to other machines.
///
/// @param key     the SHA-256 of what is asked for
/// @param names   the rows that ask for it
/// @param fields  what they say beside the defaults, as JSON
/// @param group   a number for what rows share that need the same things open
/// @param name    what its file is called before the key
/// @param work    how much there is to compute, in units of 10^12 operations
/// @param attempt which try the next one is, counted from 1
public record BatchWork(
        String key, List<RowName> names, String fields, int group, String name, double work, int attempt)
        implements Serializable {
    /// A row by its names.
    ///
    /// @param row the line in the file of rows
    /// @param id  the user's name
    public record RowName(long row, String id) implements Serializable {}

    /// Copies the list.
    public BatchWork {
        names = List.copyOf(names);
    }

    /// With one more row that asks for it.
    BatchWork with(RowName name) {
        List<RowName> all = new ArrayList<>(names);
        all.add(name);
        return new BatchWork(key, all, fields, group, this.name, work, attempt);
    }

    /// As another try.
    BatchWork tried(int number) {
        return new BatchWork(key, names, fields, group, name, work, number);
    }

    /// The first row that asks for it.
    public RowName first() {
        return names.getFirst();
    }

    /// The file that it becomes, without what stands behind the name.
    String file(String folder) {
        return folder + "/" + name + "-" + key.substring(0, 20);
    }
}

package io.github.cogvideo4j.checkpoints.internal.table;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The fit of a file's names with a family, whose table is not known in full: sizes and numbers of blocks may be
/// any.
///
/// @param family  the family
/// @param wrapper what stands before every name
/// @param others  other wrappers under which the family's names exist as well
/// @param names   names without the wrapper by the name that the file has, in the file's order
/// @param extra   names of the file under the wrapper and outside the family's modules
/// @param second  names of the file that belong to another model of the family, or to an optimizer
/// @param outside names of the file that do not have the wrapper
public record FamilyMatch(
        Family family,
        String wrapper,
        List<String> others,
        SequencedMap<String, String> names,
        List<String> extra,
        List<String> second,
        List<String> outside) {
    /// Copies the collections.
    public FamilyMatch {
        others = List.copyOf(others);
        names = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(names));
        extra = List.copyOf(extra);
        second = List.copyOf(second);
        outside = List.copyOf(outside);
    }
}

package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterSettings;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.DiffusersDialect;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;

/// An adapter that has been read, in whatever dialect: what it does, as descriptions.
///
/// @param file     the file, or the checkpoint whose state it lies in
/// @param dialect  what its spelling is called
/// @param component the component that its names say they are of, as diffusers spells it
/// @param modules  what it does to each module, by the name that the file has for it, in the file's order
/// @param settings what it says of itself
/// @param skipped  names of a text encoder's adapter, which are left out
/// @param files    the files that were read, with the identity they had
/// @param warnings  what is worth saying but stops nothing
public record AdapterContent(
        Path file,
        String dialect,
        String component,
        SequencedMap<String, AdaptedModule> modules,
        AdapterSettings settings,
        List<String> skipped,
        Map<Path, FileIdentity> files,
        List<Problem> warnings) {
    /// Copies the collections.
    public AdapterContent {
        modules = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(modules));
        skipped = List.copyOf(skipped);
        files = new TreeMap<>(files);
        warnings = List.copyOf(warnings);
    }

    /// The same with modules under other names.
    public AdapterContent withModules(SequencedMap<String, AdaptedModule> others) {
        return new AdapterContent(file, dialect, component, others, settings, skipped, files, warnings);
    }

    /// The same for a component of a model.
    ///
    /// @param folder the component's folder
    public AdapterContent forComponent(String folder) {
        return new AdapterContent(
                file, dialect, DiffusersDialect.prefixOf(folder), modules, settings, skipped, files, warnings);
    }

    /// The same with more to say, which comes first.
    public AdapterContent withWarnings(List<Problem> more) {
        List<Problem> all = new java.util.ArrayList<>(more);
        all.addAll(warnings);
        return new AdapterContent(file, dialect, component, modules, settings, skipped, files, all);
    }

    /// Whether every module that is multiplied by an alpha has one on record.
    public boolean recordsAlpha() {
        return modules.values().stream()
                .allMatch(module -> !module.usesAlpha() || module.alpha().isPresent());
    }
}

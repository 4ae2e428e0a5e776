package io.github.cogvideo4j.checkpoints.internal.lora.dialect;

import java.util.List;
import java.util.Optional;

/// All dialects, in the order in which a name is tried.
public final class Dialects {
    /// diffusers'.
    public static final Dialect.Writable DIFFUSERS = new DiffusersDialect(DiffusersDialect.TRANSFORMER);
    /// PEFT's.
    public static final Dialect.Writable PEFT = new PeftDialect();
    /// kohya's.
    public static final Dialect.Writable KOHYA = new KohyaDialect();
    /// ComfyUI's.
    public static final Dialect.Writable COMFYUI = new ComfyDialect();

    /// The bare names come last, because they would take any name.
    private static final List<Dialect> ALL =
            List.of(KOHYA, new ProcessorDialect(), COMFYUI, PEFT, DIFFUSERS, new BareDialect());

    private Dialects() {}

    /// A name that was understood.
    ///
    /// @param dialect how it is spelled
    /// @param key     what it means
    public record Reading(Dialect dialect, AdapterKey key) {}

    /// Takes a name apart; empty when it is no name of an adapter.
    public static Optional<Reading> read(String name) {
        for (Dialect dialect : ALL) {
            Optional<AdapterKey> key = dialect.read(name);
            if (key.isPresent()) {
                return Optional.of(new Reading(dialect, key.get()));
            }
        }
        return Optional.empty();
    }

    /// diffusers' words for an adapter of a component.
    ///
    /// @param folder the component's folder
    public static Dialect.Writable diffusers(String folder) {
        return new DiffusersDialect(DiffusersDialect.prefixOf(folder));
    }

    /// The component that a file's names say they are of, in diffusers' dialect.
    public static Optional<String> componentOf(String name) {
        return DiffusersDialect.componentOf(name);
    }

    /// Folders of components that adapters are trained for.
    public static List<String> components() {
        return DiffusersDialect.COMPONENTS;
    }

    /// Whether a name belongs to a text encoder's adapter, which has no place in a diffusion model.
    public static boolean isTextEncoder(String name) {
        return name.startsWith("text_encoder") || name.startsWith("lora_te");
    }
}

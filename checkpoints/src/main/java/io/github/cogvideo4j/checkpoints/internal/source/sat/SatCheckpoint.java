package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A state dict of SAT under the names that diffusers has, whatever container it was read from.
///
/// A SAT training saves one file for everything: the transformer (`model.diffusion_model.`) and, after a full
/// fine-tuning, the autoencoder (`first_stage_model.`) and the text encoder (`conditioner.`). Each becomes a
/// checkpoint of its own.
final class SatCheckpoint {
    private static final List<String> MODULES =
            List.of("transformer.", "mixins.", "time_embed.", "ofs_embed.", "label_emb.");
    private static final String PATCHES = "mixins.patch_embed.proj.weight";

    private final Checkpoint raw;
    private final Place place;
    private final Map<SatPart, List<StateEntry>> parts;
    private final Warnings warnings = new Warnings();

    private SatCheckpoint(Checkpoint raw) {
        this.raw = raw;
        this.place = Place.of(raw.folder());
        this.parts = parts(raw.entries());
    }

    /// Whether the keys of a state dict are SAT's.
    static boolean recognises(Collection<String> names) {
        // ComfyUI puts the same prefix before diffusers' names.
        List<String> diffusion = names.stream()
                .filter(name -> name.startsWith(SatPart.DIFFUSION))
                .toList();
        if (!diffusion.isEmpty()) {
            return diffusion.stream().anyMatch(SatCheckpoint::isSatModule);
        }
        return names.stream().anyMatch(name -> SatPart.of(name) != SatPart.OTHER) || SatVae.recognises(names);
    }

    private static boolean isSatModule(String name) {
        return MODULES.stream().anyMatch(module -> name.startsWith(module, SatPart.DIFFUSION.length()));
    }

    /// The main part under diffusers' names: an adapter where there is one, else the transformer, else the
    /// autoencoder, else the text encoder.
    ///
    /// @param raw a checkpoint with SAT's keys
    /// @throws InvalidCheckpointException `missing-tensor`, `extra-tensor` or `shape-mismatch` when the tensors
    /// are not those of a CogVideoX model
    static Checkpoint plan(Checkpoint raw) {
        SatCheckpoint sat = new SatCheckpoint(raw);
        SatPart main = List.of(SatPart.ADAPTER, SatPart.TRANSFORMER, SatPart.VAE, SatPart.TEXT_ENCODER).stream()
                .filter(sat.parts::containsKey)
                .findFirst()
                .orElseThrow(() -> sat.absent(SatPart.TRANSFORMER));
        sat.tellOthers(main);
        return sat.plan(main);
    }

    /// One part under diffusers' names.
    ///
    /// @throws InvalidCheckpointException `missing-tensor` when the checkpoint does not have it, and as
    /// [#plan(Checkpoint)]
    static Checkpoint plan(Checkpoint raw, SatPart part) {
        return new SatCheckpoint(raw).plan(part);
    }

    private static Map<SatPart, List<StateEntry>> parts(List<StateEntry> entries) {
        List<String> names = entries.stream().map(StateEntry::name).toList();
        boolean wholeState = names.stream().anyMatch(name -> SatPart.of(name) != SatPart.OTHER);
        if (!wholeState) {
            return Map.of(SatPart.VAE, entries);
        }
        Map<SatPart, List<StateEntry>> parts = new EnumMap<>(SatPart.class);
        for (StateEntry entry : entries) {
            SatPart part = SatPart.of(entry.name());
            parts.computeIfAbsent(part, _ -> new ArrayList<>())
                    .add(entry.withName(entry.name().substring(part.prefix().length())));
        }
        return parts;
    }

    private Checkpoint plan(SatPart part) {
        List<StateEntry> entries = Optional.ofNullable(parts.get(part)).orElseThrow(() -> absent(part));
        List<StateEntry> renamed = switch (part) {
            case TRANSFORMER -> transformer(entries);
            case ADAPTER -> adapter(entries);
            case VAE -> new SatVae().toDiffusers(without(entries, name -> name.startsWith(SatVae.LOSS)), place);
            case TEXT_ENCODER -> new SatTextEncoder().toDiffusers(entries, place);
            case OTHER -> throw absent(part);
        };
        warnings.report(
                ProblemCode.CHOICE, place, "checkpoints.sat.recognised." + part.id(), entries.size(), renamed.size());
        raw.warnings().forEach(warnings::report);
        return new Checkpoint(
                CheckpointKind.SAT,
                raw.folder(),
                raw.options(),
                renamed,
                training(),
                raw.files(),
                warnings.all(),
                traits(part, entries),
                raw.adapters());
    }

    /// SAT keeps weights in the dtype that they were trained in, unless they come from ZeRO's fp32 copies.
    private Checkpoint.Traits traits(SatPart part, List<StateEntry> entries) {
        return new Checkpoint.Traits(
                part == SatPart.TRANSFORMER ? positions(entries) : Map.of(),
                training().zeroStage().isEmpty(),
                part == SatPart.ADAPTER,
                true);
    }

    /// The `module` says nothing of how its training was partitioned.
    private TrainingState training() {
        TrainingState known = raw.training();
        return raw.kind() == CheckpointKind.DEEPSPEED_ZERO
                ? known
                : new TrainingState(
                        known.step(), OptionalInt.empty(), OptionalInt.empty(), known.tag(), known.versions());
    }

    /// Whether positions are rotary, where tables beside the weights tell.
    private static Map<String, Boolean> positions(List<StateEntry> entries) {
        String field = "use_rotary_positional_embeddings";
        if (entries.stream().anyMatch(entry -> entry.name().contains("pos_embed.freqs_"))) {
            return Map.of(field, true);
        }
        // Patches in time came with rotary positions only.
        boolean flat = entries.stream()
                .anyMatch(entry ->
                        entry.name().equals(PATCHES) && entry.tensor().shape().rank() == 4);
        boolean added = flat && entries.stream().anyMatch(entry -> entry.name().equals(SatTransformer.POSITION_TABLE));
        return added && !hasLearnedPositions(entries) ? Map.of(field, false) : Map.of();
    }

    private List<StateEntry> transformer(List<StateEntry> entries) {
        boolean learned = hasLearnedPositions(entries);
        List<StateEntry> kept = without(
                entries,
                name -> SatTransformer.isComputed(name) || (name.equals(SatTransformer.POSITION_TABLE) && !learned));
        // Without the frozen parameters, tensors are missing on purpose.
        if (!raw.options().excludeFrozen()) {
            SatTransformer.NAMES.requireWholeLayers(kept, place);
        }
        return SatTransformer.NAMES.toDiffusers(kept, place);
    }

    /// The table is learned only in CogVideoX-5B-I2V: flat patches, and twice as many channels going in as
    /// coming out. Elsewhere it holds what diffusers computes.
    private static boolean hasLearnedPositions(List<StateEntry> entries) {
        Map<String, Shape> shapes = entries.stream()
                .collect(Collectors.toMap(
                        StateEntry::name, entry -> entry.tensor().shape(), (first, _) -> first));
        Shape in = shapes.getOrDefault(PATCHES, Shape.of());
        Shape out = shapes.getOrDefault("mixins.final_layer.linear.weight", Shape.of());
        return in.rank() == 4 && out.rank() == 2 && in.size(1) * in.size(2) * in.size(3) == 2 * out.size(0);
    }

    private List<StateEntry> adapter(List<StateEntry> entries) {
        SatAdapter.requireMatrices(entries, place);
        List<StateEntry> renamed = SatTransformer.ADAPTER_NAMES.toDiffusers(entries, place);
        SatAdapter.requireWhole(renamed, place);
        return renamed;
    }

    /// Leaves tensors out and says so.
    private List<StateEntry> without(List<StateEntry> entries, Predicate<String> dropped) {
        List<String> names =
                entries.stream().map(StateEntry::name).filter(dropped).toList();
        if (names.isEmpty()) {
            return entries;
        }
        warnings.report(ProblemCode.ASSUMED, place, "checkpoints.sat.dropped", names.size(), Message.first(names));
        return entries.stream().filter(entry -> !dropped.test(entry.name())).toList();
    }

    /// What else the file holds.
    private void tellOthers(SatPart main) {
        parts.forEach((part, entries) -> {
            if (part != main) {
                Problem beside = Problem.of(
                        ProblemCode.CHOICE,
                        place,
                        part == SatPart.TRANSFORMER
                                ? "checkpoints.sat.beside.base"
                                : "checkpoints.sat.beside." + part.id(),
                        entries.size(),
                        part.prefix() + entries.getFirst().name());
                warnings.report(
                        part == SatPart.TEXT_ENCODER ? beside.with(Remedy.change(Remedy.Field.TEXT_ENCODER)) : beside);
            }
        });
    }

    private InvalidCheckpointException absent(SatPart part) {
        return new InvalidCheckpointException(
                ProblemCode.MISSING_TENSOR,
                place,
                "checkpoints.location.part-absent",
                part.id(),
                parts.keySet().stream().map(SatPart::id).toList());
    }
}

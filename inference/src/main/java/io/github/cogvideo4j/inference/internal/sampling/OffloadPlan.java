package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan.Choice;
import io.github.cogvideo4j.inference.generation.MemoryPlan.StageMemory;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.weights.Weights.DeviceBytes;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What a generation needs on a device with memory of its own, by which weights stay there: sizes in, a plan out.
///
/// @param text        the text encoder's weights; none where the prompts are encoded already
/// @param transformer the transformer's
/// @param vae         the autoencoder's
/// @param gathered    the bytes of weights that the machine's memory holds because they do not lie in one piece
/// @param small       the bytes of the transformer's weights in a small format, which the machine's memory holds
///                    where weights come and go
/// @param available   what the device has to give, when it says so
record OffloadPlan(
        DeviceBytes text, DeviceBytes transformer, DeviceBytes vae, long gathered, long small, OptionalLong available) {
    /// From fast to slow.
    private static final List<Offload> MODES = List.of(Offload.NONE, Offload.MODEL, Offload.STREAM);

    /// A stage with what it needs beside weights.
    ///
    /// @param stage the stage
    /// @param part  whose weights it computes with
    /// @param bytes activations, and what libraries take
    record Need(Stage stage, OffloadPart part, long bytes) {}

    /// The parts of a model that have weights.
    enum OffloadPart {
        TEXT_ENCODER,
        TRANSFORMER,
        VAE
    }

    /// The plan of a mode.
    MemoryPlan plan(Offload asked, List<Need> needs) {
        List<Choice> choices = MODES.stream().map(mode -> choice(mode, needs)).toList();
        Offload mode = asked == Offload.AUTO ? fastest(choices) : asked;
        return new MemoryPlan(stages(mode, needs), available, mode != Offload.NONE, mode, choices);
    }

    private static Offload fastest(List<Choice> choices) {
        return choices.stream()
                .filter(Choice::fits)
                .findFirst()
                .orElseGet(choices::getLast)
                .offload();
    }

    private Choice choice(Offload mode, List<Need> needs) {
        long peak = stages(mode, needs).stream()
                .mapToLong(StageMemory::neededBytes)
                .max()
                .orElseThrow();
        return new Choice(mode, peak, hostBytes(mode), available.isEmpty() || peak <= available.getAsLong());
    }

    private List<StageMemory> stages(Offload mode, List<Need> needs) {
        return needs.stream()
                .map(need -> {
                    long there = there(mode, need.part());
                    return new StageMemory(
                            need.stage(),
                            Math.addExact(need.bytes(), there),
                            mode == Offload.STREAM ? of(need.part()).all() - there(mode, need.part()) : 0);
                })
                .toList();
    }

    /// The weights that are on the device while a part computes.
    private long there(Offload mode, OffloadPart part) {
        DeviceBytes bytes = of(part);
        return switch (mode) {
            case AUTO, NONE -> text.all() + transformer.all() + vae.all();
            case MODEL -> bytes.all();
            case STREAM -> part == OffloadPart.VAE ? bytes.all() : bytes.streamed();
        };
    }

    /// What the machine's memory holds besides mapped files.
    private long hostBytes(Offload mode) {
        return switch (mode) {
            case AUTO, NONE -> gathered;
            case MODEL -> gathered + small;
            case STREAM ->
                gathered
                        + small
                        + CopyLane.PLACES
                                * Stream.of(text, transformer)
                                        .mapToLong(DeviceBytes::largest)
                                        .max()
                                        .orElse(0);
        };
    }

    private DeviceBytes of(OffloadPart part) {
        return switch (part) {
            case TEXT_ENCODER -> text;
            case TRANSFORMER -> transformer;
            case VAE -> vae;
        };
    }
}

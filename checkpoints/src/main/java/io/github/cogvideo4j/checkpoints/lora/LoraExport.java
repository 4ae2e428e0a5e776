package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterFile;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWarnings;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWriter;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// The export of an adapter out of a training, in whatever dialect it is there, under the names by which
/// diffusers loads it.
///
/// Where a training's state is there, its fp32 master copies are taken. Under ZeRO-3 CogVideo's trainer leaves
/// empty matrices in its own `pytorch_lora_weights.safetensors`, as its hook does not gather what the ranks
/// hold; the state beside it has them.
public final class LoraExport {
    private LoraExport() {}

    /// What is to be exported.
    ///
    /// @param source  a training checkpoint of a LoRA, a run, weights with the adapter still inside, or an
    ///                adapter's file in any dialect
    /// @param options how to choose among states
    /// @param base    the model that it is for, whose names it gets; without it the model in the training's
    ///                state, or CogVideoX's own names
    /// @param alpha   the alpha of the training, to be recorded
    public record Request(Path source, SourceOptions options, Optional<LoraTarget.Model> base, OptionalDouble alpha) {}

    /// What was written.
    ///
    /// @param file    the adapter's file
    /// @param adapter what it holds
    /// @param bytes   the file's size
    /// @param warnings what is worth saying
    public record Result(Path file, LoraAdapter adapter, long bytes, List<Problem> warnings) {
        /// Copies the list.
        public Result {
            warnings = List.copyOf(warnings);
        }
    }

    /// Exports.
    ///
    /// @param request   what
    /// @param output    a folder, or a file that ends in `.safetensors`
    /// @param overwrite whether an adapter that is there may be replaced
    /// @throws InvalidCheckpointException `not-weights` when there is no adapter inside, `extra-tensor` when
    ///     names would be written that bind nothing
    public static Result export(Request request, Path output, boolean overwrite) throws IOException {
        Path target = AdapterFile.target(output, WeightFileName.ADAPTER, List.of(request.source()), overwrite);
        AdapterSource source = AdapterSource.openMasters(request.source(), request.options());
        Warnings warnings = new Warnings();
        source.content().warnings().forEach(warnings::report);
        AdapterContent adapter = LoraTarget.named(source, request.base(), warnings);
        AdapterWarnings.tellAlpha(adapter, request.alpha(), warnings);
        long bytes = new AdapterWriter(adapter, Dialects.diffusers(adapter.component()), request.alpha())
                .write(target, AdapterMetadata.header(adapter, request.alpha()), Map.of());
        LoraAdapter written = LoraAdapter.open(target);
        written.valueProblems().forEach(warnings::report);
        return new Result(target, written, bytes, warnings.all());
    }
}

package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.OutputException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterFile;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterProof;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterReader;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWarnings;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterWriter;
import io.github.cogvideo4j.checkpoints.internal.lora.PeftConfiguration;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialect;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/// The conversion of an adapter to another dialect, with the proof that what it does is the same.
public final class LoraConversion {
    private static final String PEFT_WEIGHTS = "adapter_model.safetensors";
    private static final String PEFT_CONFIGURATION = "adapter_config.json";

    private LoraConversion() {}

    /// What is to be converted.
    ///
    /// @param source the adapter: all that [LoraAdapter#open(Path)] takes
    /// @param to     the dialect that is wanted
    /// @param base   the model that it is for, whose names it gets; without it CogVideoX's own
    /// @param alpha  the alpha of the training, where the adapter does not record it
    public record Request(Path source, LoraDialect to, Optional<LoraTarget.Model> base, OptionalDouble alpha) {}

    /// What was written.
    ///
    /// @param file    the adapter's file
    /// @param adapter what it holds
    /// @param bytes   the file's size
    /// @param exact   whether every module is changed as before to the bit; else only the factor of its product
    ///                was rounded to fp32, because alpha had to be folded together with the rank's square root
    /// @param warnings what is worth saying
    public record Result(Path file, LoraAdapter adapter, long bytes, boolean exact, List<Problem> warnings) {
        /// Copies the list.
        public Result {
            warnings = List.copyOf(warnings);
        }
    }

    /// Converts, reads again what was written, and removes it if it did not do the same.
    ///
    /// @param request   what
    /// @param output    a folder, or a file that ends in `.safetensors`; PEFT's is a folder
    /// @param overwrite whether an adapter that is there may be replaced
    /// @throws InvalidCheckpointException `extra-tensor` when its names are no known model's,
    ///     `unsupported-tensor` when the dialect has no words for a part
    public static Result convert(Request request, Path output, boolean overwrite) throws IOException {
        boolean peft = request.to() == LoraDialect.PEFT;
        Path target = AdapterFile.target(output, fileName(request.to()), List.of(request.source()), overwrite);
        if (peft) {
            requireFolder(output, target, overwrite);
        }
        AdapterSource source = AdapterSource.open(request.source(), SourceOptions.defaults());
        Warnings warnings = new Warnings();
        source.content().warnings().forEach(warnings::report);
        AdapterContent adapter = LoraTarget.named(source, request.base(), warnings);
        AdapterWarnings.tellAlpha(adapter, request.alpha(), warnings);
        Map<String, String> header = request.to() == LoraDialect.DIFFUSERS
                ? AdapterMetadata.header(adapter, request.alpha())
                : AdapterMetadata.plainHeader();
        Map<String, String> beside =
                peft ? Map.of(PEFT_CONFIGURATION, PeftConfiguration.of(adapter, request.alpha())) : Map.of();
        AdapterWriter writer = new AdapterWriter(adapter, request.to().dialect(adapter.component()), request.alpha());
        long bytes = writer.write(target, header, beside);
        boolean exact = prove(adapter, request.alpha(), target);
        return new Result(target, LoraAdapter.open(target), bytes, exact, warnings.all());
    }

    private static boolean prove(AdapterContent adapter, OptionalDouble alpha, Path written) throws IOException {
        try {
            return AdapterProof.require(adapter, alpha, AdapterReader.read(written));
        } catch (InvalidCheckpointException e) {
            Files.delete(written);
            throw e;
        }
    }

    private static String fileName(LoraDialect dialect) {
        return switch (dialect) {
            case DIFFUSERS -> WeightFileName.ADAPTER;
            case PEFT -> PEFT_WEIGHTS;
            case KOHYA, COMFYUI -> "adapter.safetensors";
        };
    }

    /// PEFT knows its files by their names only.
    private static void requireFolder(Path output, Path target, boolean overwrite) throws IOException {
        if (!String.valueOf(target.getFileName()).equals(PEFT_WEIGHTS)) {
            throw new OutputException(
                    ProblemCode.OUTPUT_REFUSED, Place.of(output), "checkpoints.lora.peft-folder", PEFT_WEIGHTS);
        }
        if (Files.exists(target.resolveSibling(PEFT_CONFIGURATION)) && !overwrite) {
            throw AdapterFile.exists(target.resolveSibling(PEFT_CONFIGURATION));
        }
    }

    /// A spelling in which adapters can be written.
    public enum LoraDialect {
        /// `pytorch_lora_weights.safetensors`, with alpha in its header.
        DIFFUSERS,
        /// PEFT's folder: `adapter_model.safetensors` and `adapter_config.json`.
        PEFT,
        /// kohya's names, dots as underscores, an alpha beside each pair.
        KOHYA,
        /// ComfyUI's `diffusion_model.` names, an alpha beside each pair.
        COMFYUI;

        /// The spelling for a component's adapter; only diffusers distinguishes components.
        Dialect.Writable dialect(String component) {
            return switch (this) {
                case DIFFUSERS -> Dialects.diffusers(component);
                case PEFT -> Dialects.PEFT;
                case KOHYA -> Dialects.KOHYA;
                case COMFYUI -> Dialects.COMFYUI;
            };
        }

        /// The word of the command line.
        @Override
        public String toString() {
            return dialect("").id();
        }
    }
}

package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterBinding;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterValues;
import io.github.cogvideo4j.checkpoints.internal.lora.FittingModels;
import io.github.cogvideo4j.checkpoints.internal.lora.ModelNames;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Delta;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SequencedMap;

/// An adapter that has been opened, in whatever dialect it is written: what it does to each module of a model,
/// as descriptions. Nothing is read but headers and the few bytes of recorded alphas.
public final class LoraAdapter {
    private final AdapterContent content;

    LoraAdapter(AdapterContent content) {
        this.content = content;
    }

    /// Opens an adapter.
    ///
    /// @param path the file; a folder that holds one, whatever it is called; a training run, whose newest is
    ///             taken; or the state of a training that holds one
    /// @throws io.github.cogvideo4j.formats.FormatException when the file is damaged
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when it is no adapter, or not a
    ///     whole one: `not-weights` (no adapter at all, or its matrices are empty), `missing-tensor`,
    ///     `extra-tensor`, `shape-mismatch`, `duplicate-weights`, `unsupported-tensor`, `lora-alpha`,
    ///     `ambiguous-weights` (several files, and nothing says which is meant)
    public static LoraAdapter open(Path path) throws IOException {
        return new LoraAdapter(
                AdapterSource.open(path, SourceOptions.defaults()).content());
    }

    /// Opens the most exact copy of an adapter: the fp32 masters of a training's state go before the file that the
    /// trainer saved beside it.
    ///
    /// @param path as of [#open(Path)]
    public static LoraAdapter openMasters(Path path) throws IOException {
        return new LoraAdapter(
                AdapterSource.openMasters(path, SourceOptions.defaults()).content());
    }

    AdapterContent content() {
        return content;
    }

    /// The file, or the folder of the state.
    public Path file() {
        return content.file();
    }

    /// Whose spelling it has: `diffusers`, `peft`, `kohya`, `comfyui`, `diffusers-processor`, `bare`.
    public String dialect() {
        return content.dialect();
    }

    /// What it does to each module, in the file's order.
    public List<LoraLayer> layers() {
        return content.modules().values().stream().map(LoraAdapter::layer).toList();
    }

    /// Names of a text encoder's adapter in the same file, which are left out.
    public List<String> skipped() {
        return content.skipped();
    }

    /// What is worth saying but stops nothing.
    public List<Problem> warnings() {
        return content.warnings();
    }

    /// The model that it was trained on, as far as its metadata tell.
    public Optional<String> baseModel() {
        return content.settings().baseModel();
    }

    /// Whether an alpha is recorded for every module that needs one.
    public boolean recordsAlpha() {
        return content.recordsAlpha();
    }

    /// The bytes of all its tensors.
    public long byteLength() {
        return content.modules().values().stream()
                .flatMap(AdaptedModule::tensors)
                .mapToLong(StoredTensor::byteLength)
                .sum();
    }

    /// NaN and infinite values, which would spoil every weight they are fused into. Reads all values.
    public List<Problem> valueProblems() throws IOException {
        return AdapterValues.problems(content);
    }

    /// The Frobenius norms of what is added to the weights, by module, at scale 1 and with the recorded alpha.
    /// Modules that add nothing by themselves (replaced weights, DoRA's lengths) are absent. Reads all values.
    ///
    /// @param threads how many at once
    public SequencedMap<String, Double> norms(int threads) throws IOException {
        return AdapterValues.norms(content, threads);
    }

    /// The adapted modules, those of all blocks under one name.
    public List<String> targets() {
        return FittingModels.targets(content);
    }

    /// The published CogVideoX models that have every adapted tensor in the size that the adapter fits. Models
    /// of one width differ only around their blocks, so that an adapter of attention layers fits several.
    public List<String> fitting() {
        return FittingModels.of(content);
    }

    /// Finds the adapter's names among a model's, as far as they are there.
    public LoraBinding bind(Checkpoint model) {
        AdapterBinding binding = AdapterBinding.of(content, ModelNames.of(model));
        return new LoraBinding(binding.modules(), binding.bound(), binding.unbound());
    }

    private static LoraLayer layer(AdaptedModule module) {
        List<String> kinds = new ArrayList<>();
        module.weight().forEach(change -> kinds.add(change.delta().kind()));
        module.bias().forEach(change -> kinds.add("bias:" + change.delta().kind()));
        Delta first = (module.weight().isEmpty() ? module.bias() : module.weight())
                .getFirst()
                .delta();
        return new LoraLayer(
                module.name(),
                kinds,
                first.shape(),
                module.rank(),
                module.alpha(),
                module.factor(1, OptionalDouble.empty()),
                first.tensors().getFirst().dtype());
    }

    /// How much of an adapter a model has a place for.
    ///
    /// @param modules how many modules the adapter adapts
    /// @param bound   how many of them the model has
    /// @param unbound those that it does not have, as the file names them
    public record LoraBinding(int modules, int bound, List<String> unbound) {
        /// Copies the list.
        public LoraBinding {
            unbound = List.copyOf(unbound);
        }
    }

    /// What an adapter does to one module of a model, as it is shown.
    ///
    /// @param module the adapted module: as the model names it once the adapter is bound to one, else as the file
    ///               does
    /// @param kinds  what is done: `lora`, `loha`, `lokr`, `dora`, `difference`, `replaced`, and the same with
    ///               `bias:` before it for what is done to the bias
    /// @param shape  the sizes of the weight that it was made for, as far as they show; of the bias where only
    ///               that is changed
    /// @param rank   the rank, as far as there is one
    /// @param alpha  the alpha that the adapter records for it
    /// @param factor what its product is multiplied by at scale 1: alpha over rank, or 1 where no alpha is known
    /// @param dtype  the type of its stored elements
    public record LoraLayer(
            String module,
            List<String> kinds,
            Shape shape,
            OptionalInt rank,
            OptionalDouble alpha,
            double factor,
            DType dtype) {
        /// Copies the list.
        public LoraLayer {
            kinds = List.copyOf(kinds);
        }
    }
}

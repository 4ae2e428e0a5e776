package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.safetensors.TensorSpec;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// Takes the adapter out of a training checkpoint: the fp32 master copies of its matrices, under the names by
/// which diffusers loads them.
///
/// Under ZeRO-3 the trainer's own `pytorch_lora_weights.safetensors` holds empty matrices, as its hook does
/// not gather what the ranks hold; the matrices are in the training state beside it.
public final class LoraExport {
    private static final String PREFIX = "transformer.";

    private LoraExport() {}

    /// What was written.
    ///
    /// @param file    the adapter's file
    /// @param adapter what was found
    /// @param bytes   the file's size
    /// @param remarks what is worth saying
    public record Result(Path file, LoraAdapter adapter, long bytes, List<Problem> remarks) {
        /// Copies the list.
        public Result {
            remarks = List.copyOf(remarks);
        }
    }

    /// Exports.
    ///
    /// @param checkpoint a training checkpoint of a LoRA: DeepSpeed's state, weights with the adapter still
    ///                   inside, or the trainer's adapter file
    /// @param options    how to choose among states
    /// @param output     a folder, or a file that ends in `.safetensors`
    /// @param alpha      the alpha of the training, to be recorded
    /// @param overwrite  whether an adapter that is there may be replaced
    /// @throws InvalidCheckpointException `not-weights` when there is no adapter inside
    public static Result export(
            Path checkpoint, SourceOptions options, Path output, OptionalDouble alpha, boolean overwrite)
            throws IOException {
        Path target = AdapterFile.target(output, List.of(checkpoint), overwrite);
        LoraAdapter adapter = find(checkpoint, options);
        Problems remarks = new Problems();
        adapter.remarks().forEach(remarks::report);
        AlphaRemarks.tell(new AppliedAdapter(adapter, 1, alpha), remarks);
        SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
        SequencedMap<String, LoraConfigJson.Strength> strengths = new LinkedHashMap<>();
        for (LoraLayer layer : adapter.layers().values()) {
            tensors.put(PREFIX + layer.module() + ".lora_A.weight", layer.a());
            tensors.put(PREFIX + layer.module() + ".lora_B.weight", layer.b());
            OptionalDouble known = alpha.isPresent() ? alpha : layer.alpha();
            known.ifPresent(value -> strengths.put(layer.module(), new LoraConfigJson.Strength(layer.rank(), value)));
        }
        boolean complete = strengths.size() == adapter.layers().size();
        Map<String, String> metadata = complete ? LoraConfigJson.metadata(strengths) : Map.of("format", "pt");
        List<TensorSpec> specs = tensors.entrySet().stream()
                .map(entry -> TensorSpec.of(entry.getValue().withName(entry.getKey())))
                .toList();
        try (FileStorageReader reader = new FileStorageReader();
                AdapterFile file = AdapterFile.create(target, specs, metadata)) {
            for (Map.Entry<String, StoredTensor> entry : tensors.entrySet()) {
                long[] position = {0};
                reader.read(entry.getValue(), bytes -> {
                    int length = bytes.remaining();
                    file.write(entry.getKey(), position[0], bytes);
                    position[0] += length;
                });
            }
            reader.verifyChecksums();
            SourceFiles.requireUnchanged(adapter.files());
            file.publish();
            LoraValues.problems(LoraAdapter.open(target)).forEach(remarks::report);
            return new Result(target, adapter, file.size(), remarks.all());
        }
    }

    /// The adapter in a checkpoint. The training state goes before the file that the trainer saved beside it:
    /// it has the same matrices in fp32, and they are whole.
    private static LoraAdapter find(Path path, SourceOptions options) throws IOException {
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoints.open(path, options);
        } catch (InvalidCheckpointException e) {
            if (e.problem().code() == ProblemCode.NOT_A_CHECKPOINT
                    && Files.isRegularFile(path.resolve(WeightFileName.ADAPTER))) {
                return LoraAdapter.open(path);
            }
            throw e;
        }
        return LoraAdapterReader.among(checkpoint.folder(), factors(checkpoint.entries(), path), checkpoint.files());
    }

    private static List<StoredTensor> factors(List<StateEntry> entries, Path path) {
        List<StoredTensor> factors = new ArrayList<>();
        for (StateEntry entry : entries) {
            if (LoraKey.parse(entry.name()).isPresent()) {
                factors.add(entry.tensor());
            }
        }
        if (factors.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, Place.of(path), "checkpoints.lora.none-in-state", entries.size());
        }
        return factors;
    }
}

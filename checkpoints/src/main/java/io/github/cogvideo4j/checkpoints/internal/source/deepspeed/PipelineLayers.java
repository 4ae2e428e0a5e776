package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.FolderListing;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.StateDict;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The planner of the state dict of a folder of DeepSpeed's pipeline engine: `layer_XX-model_states.pt` holds the
/// state dict of the pipeline's XXth layer, under the layer's own names. diffusion-pipe wraps each transformer
/// block in a layer that calls it `block`, so the number of the block is its place among those layers.
///
/// Source: DeepSpeed 0.19.6, `runtime/pipe/module.py`; diffusion-pipe, `models/base.py`.
public final class PipelineLayers {
    private static final Pattern NAME = Pattern.compile("layer_(\\d{2,6})-model_states\\.pt");
    private static final String BLOCK = "block.";
    private static final String BLOCKS = "transformer_blocks.";

    private final Path folder;
    private final SourceOptions options;
    private final SourceFiles opened = new SourceFiles();
    private final Warnings warnings = new Warnings();

    private PipelineLayers(Path folder, SourceOptions options) {
        this.folder = folder;
        this.options = options;
    }

    /// Whether a folder holds such files.
    public static boolean isStateFolder(Path folder) throws IOException {
        return FolderListing.has(
                folder,
                "layer_*-model_states.pt",
                file -> NAME.matcher(String.valueOf(file.getFileName())).matches());
    }

    /// Reads every layer's pickle and plans the state dict in the order of the layers.
    ///
    /// @param folder  the folder with the layers' files
    /// @param options how to choose
    /// @throws InvalidCheckpointException `missing-shard` when a layer's file is missing, `not-a-checkpoint` when
    ///     the layers hold an adapter only
    public static Checkpoint plan(Path folder, SourceOptions options) throws IOException {
        return new PipelineLayers(folder, options).plan();
    }

    private Checkpoint plan() throws IOException {
        List<StateEntry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        int blocks = 0;
        boolean block = false;
        SortedMap<Integer, Path> layers = layers();
        for (Path file : layers.values()) {
            PickleValue root = TorchFile.open(opened.note(file), warnings).root();
            PickleValue.Dict dict = root.asDict()
                    .orElseThrow(() -> new InvalidCheckpointException(
                            ProblemCode.NOT_WEIGHTS, Place.of(file), "checkpoints.plain.not-a-state-dict", root));
            block = dict.textEntries().keySet().stream().anyMatch(name -> name.startsWith(BLOCK));
            for (StoredTensor tensor : StateDict.tensors(file, dict)) {
                String name = tensor.name().startsWith(BLOCK)
                        ? BLOCKS + blocks + "." + tensor.name().substring(BLOCK.length())
                        : tensor.name();
                if (!names.add(name)) {
                    throw new InvalidCheckpointException(
                            ProblemCode.MIXED_CHECKPOINTS,
                            Place.of(file).tensor(name),
                            "checkpoints.plain.tensor-twice",
                            name);
                }
                entries.add(new StateEntry(tensor.withName(name), Role.PARAMETER));
            }
            blocks += block ? 1 : 0;
        }
        if (entries.isEmpty() || names.stream().allMatch(name -> name.contains(".lora_"))) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_A_CHECKPOINT, Place.of(folder), "checkpoints.pipeline.adapter-only");
        }
        // What turns the last block's output into latents is a layer of its own.
        if (block) {
            throw missing(layers.size(), layers.size());
        }
        warnings.report(
                ProblemCode.CHOICE, Place.of(folder), "checkpoints.pipeline.layers", layers.size(), blocks, BLOCKS);
        return new Checkpoint(
                CheckpointKind.PIPELINE_LAYERS,
                folder,
                options,
                entries,
                TrainingState.unknown(),
                opened.identities(),
                warnings.all());
    }

    /// The files by layer. One that is missing in between would give the blocks behind it wrong numbers.
    private SortedMap<Integer, Path> layers() throws IOException {
        SortedMap<Integer, Path> layers = new TreeMap<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "layer_*-model_states.pt")) {
            for (Path file : files) {
                Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    layers.put(Integer.parseInt(name.group(1)), file);
                }
            }
        }
        int expected = 0;
        for (Map.Entry<Integer, Path> layer : layers.entrySet()) {
            if (layer.getKey() != expected) {
                throw missing(expected, layers.size());
            }
            expected++;
        }
        return layers;
    }

    private InvalidCheckpointException missing(int layer, int present) {
        return new InvalidCheckpointException(
                ProblemCode.MISSING_SHARD,
                Place.of(folder),
                "checkpoints.pipeline.missing-layer",
                "layer_%02d-model_states.pt".formatted(layer),
                present);
    }
}

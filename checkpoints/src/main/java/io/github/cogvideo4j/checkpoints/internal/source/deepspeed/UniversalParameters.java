package io.github.cogvideo4j.checkpoints.internal.source.deepspeed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.internal.container.PlainFileName;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.internal.torch.TorchFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The trained parameters of a universal checkpoint: `zero/NAME/fp32.pt` for each, beside the optimizer's
/// `exp_avg.pt` and `exp_avg_sq.pt`, which are not read.
///
/// A file holds a map with the tensor under `param` (made from stages 1 and 2) or the bare tensor (from stage
/// 3, where it is flat, so that only `param_shapes` knows its shape, and may end in the padding of the last
/// rank).
///
/// Source: DeepSpeed 0.19.6, `checkpoint/ds_to_universal.py`.
final class UniversalParameters {
    private static final String FOLDER = "zero";
    private static final String MASTER = "fp32.pt";

    private final Path folder;
    private final int worldSize;
    private final SourceFiles opened;
    private final Warnings warnings;

    private UniversalParameters(Path folder, int worldSize, SourceFiles opened, Warnings warnings) {
        this.folder = folder;
        this.worldSize = worldSize;
        this.opened = opened;
        this.warnings = warnings;
    }

    /// Whether a state folder is that of a universal checkpoint.
    static boolean in(Path stateFolder) {
        return Files.isDirectory(stateFolder.resolve(FOLDER));
    }

    /// Opens the file of every parameter.
    ///
    /// @param stateFolder the folder with `zero/`
    /// @param groups      names and shapes by parameter group
    /// @param worldSize   the ranks that it was made from
    /// @param opened      takes the files
    /// @param warnings     takes what is odd but stops nothing
    static List<StateEntry> read(
            Path stateFolder,
            List<SequencedMap<String, Shape>> groups,
            int worldSize,
            SourceFiles opened,
            Warnings warnings)
            throws IOException {
        UniversalParameters parameters =
                new UniversalParameters(stateFolder.resolve(FOLDER), worldSize, opened, warnings);
        List<StateEntry> entries = new ArrayList<>();
        for (SequencedMap<String, Shape> group : groups) {
            for (Map.Entry<String, Shape> parameter : group.entrySet()) {
                entries.add(new StateEntry(parameters.read(parameter.getKey(), parameter.getValue()), Role.PARAMETER));
            }
        }
        return entries;
    }

    private StoredTensor read(String name, Shape shape) throws IOException {
        Path file = PlainFileName.of(name)
                .map(plain -> plain.in(folder).resolve(MASTER))
                .orElseThrow(() -> new UnsafeFileException(
                        ProblemCode.UNSAFE_PATH,
                        Place.of(folder),
                        "checkpoints.deepspeed.universal-unsafe-name",
                        name));
        if (!Files.exists(file)) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    Place.of(folder).tensor(name),
                    "checkpoints.deepspeed.universal-absent",
                    name);
        }
        PickleValue root = TorchFile.open(opened.note(file), warnings).root();
        PickleValue value = root.asDict().flatMap(dict -> dict.get("param")).orElse(root);
        if (!(value instanceof TensorValue tensor)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    Place.of(file).tensor(name),
                    "checkpoints.deepspeed.universal-no-tensor",
                    name,
                    value);
        }
        return shaped(file, tensor.stored(name), shape);
    }

    /// The tensor in its shape, without the padding that a flat one may end in.
    private StoredTensor shaped(Path file, StoredTensor stored, Shape shape) {
        if (stored.shape().equals(shape)) {
            return stored;
        }
        long wanted = shape.numel();
        long padding = stored.shape().numel() - wanted;
        if (stored.shape().rank() != 1
                || padding < 0
                || padding >= worldSize
                || !(stored.data() instanceof TensorData.Extents)) {
            throw new InvalidCheckpointException(
                    ProblemCode.NUMEL_MISMATCH,
                    Place.of(file).tensor(stored.name()),
                    "checkpoints.deepspeed.universal-size",
                    stored.name(),
                    shape,
                    stored.shape());
        }
        return new StoredTensor(stored.name(), stored.dtype(), shape, new TensorData.Extents(stored.slice(0, wanted)));
    }
}

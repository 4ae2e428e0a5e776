package io.github.cogvideo4j.checkpoints.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.doctor.finding.Commands;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.WeightFileReader;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// Reads an adapter's file and holds its keys and sizes to what an adapter is.
final class LoraAdapterReader {
    private static final List<String> NAMES = List.of(
            WeightFileName.ADAPTER, "adapter_model.safetensors", "pytorch_lora_weights.bin", "adapter_model.bin");
    private static final String PEFT_CONFIG = "adapter_config.json";
    private static final long LONGEST_CONFIG = 1 << 20;
    private static final int NAMED = 3;

    private final Path file;
    private final Place place;
    private final Problems remarks = new Problems();
    private final SourceFiles files = new SourceFiles();
    private final Map<LoraKey.Part, SequencedMap<String, StoredTensor>> parts = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();

    private LoraAdapterReader(Path file) {
        this.file = file;
        this.place = Place.of(file);
        for (LoraKey.Part part : LoraKey.Part.values()) {
            parts.put(part, new LinkedHashMap<>());
        }
    }

    static LoraAdapter read(Path path) throws IOException {
        return new LoraAdapterReader(locate(path)).read();
    }

    /// The adapter's file in a folder, or the path itself.
    private static Path locate(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isDirectory(path)) {
            return path;
        }
        return NAMES.stream()
                .map(path::resolve)
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new InvalidCheckpointException(
                        ProblemCode.NOT_WEIGHTS,
                        Place.of(path),
                        "checkpoints.lora.no-file",
                        WeightFileName.ADAPTER,
                        Commands.exportAdapter(path)));
    }

    private LoraAdapter read() throws IOException {
        files.note(file);
        Map<String, String> header = Map.of();
        List<StoredTensor> tensors;
        if (ContainerKind.of(file) == ContainerKind.SAFETENSORS) {
            SafetensorsFile opened = SafetensorsFile.open(file, Strictness.LENIENT, remarks);
            header = opened.metadata();
            tensors = opened.tensors();
        } else {
            tensors = WeightFileReader.read(file, Strictness.LENIENT, remarks);
        }
        return adapter(tensors, metadata(header));
    }

    /// Finds an adapter among tensors that were found elsewhere.
    ///
    /// @param origin  the checkpoint
    /// @param tensors its tensors that belong to an adapter
    /// @param files   the files that hold them
    static LoraAdapter among(Path origin, List<StoredTensor> tensors, Map<Path, FileIdentity> files)
            throws IOException {
        LoraAdapter found = new LoraAdapterReader(origin).adapter(tensors, LoraMetadata.NONE);
        return new LoraAdapter(origin, found.layers(), found.skipped(), files, found.remarks());
    }

    private LoraAdapter adapter(List<StoredTensor> tensors, LoraMetadata metadata) throws IOException {
        sort(tensors);
        requireElements();
        SequencedMap<String, LoraLayer> layers = new LinkedHashMap<>();
        Map<String, OptionalDouble> alphas = alphas();
        for (Map.Entry<String, StoredTensor> entry : part(LoraKey.Part.A).entrySet()) {
            String module = entry.getKey();
            OptionalDouble own = alphas.getOrDefault(module, OptionalDouble.empty());
            LoraLayer layer = layer(module, entry.getValue(), metadata, own);
            layers.put(layer.weight(), layer);
        }
        if (!skipped.isEmpty()) {
            remarks.report(
                    ProblemCode.EXTRA_TENSOR, place, "checkpoints.lora.text-encoder", skipped.size(), listed(skipped));
        }
        return new LoraAdapter(file, layers, skipped, files.identities(), remarks.all());
    }

    private void sort(List<StoredTensor> tensors) {
        List<String> unknown = new ArrayList<>();
        for (StoredTensor tensor : tensors) {
            if (LoraKey.isTextEncoder(tensor.name())) {
                skipped.add(tensor.name());
                continue;
            }
            if (tensor.name().contains(".base_layer.")) {
                throw new InvalidCheckpointException(
                        ProblemCode.LORA_UNMERGED,
                        place.tensor(tensor.name()),
                        "checkpoints.lora.unmerged",
                        Commands.exportAdapter(file));
            }
            LoraKey key = LoraKey.parse(tensor.name()).orElse(new LoraKey("", LoraKey.Part.ALPHA));
            if (key.module().isEmpty()) {
                unknown.add(tensor.name());
            } else if (part(key.part()).putIfAbsent(key.module(), tensor) != null) {
                throw new InvalidCheckpointException(
                        ProblemCode.DUPLICATE_WEIGHTS,
                        place.tensor(tensor.name()),
                        "checkpoints.lora.twice",
                        key.module(),
                        key.part());
            }
        }
        refuse(unknown, tensors.size());
    }

    private void refuse(List<String> unknown, int count) {
        if (part(LoraKey.Part.A).isEmpty() && part(LoraKey.Part.B).isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, place, "checkpoints.lora.none", count, skipped.size());
        }
        if (unknown.stream().anyMatch(name -> name.contains("lora_magnitude") || name.contains("dora_scale"))) {
            throw new InvalidCheckpointException(
                    ProblemCode.UNSUPPORTED_TENSOR, place.tensor(unknown.getFirst()), "checkpoints.lora.dora");
        }
        if (!unknown.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(unknown.getFirst()),
                    "checkpoints.lora.unknown-keys",
                    unknown.size(),
                    listed(unknown));
        }
        requirePairs(LoraKey.Part.A, LoraKey.Part.B);
        requirePairs(LoraKey.Part.B, LoraKey.Part.A);
        requirePairs(LoraKey.Part.ALPHA, LoraKey.Part.A);
    }

    private void requirePairs(LoraKey.Part here, LoraKey.Part there) {
        List<String> alone = part(here).keySet().stream()
                .filter(module -> !part(there).containsKey(module))
                .toList();
        if (!alone.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(alone.getFirst()),
                    "checkpoints.lora.unpaired",
                    alone.size(),
                    here,
                    there,
                    listed(alone));
        }
    }

    /// Under ZeRO-3 the trainer's hook saves what one rank holds of each matrix, which is nothing.
    private void requireElements() {
        List<StoredTensor> factors = new ArrayList<>(part(LoraKey.Part.A).values());
        factors.addAll(part(LoraKey.Part.B).values());
        List<StoredTensor> empty =
                factors.stream().filter(tensor -> tensor.shape().numel() == 0).toList();
        if (!empty.isEmpty()) {
            Path folder = file.toAbsolutePath().getParent();
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS,
                    place.tensor(empty.getFirst().name()),
                    "checkpoints.lora.empty",
                    empty.size(),
                    factors.size(),
                    Commands.exportAdapter(folder == null ? file : folder));
        }
    }

    private LoraMetadata metadata(Map<String, String> header) throws IOException {
        LoraMetadata metadata = LoraMetadata.ofHeader(header, place);
        Path config = file.resolveSibling(PEFT_CONFIG);
        if (metadata.alpha().isPresent() || !Files.isRegularFile(config) || isDiffusersName()) {
            return metadata;
        }
        return LoraMetadata.of(
                JsonFile.readObject(files.note(config), LONGEST_CONFIG, ProblemCode.LORA_ALPHA), Place.of(config));
    }

    /// A configuration of PEFT belongs to the file that PEFT wrote beside it.
    private boolean isDiffusersName() {
        return String.valueOf(file.getFileName()).startsWith("pytorch_lora_weights");
    }

    private Map<String, OptionalDouble> alphas() throws IOException {
        Map<String, OptionalDouble> alphas = new LinkedHashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (Map.Entry<String, StoredTensor> entry :
                    part(LoraKey.Part.ALPHA).entrySet()) {
                StoredTensor tensor = entry.getValue();
                double alpha = tensor.shape().numel() == 1
                        ? FloatMatrix.read(reader, tensor, 1, 1).get(0, 0)
                        : Double.NaN;
                if (!(alpha > 0 && alpha <= LoraAdapter.LARGEST_ALPHA)) {
                    throw new InvalidCheckpointException(
                            ProblemCode.LORA_ALPHA,
                            place.tensor(tensor.name()),
                            "checkpoints.lora.metadata-value",
                            "alpha",
                            alpha);
                }
                alphas.put(entry.getKey(), OptionalDouble.of(alpha));
            }
        }
        return alphas;
    }

    private LoraLayer layer(String module, StoredTensor a, LoraMetadata metadata, OptionalDouble own) {
        StoredTensor b = java.util.Objects.requireNonNull(part(LoraKey.Part.B).get(module), module);
        for (StoredTensor tensor : List.of(a, b)) {
            if (!FloatMatrix.canHold(tensor.dtype())) {
                throw new InvalidCheckpointException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        place.tensor(tensor.name()),
                        "checkpoints.lora.dtype",
                        tensor.dtype());
            }
        }
        boolean matrices = a.shape().rank() >= 2 && b.shape().rank() >= 2;
        long rank = matrices ? a.shape().size(0) : 0;
        if (!matrices
                || b.shape().numel() != b.shape().size(0) * rank
                || b.shape().size(1) != rank) {
            throw mismatch(a, b, "checkpoints.lora.rank-mismatch");
        }
        if (rank > Math.min(a.shape().numel() / rank, b.shape().size(0))) {
            throw mismatch(a, b, "checkpoints.lora.rank-too-large");
        }
        return new LoraLayer(module, a, b, own.isPresent() ? own : metadata.alphaOf(module), metadata.rankStabilized());
    }

    private InvalidCheckpointException mismatch(StoredTensor a, StoredTensor b, String key) {
        return new InvalidCheckpointException(
                ProblemCode.SHAPE_MISMATCH, place.tensor(a.name()), key, a.shape(), b.shape());
    }

    private SequencedMap<String, StoredTensor> part(LoraKey.Part part) {
        return java.util.Objects.requireNonNull(parts.get(part), "every part has a map");
    }

    static String listed(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        return names.size() > NAMED ? first + ", …" : first;
    }
}

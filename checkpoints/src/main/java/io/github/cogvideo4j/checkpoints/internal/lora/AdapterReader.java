package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterKey;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterSettings;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.DiffusersDialect;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.SettingsReader;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.WeightFileReader;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// The reader of adapters in any dialect, which holds names and sizes to what an adapter is. Nothing is read
/// but headers and the few bytes of recorded alphas.
public final class AdapterReader {
    private static final String PEFT_CONFIG = "adapter_config.json";
    private static final long LONGEST_CONFIG = 1 << 20;

    private final Path file;
    private final Place place;
    private final Warnings warnings = new Warnings();
    private final SourceFiles files = new SourceFiles();
    private final SequencedMap<String, ModuleAssembly> modules = new LinkedHashMap<>();
    private final Map<String, Integer> spellings = new LinkedHashMap<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();
    private String component = DiffusersDialect.TRANSFORMER;

    private AdapterReader(Path file) {
        this.file = file;
        this.place = Place.of(file);
    }

    /// Reads a file.
    public static AdapterContent read(Path file) throws IOException {
        return new AdapterReader(file).readFile();
    }

    /// Finds an adapter among tensors that were found elsewhere.
    ///
    /// @param origin   the checkpoint
    /// @param tensors  its tensors that belong to an adapter
    /// @param settings what is known of it
    /// @param files    the files that hold them
    public static AdapterContent among(
            Path origin, List<StoredTensor> tensors, AdapterSettings settings, Map<Path, FileIdentity> files)
            throws IOException {
        AdapterContent found = new AdapterReader(origin).content(tensors, settings);
        return new AdapterContent(
                origin,
                found.dialect(),
                found.component(),
                found.modules(),
                settings,
                found.skipped(),
                files,
                found.warnings());
    }

    /// The metadata of a file and the configuration beside it; its tensors are not read.
    public static AdapterSettings settings(Path file) throws IOException {
        AdapterReader reader = new AdapterReader(file);
        return ContainerKind.of(file) == ContainerKind.SAFETENSORS
                ? reader.settings(SafetensorsFile.open(file, Strictness.LENIENT, reader.warnings)
                        .metadata())
                : AdapterSettings.NONE;
    }

    private AdapterContent readFile() throws IOException {
        files.note(file);
        Map<String, String> header = Map.of();
        List<StoredTensor> tensors;
        if (ContainerKind.of(file) == ContainerKind.SAFETENSORS) {
            SafetensorsFile opened = SafetensorsFile.open(file, Strictness.LENIENT, warnings);
            header = opened.metadata();
            tensors = opened.tensors();
        } else {
            tensors = WeightFileReader.read(file, Strictness.LENIENT, warnings);
        }
        return content(tensors, settings(header));
    }

    private AdapterContent content(List<StoredTensor> tensors, AdapterSettings settings) throws IOException {
        for (StoredTensor tensor : tensors) {
            sort(tensor, settings);
        }
        refuse(tensors.size());
        requireElements();
        Map<String, OptionalDouble> alphas = alphas();
        SequencedMap<String, AdaptedModule> found = new LinkedHashMap<>();
        for (Map.Entry<String, ModuleAssembly> entry : modules.entrySet()) {
            OptionalDouble own = alphas.getOrDefault(entry.getKey(), OptionalDouble.empty());
            found.put(entry.getKey(), entry.getValue().build(settings, own));
        }
        if (settings.dora() && modules.values().stream().noneMatch(module -> module.has(AdapterPart.MAGNITUDE))) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR, place, "checkpoints.lora.magnitudes-absent");
        }
        if (!skipped.isEmpty()) {
            warnings.report(
                    ProblemCode.EXTRA_TENSOR,
                    place,
                    "checkpoints.lora.text-encoder",
                    skipped.size(),
                    Message.first(skipped));
        }
        tellOtherRank(settings, found);
        String dialect = spellings.entrySet().stream()
                .max(Comparator.comparingInt(Map.Entry::getValue))
                .map(Map.Entry::getKey)
                .orElse("");
        return new AdapterContent(
                file, dialect, component, found, settings, skipped, files.identities(), warnings.all());
    }

    private void sort(StoredTensor tensor, AdapterSettings settings) {
        String name = tensor.name();
        if (Dialects.isTextEncoder(name)) {
            skipped.add(name);
            return;
        }
        if (name.endsWith(".base_layer.weight")) {
            throw new InvalidCheckpointException(
                    Problem.of(ProblemCode.LORA_UNMERGED, place.tensor(name), "checkpoints.lora.unmerged")
                            .with(new Remedy.ExportAdapter(file)));
        }
        Dialects.read(name)
                .filter(reading -> isExpected(name, reading.key(), settings))
                .ifPresentOrElse(
                        reading -> {
                            Dialects.componentOf(name).ifPresent(found -> component = DiffusersDialect.prefixOf(found));
                            spellings.merge(reading.dialect().id(), 1, Integer::sum);
                            modules.computeIfAbsent(
                                            reading.key().module(),
                                            module -> new ModuleAssembly(
                                                    module, reading.key().flattened(), place))
                                    .add(reading.key().part(), tensor);
                        },
                        () -> unknown.add(name));
    }

    /// Tensors under a model's own names are part of an adapter only where its configuration says so.
    private static boolean isExpected(String name, AdapterKey key, AdapterSettings settings) {
        return switch (key.part()) {
            case WEIGHT -> settings.isWhole(key.module()) || name.contains(".modules_to_save.");
            case BIAS ->
                settings.isWhole(key.module())
                        || settings.wholeBiases()
                        || name.contains(".modules_to_save.")
                        || name.endsWith(".base_layer.bias");
            default -> true;
        };
    }

    private void refuse(int count) {
        boolean any =
                modules.values().stream().anyMatch(module -> !module.factors().isEmpty());
        if (!any) {
            throw new InvalidCheckpointException(
                    ProblemCode.NOT_WEIGHTS, place, "checkpoints.lora.none", count, skipped.size());
        }
        if (!unknown.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(unknown.getFirst()),
                    "checkpoints.lora.unknown-keys",
                    unknown.size(),
                    Message.first(unknown));
        }
        requirePairs(AdapterPart.LORA_A, AdapterPart.LORA_B);
        requirePairs(AdapterPart.LORA_B, AdapterPart.LORA_A);
        requirePairs(AdapterPart.LORA_B_BIAS, AdapterPart.LORA_B);
        requireProduct(AdapterPart.ALPHA);
        requireProduct(AdapterPart.MAGNITUDE);
    }

    private void requirePairs(AdapterPart here, AdapterPart there) {
        refuseAlone(here, there, module -> module.has(here) && !module.has(there));
    }

    private void requireProduct(AdapterPart part) {
        refuseAlone(part, AdapterPart.LORA_A, module -> module.has(part) && !module.hasProduct());
    }

    private void refuseAlone(
            AdapterPart here, AdapterPart there, java.util.function.Predicate<ModuleAssembly> isAlone) {
        List<String> alone = modules.entrySet().stream()
                .filter(entry -> isAlone.test(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        if (!alone.isEmpty()) {
            throw new InvalidCheckpointException(
                    ProblemCode.MISSING_TENSOR,
                    place.tensor(alone.getFirst()),
                    "checkpoints.lora.unpaired",
                    alone.size(),
                    here,
                    there,
                    Message.first(alone));
        }
    }

    /// Under ZeRO-3 the trainer's hook saves what one rank holds of each matrix, which is nothing.
    private void requireElements() {
        List<StoredTensor> factors = modules.values().stream()
                .flatMap(module -> module.factors().stream())
                .toList();
        List<StoredTensor> empty =
                factors.stream().filter(tensor -> tensor.shape().numel() == 0).toList();
        if (!empty.isEmpty()) {
            throw new InvalidCheckpointException(Problem.of(
                            ProblemCode.NOT_WEIGHTS,
                            place.tensor(empty.getFirst().name()),
                            "checkpoints.lora.empty",
                            empty.size(),
                            factors.size())
                    .with(new Remedy.ExportAdapter(Objects.requireNonNullElse(file.getParent(), Path.of(".")))));
        }
    }

    private AdapterSettings settings(Map<String, String> header) throws IOException {
        AdapterSettings settings = SettingsReader.ofHeader(header, place);
        Path config = file.resolveSibling(PEFT_CONFIG);
        if (settings.alpha().isPresent() || !Files.isRegularFile(config) || isDiffusersName()) {
            return settings;
        }
        return settings.orElse(SettingsReader.of(
                JsonFile.readObject(files.note(config), LONGEST_CONFIG, ProblemCode.LORA_ALPHA), Place.of(config)));
    }

    /// A configuration of PEFT belongs to the file that PEFT wrote beside it.
    private boolean isDiffusersName() {
        return String.valueOf(file.getFileName()).startsWith("pytorch_lora_weights");
    }

    private Map<String, OptionalDouble> alphas() throws IOException {
        Map<String, OptionalDouble> alphas = new HashMap<>();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (Map.Entry<String, ModuleAssembly> entry : modules.entrySet()) {
                if (entry.getValue().alpha().isPresent()) {
                    StoredTensor tensor = entry.getValue().alpha().get();
                    alphas.put(entry.getKey(), OptionalDouble.of(alpha(reader, tensor)));
                }
            }
        }
        return alphas;
    }

    private double alpha(FileStorageReader reader, StoredTensor tensor) throws IOException {
        boolean scalar = tensor.shape().numel() == 1 && FloatMatrix.canHold(tensor.dtype());
        double alpha = scalar ? FloatMatrix.read(reader, tensor, 1, 1).get(0, 0) : Double.NaN;
        if (!(alpha > 0 && alpha <= AdapterSettings.LARGEST_ALPHA)) {
            throw new InvalidCheckpointException(
                    ProblemCode.LORA_ALPHA,
                    place.tensor(tensor.name()),
                    "checkpoints.lora.metadata-value",
                    "alpha",
                    alpha);
        }
        return alpha;
    }

    /// Alpha was meant for the rank that is written beside it; what the matrices have is what counts.
    private void tellOtherRank(AdapterSettings settings, SequencedMap<String, AdaptedModule> found) {
        for (AdaptedModule module : found.values()) {
            OptionalDouble said = settings.rankOf(module.name());
            if (said.isPresent()
                    && module.rank().isPresent()
                    && said.getAsDouble() != module.rank().getAsInt()) {
                warnings.report(
                        ProblemCode.LORA_ALPHA,
                        place.tensor(module.name()),
                        "checkpoints.lora.other-rank",
                        said.getAsDouble(),
                        module.rank().getAsInt());
                return;
            }
        }
    }
}

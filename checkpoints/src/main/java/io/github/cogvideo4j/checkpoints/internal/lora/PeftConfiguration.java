package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata.Strength;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Delta;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Hadamard;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Kronecker;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.LowRank;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.Stream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// PEFT's `adapter_config.json`: which of its methods an adapter is of, with ranks and alphas.
///
/// Source: PEFT's `LoraConfig`, `LoHaConfig` and `LoKrConfig`. PEFT has one method in a folder, and assumes a
/// number of its own where it finds no alpha, so one is always written: the rank, where alpha is unknown.
public final class PeftConfiguration {
    private final AdapterContent adapter;
    private final OptionalDouble alpha;
    private final List<Delta> products;

    private PeftConfiguration(AdapterContent adapter, OptionalDouble alpha) {
        this.adapter = adapter;
        this.alpha = alpha;
        this.products = adapter.modules().values().stream()
                .flatMap(module -> module.weight().stream())
                .map(LayerChange::delta)
                .filter(delta -> delta instanceof LowRank || delta instanceof Hadamard || delta instanceof Kronecker)
                .toList();
    }

    /// Writes the configuration.
    ///
    /// @param adapter the adapter, under the model's names
    /// @param alpha   an alpha that goes before what it records
    /// @throws InvalidCheckpointException `unsupported-tensor` when it is of several methods, or of one whose
    ///     sizes
    ///     PEFT would choose otherwise
    public static String of(AdapterContent adapter, OptionalDouble alpha) {
        return new PeftConfiguration(adapter, alpha).write();
    }

    private String write() {
        List<String> kinds = products.stream().map(Delta::kind).distinct().toList();
        if (kinds.size() > 1) {
            throw refused(adapter, kinds);
        }
        ObjectNode json = JsonFile.newObject();
        adapter.settings()
                .baseModel()
                .ifPresentOrElse(
                        name -> json.put("base_model_name_or_path", name),
                        () -> json.putNull("base_model_name_or_path"));
        json.put("inference_mode", true);
        switch (kinds.isEmpty() ? "lora" : kinds.getFirst()) {
            case "loha" -> writeLoHa(json);
            case "lokr" -> writeLoKr(json);
            default -> writeLora(json);
        }
        writeSaved(json);
        json.putNull("task_type");
        return JsonFile.format(json).strip() + "\n";
    }

    private void writeLora(ObjectNode json) {
        boolean ofLayers = adapter.modules().values().stream()
                .anyMatch(module -> module.rank().isPresent()
                        && module.bias().stream()
                                .anyMatch(change -> change.delta().replaces()));
        boolean alone = replaced().anyMatch(module -> module.weight().isEmpty());
        json.put("bias", alone ? "all" : ofLayers ? "lora_only" : "none");
        json.put("fan_in_fan_out", false);
        json.put("init_lora_weights", true);
        AdapterMetadata.fields(json, "", "lora_alpha", strengths());
        json.put("peft_type", "LORA");
        AdapterMetadata.flags(json, "", adapter);
    }

    private void writeLoHa(ObjectNode json) {
        requireNothingBeside();
        json.put("init_weights", true);
        AdapterMetadata.fields(json, "", "alpha", strengths());
        json.put("peft_type", "LOHA");
    }

    private void writeLoKr(ObjectNode json) {
        requireNothingBeside();
        SequencedMap<String, Strength> strengths = strengths();
        KroneckerSizes sizes = KroneckerSizes.of(adapter, strengths)
                .orElseThrow(() -> refused(adapter, "lokr (decompose_factor, decompose_both)"));
        json.put("decompose_both", sizes.both());
        json.put("decompose_factor", sizes.factor());
        json.put("init_weights", true);
        AdapterMetadata.fields(json, "", "alpha", strengths);
        json.put("peft_type", "LOKR");
    }

    /// Beside LoHa and LoKr, PEFT has neither DoRA nor trained biases.
    private void requireNothingBeside() {
        for (AdaptedModule module : adapter.modules().values()) {
            boolean saved = module.rank().isEmpty()
                    && module.weight().stream()
                            .anyMatch(change -> change.delta().replaces());
            if (!saved && (module.weight().size() > 1 || !module.bias().isEmpty())) {
                LayerChange beside = module.bias().isEmpty()
                        ? module.weight().getLast()
                        : module.bias().getFirst();
                throw refused(adapter, beside.delta().kind());
            }
        }
    }

    private void writeSaved(ObjectNode json) {
        List<String> names = replaced()
                .filter(module -> !module.weight().isEmpty())
                .map(AdaptedModule::name)
                .toList();
        if (names.isEmpty()) {
            json.putNull("modules_to_save");
        } else {
            ArrayNode saved = json.putArray("modules_to_save");
            names.forEach(saved::add);
        }
    }

    private Stream<AdaptedModule> replaced() {
        return adapter.modules().values().stream()
                .filter(module -> module.rank().isEmpty())
                .filter(module -> module.weight().stream().noneMatch(change -> change.delta() instanceof Kronecker));
    }

    private SequencedMap<String, Strength> strengths() {
        SequencedMap<String, Strength> strengths = new LinkedHashMap<>();
        adapter.modules().forEach((name, module) -> {
            if (module.rank().isPresent()) {
                int rank = module.rank().getAsInt();
                strengths.put(
                        name,
                        new Strength(rank, AdapterMetadata.known(module, alpha).orElse(rank)));
            } else {
                // Two whole matrices, which no rank divides: one that PEFT takes to be full, and its own alpha.
                module.weight().stream()
                        .map(LayerChange::delta)
                        .filter(Kronecker.class::isInstance)
                        .map(Kronecker.class::cast)
                        .forEach(product -> {
                            int rank = KroneckerSizes.fullRank(product);
                            strengths.put(name, new Strength(rank, rank));
                        });
            }
        });
        return strengths;
    }

    private static InvalidCheckpointException refused(AdapterContent adapter, Object part) {
        return AdapterWriter.refused(adapter, Place.of(adapter.file()), Dialects.PEFT, part);
    }
}

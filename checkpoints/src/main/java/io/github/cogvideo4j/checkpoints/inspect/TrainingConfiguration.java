package io.github.cogvideo4j.checkpoints.inspect;

import io.github.cogvideo4j.checkpoints.internal.inspect.PickleJson;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The configuration of a training: DeepSpeed's `ds_config`, which every rank saves with its state. Values are as
/// found, since DeepSpeed allows words (`auto`) where numbers are meant.
///
/// @param json the whole configuration
public record TrainingConfiguration(ObjectNode json) {
    /// The configuration in a state file's map, where there is one.
    public static Optional<TrainingConfiguration> in(PickleValue root) {
        return root.asDict()
                .flatMap(dict -> dict.get("ds_config"))
                .flatMap(PickleValue::asDict)
                .flatMap(PickleJson::of)
                .map(TrainingConfiguration::new);
    }

    /// The optimizer's name.
    public Optional<String> optimizer() {
        return text("optimizer", "type");
    }

    /// The initial learning rate.
    public Optional<String> learningRate() {
        return text("optimizer", "params", "lr");
    }

    /// The weight decay.
    public Optional<String> weightDecay() {
        return text("optimizer", "params", "weight_decay");
    }

    /// The schedule of the learning rate.
    public Optional<String> scheduler() {
        return text("scheduler", "type");
    }

    /// The samples of an optimizer step, over all ranks.
    public Optional<String> batchSize() {
        return text("train_batch_size");
    }

    /// The samples that a rank takes at once.
    public Optional<String> microBatchSize() {
        return text("train_micro_batch_size_per_gpu");
    }

    /// How many of those are added up for a step.
    public Optional<String> accumulationSteps() {
        return text("gradient_accumulation_steps");
    }

    /// The norm at which gradients are clipped.
    public Optional<String> gradientClipping() {
        return text("gradient_clipping");
    }

    /// What the forward pass computed in: `bf16`, `fp16`, else `fp32`.
    public String precision() {
        return Stream.of("bf16", "bfloat16", "fp16")
                .filter(name -> json.path(name).path("enabled").asBoolean(false))
                .map(name -> name.equals("bfloat16") ? "bf16" : name)
                .findFirst()
                .orElse("fp32");
    }

    /// The ZeRO stage as configured.
    public Optional<String> zeroStage() {
        return text("zero_optimization", "stage");
    }

    /// The other settings of ZeRO that say how the training ran: switches that are on, and where states were
    /// offloaded to.
    public List<String> zeroSettings() {
        List<String> settings = new ArrayList<>();
        for (Map.Entry<String, JsonNode> setting :
                json.path("zero_optimization").properties()) {
            JsonNode value = setting.getValue();
            if (value.isBoolean() && value.booleanValue()) {
                settings.add(setting.getKey());
            } else if (value.path("device").isString()) {
                settings.add(setting.getKey() + "=" + value.path("device").stringValue());
            }
        }
        return settings;
    }

    private Optional<String> text(String... path) {
        JsonNode node = json;
        for (String step : path) {
            node = node.path(step);
        }
        return node.isValueNode() && !node.isNull() ? Optional.of(node.asString()) : Optional.empty();
    }
}

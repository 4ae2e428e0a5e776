package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.inspect.Contents;
import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.checkpoints.inspect.ModuleTree;
import io.github.cogvideo4j.checkpoints.inspect.ModuleTree.TensorTotals;
import io.github.cogvideo4j.checkpoints.inspect.TrainingConfiguration;
import io.github.cogvideo4j.checkpoints.inspect.values.Statistics.TensorStatistics;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of `inspect --json` that tell what a file or a folder holds. Documented in `docs/json.md`.
final class ContentsJson {
    private ContentsJson() {}

    static void describe(
            Contents contents,
            List<ListedTensor> shown,
            Map<StoredTensor, TensorStatistics> statistics,
            ObjectNode node) {
        node.put("name", contents.name());
        node.put("kind", contents.kind());
        node.put("path", contents.path().toString());
        ObjectNode files = node.putObject("files");
        contents.files().forEach((file, size) -> files.put(file.toString(), size));
        contents.training().trainer().ifPresent(trainer -> node.put("trainer", trainer));
        contents.training().step().ifPresent(step -> node.put("step", step));
        contents.training().zeroStage().ifPresent(stage -> node.put("zero_stage", stage));
        contents.training().worldSize().ifPresent(size -> node.put("world_size", size));
        contents.training().tag().ifPresent(tag -> node.put("tag", tag));
        ObjectNode versions = node.putObject("versions");
        contents.training().versions().forEach(versions::put);
        contents.configuration().ifPresent(config -> configuration(config, node.putObject("training")));
        ObjectNode metadata = node.putObject("metadata");
        contents.metadata().forEach(metadata::put);
        ObjectNode totals = node.putObject("totals");
        totals(TensorTotals.of(shown), totals);
        ObjectNode byDType = totals.putObject("by_dtype");
        TensorTotals.byDType(shown).forEach((dtype, total) -> totals(total, byDType.putObject(dtype.name())));
        ArrayNode tensors = node.putArray("tensors");
        shown.forEach(tensor -> tensor(tensor, statistics, tensors.addObject()));
    }

    private static void configuration(TrainingConfiguration config, ObjectNode node) {
        config.optimizer().ifPresent(value -> node.put("optimizer", value));
        config.learningRate().ifPresent(value -> node.put("learning_rate", value));
        config.weightDecay().ifPresent(value -> node.put("weight_decay", value));
        config.scheduler().ifPresent(value -> node.put("scheduler", value));
        config.batchSize().ifPresent(value -> node.put("batch_size", value));
        config.microBatchSize().ifPresent(value -> node.put("micro_batch_size", value));
        config.accumulationSteps().ifPresent(value -> node.put("gradient_accumulation_steps", value));
        config.gradientClipping().ifPresent(value -> node.put("gradient_clipping", value));
        node.put("precision", config.precision());
        config.zeroStage().ifPresent(value -> node.put("zero_stage", value));
        config.zeroSettings().forEach(node.putArray("zero_settings")::add);
        node.set("ds_config", config.json());
    }

    private static void tensor(ListedTensor tensor, Map<StoredTensor, TensorStatistics> statistics, ObjectNode node) {
        node.put("name", tensor.name());
        node.put("dtype", tensor.tensor().dtype().name());
        ArrayNode shape = node.putArray("shape");
        tensor.tensor().shape().sizes().forEach(shape::add);
        node.put("bytes", tensor.tensor().byteLength());
        tensor.role().ifPresent(role -> node.put("role", role.name().toLowerCase(Locale.ROOT)));
        TensorStatistics known = statistics.get(tensor.tensor());
        if (known != null) {
            ObjectNode values = node.putObject("stats");
            values.put("count", known.count());
            number(values, "min", known.min());
            number(values, "max", known.max());
            number(values, "mean", known.mean());
            number(values, "standard_deviation", known.standardDeviation());
            values.put("zeros", known.zeros());
            values.put("nans", known.nans());
            values.put("infinities", known.infinities());
        }
    }

    /// JSON has no NaN and no infinity: `null` stands for both.
    static void number(ObjectNode node, String field, double value) {
        if (Double.isFinite(value)) {
            node.put(field, value);
        } else {
            node.putNull(field);
        }
    }

    static void totals(TensorTotals totals, ObjectNode node) {
        node.put("tensors", totals.tensors());
        node.put("parameters", totals.parameters());
        node.put("bytes", totals.bytes());
    }

    /// A module: what it holds in all, its modules by name, its tensors' names.
    static void tree(ModuleTree module, ObjectNode node) {
        totals(module.totals(), node);
        ObjectNode inside = node.putObject("modules");
        module.modules().forEach((name, child) -> tree(child, inside.putObject(name)));
        ArrayNode names = node.putArray("own");
        module.tensors().keySet().forEach(names::add);
    }
}

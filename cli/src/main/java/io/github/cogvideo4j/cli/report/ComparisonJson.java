package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison.Histogram;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange;
import io.github.cogvideo4j.checkpoints.inspect.compare.TensorChange.LayerKind;
import io.github.cogvideo4j.checkpoints.inspect.values.ValueChange;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The fields of `inspect --compare --json`. Documented in `docs/json.md`.
final class ComparisonJson {
    private ComparisonJson() {}

    static ObjectNode of(Comparison comparison) {
        ObjectNode result = JsonFile.newObject();
        result.put("model", comparison.model().toString());
        result.put("base", comparison.base().toString());
        change(comparison.total(), result);
        result.put("tensors_compared", comparison.tensors().size());
        result.put("tensors_unchanged", comparison.unchanged());
        ArrayNode blocks = result.putArray("blocks");
        comparison
                .blocks()
                .forEach((list, numbers) -> numbers.forEach((number, kinds) -> {
                    ObjectNode block = blocks.addObject();
                    block.put("list", list);
                    block.put("block", number);
                    change(kinds.values().stream().reduce(ValueChange.NONE, ValueChange::plus), block);
                    kinds(kinds, block.putObject("kinds"));
                }));
        kinds(comparison.kinds(), result.putObject("kinds"));
        ObjectNode outside = result.putObject("outside_blocks");
        comparison.outside().forEach((module, change) -> change(change, outside.putObject(module)));
        ArrayNode tensors = result.putArray("tensors");
        comparison.tensors().forEach(tensor -> tensor(tensor, tensors.addObject()));
        comparison.onlyInModel().forEach(result.putArray("only_in_model")::add);
        comparison.onlyInBase().forEach(result.putArray("only_in_base")::add);
        ArrayNode reshaped = result.putArray("reshaped");
        comparison.reshaped().forEach((name, shapes) -> reshaped(name, shapes, reshaped.addObject()));
        comparison.unreadable().forEach(result.putArray("not_numbers")::add);
        ObjectNode dtypes = result.putObject("dtype_differences");
        comparison.dtypeDifferences().forEach(dtypes::put);
        histogram(Histogram.of(comparison.tensors()), result.putObject("histogram"));
        return result;
    }

    private static void kinds(Map<LayerKind, ValueChange> kinds, ObjectNode node) {
        kinds.forEach((kind, change) -> change(change, node.putObject(kind.id())));
    }

    private static void change(ValueChange change, ObjectNode node) {
        ContentsJson.number(node, "relative_change", change.relative());
        node.put("elements", change.elements());
        node.put("elements_changed", change.changed());
        node.put("elements_changed_in_bf16", change.changedInBf16());
        ContentsJson.number(node, "largest_difference", change.largest());
    }

    private static void tensor(TensorChange tensor, ObjectNode node) {
        node.put("name", tensor.name());
        tensor.position()
                .block()
                .ifPresent(block -> node.put("list", block.list()).put("block", block.number()));
        node.put("kind", tensor.position().kind().id());
        shape(tensor.shape(), node.putArray("shape"));
        node.put("dtype", tensor.modelDType().name());
        node.put("base_dtype", tensor.baseDType().name());
        change(tensor.change(), node);
    }

    private static void reshaped(String name, List<Shape> shapes, ObjectNode node) {
        node.put("name", name);
        shape(shapes.getFirst(), node.putArray("shape"));
        shape(shapes.getLast(), node.putArray("base_shape"));
    }

    private static void shape(Shape shape, ArrayNode node) {
        shape.sizes().forEach(node::add);
    }

    private static void histogram(Histogram histogram, ObjectNode node) {
        node.put("unchanged", histogram.unchanged());
        node.put("not_finite", histogram.beyond());
        ArrayNode bins = node.putArray("bins");
        for (Histogram.Bin bin : histogram.bins()) {
            ObjectNode step = bins.addObject();
            step.put("from", bin.from());
            step.put("to", bin.to());
            step.put("count", bin.count());
        }
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.index.ShardSize;
import io.github.cogvideo4j.formats.internal.index.ShardNames;
import io.github.cogvideo4j.formats.internal.index.ShardPlan;
import io.github.cogvideo4j.formats.internal.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The weight files and indexes of one component.
final class ComponentFiles {
    private final Component component;
    private final ConversionOptions options;
    private final Warnings warnings;
    private final SequencedMap<String, String> indexes = new LinkedHashMap<>();

    ComponentFiles(Component component, ConversionOptions options, Warnings warnings) {
        this.component = component;
        this.options = options;
        this.warnings = warnings;
    }

    /// The weight files; afterwards [#indexes()] has their indexes.
    List<WeightFile> plan(List<PlannedTensor> tensors, Path output) {
        Map<String, PlannedTensor> byName =
                tensors.stream().collect(Collectors.toMap(PlannedTensor::name, Function.identity()));
        List<WeightFile> files = new ArrayList<>();
        if (options.files().format().bin()) {
            files.addAll(files(tensors, byName, "bin", output));
        }
        if (options.files().format().safetensors()) {
            files.addAll(files(tensors, byName, "safetensors", output));
        }
        return files;
    }

    /// Text files by path below the output.
    SequencedMap<String, String> indexes() {
        return indexes;
    }

    /// The files of one container, and their index. When both containers are written, the index kept under the
    /// merge script's name is that of the safetensors files.
    private List<WeightFile> files(
            List<PlannedTensor> tensors, Map<String, PlannedTensor> byName, String extension, Path output) {
        ShardNames names = new ShardNames(stem(extension) + variant(), extension);
        ShardPlan plan = ShardPlan.of(
                tensors.stream()
                        .map(tensor -> ShardPlan.Item.alone(tensor.name(), tensor.byteLength()))
                        .toList(),
                new ShardSize(options.files().maxShardBytes()),
                names);
        String index = new String(index(plan).toJson(), StandardCharsets.UTF_8);
        if (component.equals(Component.TRANSFORMER)) {
            indexes.put(path(ConversionPlanner.KEPT_INDEX), index);
        }
        if (plan.shards().size() > 1) {
            indexes.put(path(stem(extension) + "." + extension + ".index" + variant() + ".json"), index);
            if (extension.equals("bin")) {
                warnings.report(Problem.of(ProblemCode.SHARDED_BIN, Place.of(output), "checkpoints.convert.sharded-bin")
                        .with(
                                Remedy.change(Remedy.Field.FORMAT, "safetensors"),
                                Remedy.change(Remedy.Field.MAX_SHARD_SIZE)));
            }
        }
        return plan.shards().stream()
                .map(shard -> weightFile(
                        path(shard.fileName()),
                        shard.tensors().stream().map(byName::get).toList(),
                        extension))
                .toList();
    }

    private static WeightFile weightFile(String path, List<PlannedTensor> tensors, String extension) {
        return extension.equals("bin")
                ? WeightFile.TorchContainer.of(path, tensors)
                : WeightFile.Safetensors.of(path, tensors);
    }

    private static WeightIndex index(ShardPlan plan) {
        return plan.index().orElseGet(() -> {
            Map<String, String> map = new LinkedHashMap<>();
            plan.shards().forEach(shard -> shard.tensors().forEach(name -> map.put(name, shard.fileName())));
            return new WeightIndex(OptionalLong.of(plan.totalSize()), map);
        });
    }

    private String stem(String extension) {
        return extension.equals("bin") ? component.binStem() : component.stem();
    }

    /// `diffusion_pytorch_model.fp16.safetensors`, and the index `...index.fp16.json`.
    private String variant() {
        return options.files().variant().map(name -> "." + name).orElse("");
    }

    private String path(String name) {
        return component.folder() + "/" + name;
    }
}

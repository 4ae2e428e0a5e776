package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.index.ShardNames;
import io.github.cogvideo4j.formats.index.ShardPlan;
import io.github.cogvideo4j.formats.index.ShardSize;
import io.github.cogvideo4j.formats.index.WeightIndex;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Decides what a conversion will write: dtypes, shards, names, indexes, the configuration.
public final class ConversionPlanner {
    /// The index that the field's guides ask to keep beside the weights; diffusers itself ignores it.
    public static final String KEPT_INDEX = "model.safetensors.index.json";

    private static final String STEM = "diffusion_pytorch_model";

    private final Checkpoint checkpoint;
    private final Path output;
    private final Optional<BaseModel> base;
    private final ConversionOptions options;
    private final Problems remarks = new Problems();
    private final SequencedMap<String, String> smallFiles = new LinkedHashMap<>();

    private ConversionPlanner(Checkpoint checkpoint, Path output, Optional<BaseModel> base, ConversionOptions options) {
        this.checkpoint = checkpoint;
        this.output = output;
        this.base = base;
        this.options = options;
    }

    /// Plans a conversion.
    ///
    /// @param checkpoint the source
    /// @param output     the folder to make
    /// @param base       the model that supplies the other components
    /// @param options    what the result should be like
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when the weights do not fit the
    /// configuration, or the output may not be written
    public static ConversionPlan plan(
            Checkpoint checkpoint, Path output, Optional<BaseModel> base, ConversionOptions options)
            throws IOException {
        OutputPlace.check(checkpoint, base, output, options.overwrite());
        return new ConversionPlanner(checkpoint, output, base, options).plan();
    }

    private ConversionPlan plan() throws IOException {
        checkpoint.remarks().forEach(remarks::report);
        TargetDType dtype = options.dtype()
                .or(() -> base.flatMap(BaseModel::weightDType).flatMap(TargetDType::of))
                .orElse(TargetDType.BF16);
        List<PlannedTensor> tensors = checkpoint.entries().stream()
                .map(entry -> new PlannedTensor(entry, dtype.of(entry)))
                .toList();
        TransformerConfiguration.decide(checkpoint, base, remarks)
                .ifPresent(json -> smallFiles.put(path("config.json"), json));
        List<WeightFile> weightFiles = weightFiles(tensors);
        return new ConversionPlan(
                checkpoint, output, dtype, options, base, tensors, weightFiles, smallFiles, remarks.all());
    }

    private List<WeightFile> weightFiles(List<PlannedTensor> tensors) {
        Map<String, PlannedTensor> byName =
                tensors.stream().collect(Collectors.toMap(PlannedTensor::name, Function.identity()));
        List<WeightFile> files = new ArrayList<>();
        if (options.format().bin()) {
            files.addAll(files(tensors, byName, "bin"));
        }
        if (options.format().safetensors()) {
            files.addAll(files(tensors, byName, "safetensors"));
        }
        return files;
    }

    /// The files of one container, and their index. When both containers are written, the index kept under the
    /// merge script's name is that of the safetensors files.
    private List<WeightFile> files(List<PlannedTensor> tensors, Map<String, PlannedTensor> byName, String extension) {
        ShardNames names = new ShardNames(
                options.variant().map(variant -> STEM + "." + variant).orElse(STEM), extension);
        ShardPlan plan = ShardPlan.of(
                tensors.stream()
                        .map(tensor -> ShardPlan.Item.alone(tensor.name(), tensor.byteLength()))
                        .toList(),
                new ShardSize(options.maxShardBytes()),
                names);
        String index = new String(index(plan).toJson(), StandardCharsets.UTF_8);
        smallFiles.put(path(KEPT_INDEX), index);
        if (plan.shards().size() > 1) {
            smallFiles.put(path(indexName(extension)), index);
            if (extension.equals("bin")) {
                remarks.report(ProblemCode.SHARDED_BIN, Place.of(output), "checkpoints.convert.sharded-bin");
            }
        }
        return plan.shards().stream()
                .map(shard -> weightFile(
                        shard.fileName(),
                        shard.tensors().stream().map(byName::get).toList(),
                        extension))
                .toList();
    }

    private static WeightFile weightFile(String name, List<PlannedTensor> tensors, String extension) {
        return extension.equals("bin") ? WeightFile.Torch.of(name, tensors) : WeightFile.Safetensors.of(name, tensors);
    }

    private static WeightIndex index(ShardPlan plan) {
        return plan.index().orElseGet(() -> {
            Map<String, String> map = new LinkedHashMap<>();
            plan.shards().forEach(shard -> shard.tensors().forEach(name -> map.put(name, shard.fileName())));
            return new WeightIndex(OptionalLong.of(plan.totalSize()), map);
        });
    }

    /// `diffusion_pytorch_model.safetensors.index.json`, and with a variant `...index.fp16.json`.
    private String indexName(String extension) {
        String variant = options.variant().map(name -> "." + name).orElse("");
        return STEM + "." + extension + ".index" + variant + ".json";
    }

    private static String path(String name) {
        return ConversionPlan.COMPONENT + "/" + name;
    }
}

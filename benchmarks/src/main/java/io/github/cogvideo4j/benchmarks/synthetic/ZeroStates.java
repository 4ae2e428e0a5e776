package io.github.cogvideo4j.benchmarks.synthetic;

import static io.github.cogvideo4j.benchmarks.synthetic.StateFile.NONE;
import static io.github.cogvideo4j.benchmarks.synthetic.StateFile.map;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The values that DeepSpeed 0.19 pickles: the model's state and each rank's optimizer state, field by field in its
/// order.
///
/// @param request what the checkpoint should be
/// @param file    the file that takes the values and storages
record ZeroStates(SyntheticCheckpoint.Request request, StateFile file) {
    private static final String VERSION = "0.19.6";
    private static final int STEP = 500;
    private static final double LEARNING_RATE = 2e-5;
    private static final String LOSS_SCALER_MODULE = "deepspeed.runtime.fp16.loss_scaler";

    /// A model-states file.
    Object model() {
        return map(
                "module", file.orderedDict(request.stage() == 3 ? placeholders() : views()),
                "buffer_names", List.of(),
                "optimizer", NONE,
                "param_shapes", List.of(file.orderedDict(shapes())),
                "frozen_param_shapes", file.orderedDict(Map.of()),
                "shared_params", Map.of(),
                "frozen_param_fragments", file.orderedDict(Map.of()),
                "lr_scheduler", map("last_batch_iteration", STEP - 1),
                "data_sampler", NONE,
                "random_ltd", NONE,
                "sparse_tensor_module_names", file.call("__builtin__", "set", List.of()),
                "skipped_steps", 0,
                "global_steps", STEP,
                "global_samples", STEP * request.ranks(),
                "dp_world_size", request.ranks(),
                "mp_world_size", 1,
                "checkpoint_parallel_dimensions", map("pp_degree", 1, "tp_degree", 1),
                "ds_config", config(),
                "ds_version", VERSION);
    }

    /// All parameters share one storage below stage 3.
    private Map<String, Runnable> views() {
        long numel = SyntheticModel.count(request.parameters());
        int key = file.storage(
                request.moduleAsHole()
                        ? new Content.Hole(DType.BF16, numel)
                        : new Content.Parameters(DType.BF16, List.of(new Content.Run(0, numel, 0))));
        Map<String, Runnable> module = new LinkedHashMap<>();
        long offset = 0;
        for (NamedShape parameter : request.parameters()) {
            TensorPickle view = new TensorPickle(DType.BF16, key, numel, offset, parameter.shape(), false);
            module.put(parameter.name(), () -> view.write(file.pickle()));
            offset += parameter.shape().numel();
        }
        return module;
    }

    /// In stage 3 the values are in the optimizer files alone.
    private Map<String, Runnable> placeholders() {
        Map<String, Runnable> module = new LinkedHashMap<>();
        for (NamedShape parameter : request.parameters()) {
            module.put(parameter.name(), whole(new Content.Hole(DType.BF16, 0), false));
        }
        return module;
    }

    private Map<String, Runnable> shapes() {
        Map<String, Runnable> shapes = new LinkedHashMap<>();
        for (NamedShape parameter : request.parameters()) {
            shapes.put(
                    parameter.name(),
                    file.call("torch", "Size", file.tuple(parameter.shape().sizes())));
        }
        return shapes;
    }

    /// The optimizer file of a rank.
    Object optimizer(int rank) {
        return map(
                "optimizer_state_dict",
                request.stage() == 3 ? stage3(rank) : stage2(rank),
                "ds_config",
                config(),
                "ds_version",
                VERSION);
    }

    private Object stage2(int rank) {
        Partitions.Flat flat = Partitions.contiguous(request.parameters(), request.ranks(), rank);
        long part = numel(flat);
        Map<Object, Object> moments = adam(List.of(part));
        int key = file.storage(new Content.Parameters(DType.F32, flat.runs()));
        TensorPickle master = new TensorPickle(DType.F32, key, part, 0, Shape.of(part - flat.padding()), true);
        return map(
                "loss_scaler",
                lossScaler(),
                "dynamic_loss_scale",
                false,
                "overflow",
                false,
                "clip_grad",
                1.0,
                "base_optimizer_state",
                moments,
                "single_partition_of_fp32_groups",
                List.<Runnable>of(() -> master.write(file.pickle())),
                "zero_stage",
                stage(),
                "group_paddings",
                List.of(flat.padding()),
                "partition_count",
                List.of(request.ranks()),
                "ds_version",
                VERSION);
    }

    private Object stage3(int rank) {
        List<Partitions.Flat> groups =
                Partitions.interleaved(request.parameters(), request.ranks(), rank, request.subGroup());
        Map<Object, Object> moments =
                adam(groups.stream().map(ZeroStates::numel).toList());
        List<Runnable> flat = new ArrayList<>();
        for (Partitions.Flat group : groups) {
            int key = file.storage(new Content.Parameters(DType.F32, group.runs()));
            TensorPickle tensor = TensorPickle.whole(DType.F32, key, Shape.of(numel(group)), true);
            String id = group.first() + "_" + group.last();
            flat.add(() -> tensor.writeWithAttributes(file.pickle(), file.items(map("ds_id", id))));
        }
        return map(
                "zero_stage",
                stage(),
                "loss_scaler",
                lossScaler(),
                "dynamic_loss_scale",
                false,
                "overflow",
                false,
                "partition_count",
                request.ranks(),
                "optimizer_state_dict",
                moments,
                "fp32_flat_groups",
                flat);
    }

    private static long numel(Partitions.Flat flat) {
        return flat.runs().stream()
                .mapToLong(run -> run.numel() + run.padding())
                .sum();
    }

    private Runnable stage() {
        return file.call("deepspeed.runtime.zero.config", "ZeroStageEnum", request.stage());
    }

    private Runnable lossScaler() {
        return file.object(LOSS_SCALER_MODULE, "LossScaler", map("cur_scale", 1.0, "dynamic", false));
    }

    /// Adam's own state. The moments, two thirds of a real file, are never read by a conversion: here they are
    /// holes.
    private Map<Object, Object> adam(List<Long> sizes) {
        Map<Object, Object> state = new LinkedHashMap<>();
        for (int i = 0; i < sizes.size(); i++) {
            state.put(
                    i,
                    map(
                            "step", scalar(),
                            "exp_avg", whole(new Content.Hole(DType.F32, sizes.get(i)), false),
                            "exp_avg_sq", whole(new Content.Hole(DType.F32, sizes.get(i)), false)));
        }
        return map(
                "state",
                state,
                "param_groups",
                List.of(map(
                        "lr",
                        LEARNING_RATE,
                        "betas",
                        file.tuple(List.of(0.9, 0.95)),
                        "eps",
                        1e-8,
                        "weight_decay",
                        1e-4,
                        "amsgrad",
                        false,
                        "maximize",
                        false,
                        "foreach",
                        NONE,
                        "capturable",
                        false,
                        "differentiable",
                        false,
                        "fused",
                        NONE,
                        "decoupled_weight_decay",
                        true,
                        "params",
                        List.copyOf(state.keySet()))));
    }

    private Runnable scalar() {
        TensorPickle tensor = TensorPickle.whole(DType.F32, file.storage(new Content.Scalar(STEP)), Shape.of(), false);
        return () -> tensor.write(file.pickle());
    }

    private Runnable whole(Content content, boolean requiresGrad) {
        TensorPickle tensor =
                TensorPickle.whole(content.dtype(), file.storage(content), Shape.of(content.numel()), requiresGrad);
        return () -> tensor.write(file.pickle());
    }

    private Map<Object, Object> config() {
        return map(
                "bf16",
                map("enabled", true),
                "optimizer",
                map("type", "AdamW", "params", map("lr", LEARNING_RATE, "weight_decay", 1e-4, "torch_adam", true)),
                "zero_optimization",
                map(
                        "stage",
                        request.stage(),
                        "overlap_comm",
                        true,
                        "contiguous_gradients",
                        true,
                        "reduce_bucket_size",
                        5e8,
                        "sub_group_size",
                        (double) request.subGroup()),
                "gradient_accumulation_steps",
                1,
                "train_micro_batch_size_per_gpu",
                1,
                "train_batch_size",
                request.ranks(),
                "gradient_clipping",
                1.0,
                "steps_per_print",
                Double.POSITIVE_INFINITY,
                "wall_clock_breakdown",
                false,
                "fp16",
                map("enabled", false));
    }
}

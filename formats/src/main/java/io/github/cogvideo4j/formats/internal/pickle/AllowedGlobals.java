package io.github.cogvideo4j.formats.internal.pickle;

import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.BYTES;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.DESCRIPTION;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.DICT;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.SET;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.STORAGE_TYPE;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.TENSOR;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.TUPLE;
import static io.github.cogvideo4j.formats.internal.pickle.AllowedGlobals.Becomes.UNSUPPORTED_TENSOR;

import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Every Python name that a pickle may mention, with the reason why it may and what it becomes here. None of
/// them is ever imported or called: being listed means that files of weights need it and that a description of
/// it is harmless to the reader of the result.
///
/// To allow another name, add it here with the file that needs it as the reason.
public final class AllowedGlobals {
    /// What a name, or a call of it, becomes.
    public enum Becomes {
        /// A map.
        DICT,
        /// A set.
        SET,
        /// A tuple.
        TUPLE,
        /// Bytes.
        BYTES,
        /// A tensor that can be read.
        TENSOR,
        /// A tensor that is refused when it is asked for, by its name in the file.
        UNSUPPORTED_TENSOR,
        /// The element type of a storage.
        STORAGE_TYPE,
        /// A name, or an inert object of that name with its arguments and state.
        DESCRIPTION
    }

    /// One allowed name.
    ///
    /// @param global  the name
    /// @param becomes what it becomes
    /// @param reason  why files of weights need it
    public record Entry(PickleValue.Global global, Becomes becomes, String reason) {}

    private static final Map<PickleValue.Global, Entry> TABLE = new LinkedHashMap<>();

    static {
        python();
        tensors();
        torchTypes();
        trainers();
        distributedCheckpoints();
        distributedTensors();
        numpy();
    }

    private AllowedGlobals() {}

    /// The entry for a name, if it is allowed. Names are compared whole: a dotted path through an allowed
    /// module is another name.
    public static Optional<Entry> find(PickleValue.Global global) {
        return Optional.ofNullable(TABLE.get(global));
    }

    /// All entries, for documentation and for `inspect`.
    public static Collection<Entry> all() {
        return Collections.unmodifiableCollection(TABLE.values());
    }

    /// The refusal of a name that is not allowed.
    static UnsafeFileException refusal(PickleValue.Global global, Place place) {
        boolean model = Stream.of("torch.nn.", "diffusers.", "transformers.", "peft.", "sat.", "__main__")
                .anyMatch(global.module()::startsWith);
        return new UnsafeFileException(
                ProblemCode.UNSAFE_PICKLE,
                place,
                model ? "formats.pickle.unsafe-model" : "formats.pickle.unsafe-global",
                global);
    }

    private static void allow(String module, Becomes becomes, String reason, String... names) {
        for (String name : names) {
            PickleValue.Global global = new PickleValue.Global(module, name);
            TABLE.put(global, new Entry(global, becomes, reason));
        }
    }

    private static void python() {
        allow("collections", DICT, "a state dict is an ordered dictionary", "OrderedDict");
        allow("collections", DICT, "the state of torch's optimizers is one", "defaultdict");
        allow("collections", DICT, "learning-rate schedulers count milestones with it", "Counter");
        for (String builtins : new String[] {"builtins", "__builtin__"}) {
            allow(builtins, SET, "DeepSpeed keeps names of parameters in sets", "set", "frozenset");
            allow(builtins, BYTES, "protocol 2 spells byte arrays as a call", "bytearray");
            allow(builtins, DESCRIPTION, "plain numbers and ranges in trainers' states", "complex", "slice");
        }
        allow("_codecs", BYTES, "protocol 2 spells bytes as encoded text, as in numpy's arrays", "encode");
        allow(
                "_io",
                DESCRIPTION,
                "finetrainers' distributed checkpoints hold its data loader's state as bytes in one",
                "BytesIO");
        allow("argparse", DESCRIPTION, "SAT and Megatron save the trainer's command line", "Namespace");
        allow(
                "pathlib",
                DESCRIPTION,
                "the metadata of a distributed checkpoint holds its folder; read as text, never followed",
                "PosixPath",
                "PurePosixPath",
                "WindowsPath",
                "PureWindowsPath");
    }

    private static void tensors() {
        String utils = "torch._utils";
        allow(utils, TENSOR, "a view of a storage: what every tensor is", "_rebuild_tensor", "_rebuild_tensor_v2");
        allow(
                utils,
                TENSOR,
                "a view whose storage does not know its dtype, as of the 8-bit floats",
                "_rebuild_tensor_v3");
        allow(utils, TENSOR, "a tensor marked as a parameter", "_rebuild_parameter", "_rebuild_parameter_with_state");
        allow(
                "torch._tensor",
                TENSOR,
                "a tensor with attributes: ZeRO stage 3 marks its flat groups",
                "_rebuild_from_type_v2");
        allow("torch", DESCRIPTION, "the class in a tensor with attributes", "Tensor");
        allow("torch.nn.parameter", DESCRIPTION, "the class in a tensor with attributes", "Parameter", "Buffer");
        allow(
                utils,
                UNSUPPORTED_TENSOR,
                "no plain tensor; listed so that the others in its file can be read",
                "_rebuild_sparse_tensor",
                "_rebuild_sparse_csr_tensor",
                "_rebuild_qtensor",
                "_rebuild_meta_tensor_no_storage",
                "_rebuild_nested_tensor",
                "_rebuild_wrapper_subclass");
        allow("torch", TUPLE, "a tensor's sizes", "Size");
    }

    private static void torchTypes() {
        String storage = "the element type of a storage";
        allow(
                "torch",
                STORAGE_TYPE,
                storage,
                "FloatStorage",
                "DoubleStorage",
                "HalfStorage",
                "BFloat16Storage",
                "ByteStorage",
                "CharStorage",
                "ShortStorage",
                "IntStorage",
                "LongStorage",
                "BoolStorage",
                "ComplexFloatStorage",
                "ComplexDoubleStorage");
        allow("torch.storage", STORAGE_TYPE, "a storage that does not know its element type", "UntypedStorage");
        String quantized = "part of a quantized tensor, which is refused by name";
        allow(
                "torch",
                STORAGE_TYPE,
                quantized,
                "QInt8Storage",
                "QUInt8Storage",
                "QInt32Storage",
                "QUInt4x2Storage",
                "QUInt2x4Storage");
        allow(
                "torch",
                DESCRIPTION,
                quantized,
                "per_tensor_affine",
                "per_tensor_symmetric",
                "per_channel_affine",
                "per_channel_symmetric",
                "per_channel_affine_float_qparams",
                "qint8",
                "quint8",
                "qint32",
                "quint4x2",
                "quint2x4");
        Arrays.stream(DType.values())
                .map(DType::torchName)
                .filter(name -> !name.isEmpty())
                .forEach(name -> allow("torch", DESCRIPTION, "a dtype", name));
        allow("torch", DESCRIPTION, "where a tensor was", "device");
        allow("torch.serialization", DESCRIPTION, "a tensor's layout, by name", "_get_layout");
    }

    private static void trainers() {
        String optimizer = "in every DeepSpeed optimizer file";
        allow("deepspeed.runtime.zero.config", DESCRIPTION, optimizer, "ZeroStageEnum");
        allow(
                "deepspeed.runtime.zero.offload_config",
                DESCRIPTION,
                "in DeepSpeed's configuration",
                "OffloadDeviceEnum");
        allow("deepspeed.runtime.fp16.loss_scaler", DESCRIPTION, optimizer, "LossScaler", "DynamicLossScaler");
        allow(
                "deepspeed.utils.tensor_fragment",
                DESCRIPTION,
                "in ZeRO stage 1 and 2 optimizer files",
                "fragment_address");
    }

    private static void distributedCheckpoints() {
        String metadata = "in the .metadata of a distributed checkpoint";
        allow(
                "torch.distributed.checkpoint.metadata",
                DESCRIPTION,
                metadata,
                "Metadata",
                "MetadataIndex",
                "TensorStorageMetadata",
                "BytesStorageMetadata",
                "ChunkStorageMetadata",
                "TensorProperties",
                "StorageMeta",
                "_MEM_FORMAT_ENCODING");
        allow(
                "torch.distributed._shard.sharded_tensor.metadata",
                DESCRIPTION,
                "in the .metadata of torch before 2.3, which kept a tensor's properties there",
                "TensorProperties",
                "MEM_FORMAT_ENCODING");
        allow("torch.distributed.checkpoint.filesystem", DESCRIPTION, metadata, "_StorageInfo", "_StoragePrefix");
    }

    private static void distributedTensors() {
        String module = "torch.distributed.tensor";
        // Until torch 2.4 the package was private.
        String earlier = "torch.distributed._tensor";
        String tensor = "one rank's part of a tensor: what FSDP2's state dicts are made of";
        allow(module, DESCRIPTION, tensor, "DTensor");
        allow(earlier + ".api", DESCRIPTION, tensor, "DTensor");
        String spec = "how the parts of a distributed tensor make the whole: its mesh, placements and sizes";
        for (String where : new String[] {module + "._dtensor_spec", earlier + "._dtensor_spec"}) {
            allow(where, DESCRIPTION, spec, "DTensorSpec", "TensorMeta");
        }
        allow(
                module + "._dtensor_spec",
                DESCRIPTION,
                "in which order a dimension was cut when it was cut more than once",
                "ShardOrderEntry");
        for (String where : new String[] {module + ".placement_types", earlier + ".placement_types"}) {
            allow(where, DESCRIPTION, "along which dimension a tensor is cut", "Shard");
            allow(where, DESCRIPTION, "that every rank has the whole tensor", "Replicate");
            allow(
                    where,
                    DESCRIPTION,
                    "parts that do not add up to a tensor by lying side by side; refused by name",
                    "Partial",
                    "_StridedShard");
        }
        String mesh = "how the ranks were arranged when a distributed tensor was cut";
        allow("torch.distributed.device_mesh", DESCRIPTION, mesh, "DeviceMesh");
        allow("torch.distributed._mesh_layout", DESCRIPTION, mesh, "_MeshLayout", "_FlatLayout");
    }

    private static void numpy() {
        String randomState = "accelerate saves numpy's random state beside the weights; kept as a description";
        for (String module : new String[] {"numpy.core.multiarray", "numpy._core.multiarray"}) {
            allow(module, DESCRIPTION, randomState, "_reconstruct", "scalar");
        }
        allow("numpy", DESCRIPTION, randomState, "ndarray", "dtype");
    }
}

package io.github.cogvideo4j.formats.problem;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// Stable names of everything that can be wrong with a file or a folder, shared by the converter, the
/// verifier and the doctor. [#id()] is what users see, search for and match on in scripts; it never changes
/// once released.
public enum ProblemCode {
    // What a file or folder is instead of weights.
    NOT_A_CHECKPOINT,
    NOT_WEIGHTS,
    GIT_LFS_POINTER,
    UNKNOWN_CONTAINER,
    NOT_TORCH_ZIP,
    TORCHSCRIPT,
    WRONG_CONTAINER,
    OTHER_FORMAT,
    ZERO3_PLACEHOLDER,
    // The pointer to the state, and names that leave their folder.
    LATEST_ABSENT,
    TAG_NOT_FOUND,
    UNSAFE_PATH,
    // Files of a distributed checkpoint that are absent, or that do not belong together.
    MISSING_RANK,
    MISSING_MODEL_STATES,
    NO_OPTIM_STATES,
    MIXED_WORLD_SIZE,
    MIXED_CHECKPOINTS,
    UNKNOWN_STAGE,
    UNSUPPORTED_PARALLELISM,
    NUMEL_MISMATCH,
    // Containers that lie about sizes.
    TRUNCATED,
    ZIP_STRUCTURE,
    ZIP_DUPLICATE,
    STORAGE_BOUNDS,
    MISSING_STORAGE,
    TENSOR_TOO_LARGE,
    BAD_CRC,
    // Pickles.
    UNSAFE_PICKLE,
    PICKLE_SYNTAX,
    PICKLE_LIMIT,
    TORCH_VERSION,
    UNSUPPORTED_TENSOR,
    // safetensors.
    ST_HEADER,
    ST_OFFSETS,
    ST_DTYPE,
    ST_DUPLICATE_KEY,
    // Indexes and shards.
    INDEX_JSON,
    INDEX_MISSING,
    INDEX_STALE_NAMES,
    INDEX_WRONG_NAME,
    INDEX_MISMATCH,
    INDEX_TOTAL_SIZE,
    MISSING_SHARD,
    // Names that inference looks for.
    NAME_MISSING_PREFIX,
    NAME_DOUBLE_PREFIX,
    NAME_WRONG,
    PARTIALLY_RENAMED,
    WRONG_DIRECTORY,
    VARIANT,
    // Two sets of weights.
    AMBIGUOUS_WEIGHTS,
    DUPLICATE_WEIGHTS,
    // Weights against configuration.
    CONFIG_MISSING,
    CONFIG_INVALID,
    MISSING_TENSOR,
    EXTRA_TENSOR,
    SHAPE_MISMATCH,
    KEY_PREFIX,
    LORA_UNMERGED,
    WRONG_COMPONENT,
    // Names that no table of a model has: refused, or written because the caller said so.
    UNKNOWN_NAMES,
    UNCHECKED_NAMES,
    DEEPSPEED_CHECKPOINT_IN_TRANSFORMER,
    // Legal, and not what one wants.
    SHARDED_BIN,
    LORA_ALPHA,
    SCHEDULER,
    PIPELINE_CLASS,
    MODEL_INDEX_MISSING,
    COMPONENT_MISSING,
    LEFTOVERS,
    UNREADABLE,
    // Values.
    NAN_INF,
    ALL_ZERO,
    OVERFLOW,
    // What inference needs of the machine and of what is asked for.
    NATIVE_LIBRARY,
    DEVICE,
    MEMORY,
    ENCODER,
    ENDPOINT,
    REQUEST,
    PROMPT,
    IMAGE,
    VIDEO,
    // The job itself.
    SOURCE_CHANGED,
    OUTPUT_REFUSED,
    NO_SPACE,
    MANIFEST,
    MISSING_FILE,
    JOURNAL,
    REPAIR_REFUSED,
    DIFFERENT,
    COMPONENT_WITHOUT_WEIGHTS,
    /// Several checkpoints, tags or files: which one was taken, or why none was.
    CHOICE,
    /// Something left out on purpose, or taken on an assumption that is named.
    ASSUMED,
    /// The job was asked to stop.
    CANCELLED,
    OK;

    private final String id = name().toLowerCase(Locale.ROOT).replace('_', '-');

    /// The stable name, in kebab case: `bad-crc`.
    public String id() {
        return id;
    }

    /// What kind of problem it is when it stops a job.
    public Category category() {
        return switch (this) {
            case REQUEST, PROMPT -> Category.USAGE;
            case NO_SPACE, NATIVE_LIBRARY, DEVICE, MEMORY, ENCODER, ENDPOINT -> Category.ENVIRONMENT;
            case INDEX_STALE_NAMES,
                    INDEX_WRONG_NAME,
                    NAME_MISSING_PREFIX,
                    NAME_DOUBLE_PREFIX,
                    NAME_WRONG,
                    PARTIALLY_RENAMED,
                    WRONG_DIRECTORY,
                    VARIANT,
                    LEFTOVERS,
                    CHOICE,
                    ASSUMED,
                    OK -> Category.FINDING;
            case CANCELLED -> Category.CANCELLED;
            default -> Category.INPUT;
        };
    }

    /// The code with this [#id()], if there is one.
    public static Optional<ProblemCode> byId(String id) {
        return Arrays.stream(values()).filter(code -> code.id.equals(id)).findFirst();
    }

    @Override
    public String toString() {
        return id;
    }
}

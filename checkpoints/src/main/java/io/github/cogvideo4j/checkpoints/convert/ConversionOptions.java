package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// The options of a conversion: what its result should be like. Start from [#defaults()] and change what differs.
///
/// @param dtype     the dtype of the weights; when absent, that of the base's transformer, else bf16
/// @param files     how weight files are written and called
/// @param link      how the base's other weights come in
/// @param threads   how many tensors are worked on at once; at least 1
/// @param overwrite whether a folder that this program wrote may be replaced
/// @param verify    whether the result is compared with its source before it is put in place
/// @param claims    what the caller says about the model
/// @param layout    whose names and folders the result has
/// @param component what the weights are of; when absent, what their names say
/// @param unchecked whether names that no model is known to have are written all the same
public record ConversionOptions(
        Optional<TargetDType> dtype,
        FileOptions files,
        LinkMode link,
        int threads,
        boolean overwrite,
        boolean verify,
        ModelClaims claims,
        ResultLayout layout,
        Optional<Component> component,
        boolean unchecked) {
    /// A folder for diffusers, without claims about the model, on all processors.
    public static ConversionOptions defaults() {
        return new ConversionOptions(
                Optional.empty(),
                FileOptions.defaults(),
                LinkMode.AUTO,
                Runtime.getRuntime().availableProcessors(),
                false,
                false,
                ModelClaims.none(),
                ResultLayout.DIFFUSERS,
                Optional.empty(),
                false);
    }

    /// With another dtype of the weights.
    public ConversionOptions withDType(TargetDType value) {
        return new ConversionOptions(
                Optional.of(value), files, link, threads, overwrite, verify, claims, layout, component, unchecked);
    }

    /// With weight files written or called otherwise.
    public ConversionOptions withFiles(FileOptions value) {
        return new ConversionOptions(
                dtype, value, link, threads, overwrite, verify, claims, layout, component, unchecked);
    }

    /// With the base's other weights coming in another way.
    public ConversionOptions withLink(LinkMode value) {
        return new ConversionOptions(
                dtype, files, value, threads, overwrite, verify, claims, layout, component, unchecked);
    }

    /// With another number of tensors worked on at once.
    public ConversionOptions withThreads(int value) {
        return new ConversionOptions(
                dtype, files, link, value, overwrite, verify, claims, layout, component, unchecked);
    }

    /// With or without the leave to replace a folder that this program wrote.
    public ConversionOptions withOverwrite(boolean value) {
        return new ConversionOptions(dtype, files, link, threads, value, verify, claims, layout, component, unchecked);
    }

    /// With or without the comparison with the source.
    public ConversionOptions withVerify(boolean value) {
        return new ConversionOptions(
                dtype, files, link, threads, overwrite, value, claims, layout, component, unchecked);
    }

    /// With what is said about the model.
    public ConversionOptions withClaims(ModelClaims value) {
        return new ConversionOptions(
                dtype, files, link, threads, overwrite, verify, value, layout, component, unchecked);
    }

    /// With another layout.
    public ConversionOptions withLayout(ResultLayout value) {
        return new ConversionOptions(
                dtype, files, link, threads, overwrite, verify, claims, value, component, unchecked);
    }

    /// For weights that the caller assigns to a component.
    public ConversionOptions withComponent(Component value) {
        return new ConversionOptions(
                dtype, files, link, threads, overwrite, verify, claims, layout, Optional.of(value), unchecked);
    }

    /// With or without the leave to write names that no model is known to have.
    public ConversionOptions withUnchecked(boolean value) {
        return new ConversionOptions(dtype, files, link, threads, overwrite, verify, claims, layout, component, value);
    }

    /// How weight files are written and called.
    ///
    /// @param format        the containers to write
    /// @param maxShardBytes no weight file gets larger, unless a single tensor is
    /// @param variant       the variant in the weight files' names (`fp16`)
    public record FileOptions(OutputFormat format, long maxShardBytes, Optional<String> variant) {
        /// Five gigabytes, as the scripts that people use today have it.
        public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

        /// Safetensors of five gigabytes at most.
        public static FileOptions defaults() {
            return of(OutputFormat.SAFETENSORS);
        }

        /// Files of five gigabytes at most.
        public static FileOptions of(OutputFormat format) {
            return new FileOptions(format, DEFAULT_SHARD_BYTES, Optional.empty());
        }
    }

    /// The containers that weights are written in.
    public enum OutputFormat {
        /// `.safetensors`, what diffusers looks for first.
        SAFETENSORS,
        /// `.bin`, as `torch.save` writes it.
        BIN,
        /// Both, of the same tensors.
        BOTH;

        /// Whether `.safetensors` files are written.
        public boolean safetensors() {
            return this != BIN;
        }

        /// Whether `.bin` files are written.
        public boolean bin() {
            return this != SAFETENSORS;
        }

        /// The word of the command line and the manifest.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// How the base model's other weight files come into the new folder. Small files are always copied.
    public enum LinkMode {
        /// A hard link where the file system allows, else a copy.
        AUTO,
        /// A hard link, or an error.
        HARD,
        /// A symbolic link to the file itself.
        SYMLINK,
        /// A copy of the bytes.
        COPY;

        /// The word of the command line.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Whose names and folders the result has.
    public enum ResultLayout {
        /// A folder that diffusers loads.
        DIFFUSERS(Optional.empty()),
        /// A checkpoint that SAT loads.
        SAT(Optional.of(CheckpointKind.SAT)),
        /// One file that ComfyUI's own CogVideoX loader takes.
        COMFYUI(Optional.empty());

        private final Optional<CheckpointKind> kind;

        ResultLayout(Optional<CheckpointKind> kind) {
            this.kind = kind;
        }

        /// The kind of checkpoint that the result is, where it is another trainer's than diffusers'.
        public Optional<CheckpointKind> kind() {
            return kind;
        }

        /// The word of the command line.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// What the caller says about the model, in the words of CogVideo's `convert_weight_sat2hf.py`. What the
    /// weights prove is compared with them; what they do not prove is taken from here.
    ///
    /// @param layers        transformer blocks
    /// @param heads         attention heads
    /// @param rotary        whether positions are said to be rotary; false says nothing
    /// @param imageToVideo  whether the model is said to take images; false says nothing
    /// @param version       `1.0` or `1.5`
    /// @param scalingFactor the factor between the autoencoder's latents and the transformer's
    /// @param snrShiftScale the shift of the scheduler's noise
    public record ModelClaims(
            OptionalInt layers,
            OptionalInt heads,
            boolean rotary,
            boolean imageToVideo,
            Optional<String> version,
            OptionalDouble scalingFactor,
            OptionalDouble snrShiftScale) {
        /// Nothing is said.
        public static ModelClaims none() {
            return new ModelClaims(
                    OptionalInt.empty(),
                    OptionalInt.empty(),
                    false,
                    false,
                    Optional.empty(),
                    OptionalDouble.empty(),
                    OptionalDouble.empty());
        }

        /// Whether something is said about a transformer.
        public boolean aboutTransformer() {
            return layers.isPresent() || heads.isPresent() || rotary || imageToVideo || version.isPresent();
        }
    }
}

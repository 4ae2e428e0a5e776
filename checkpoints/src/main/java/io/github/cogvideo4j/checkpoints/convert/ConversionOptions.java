package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.layout.Component;
import java.util.Optional;

/// What the result of a conversion should be like.
///
/// @param dtype         the dtype of the weights; when absent, that of the base's transformer, else bf16
/// @param maxShardBytes no weight file gets larger, unless a single tensor is
/// @param format        the containers to write
/// @param link          how the base's other weights come in
/// @param variant       the variant in the weight files' names (`fp16`)
/// @param threads       how many tensors are worked on at once
/// @param overwrite     whether a folder that this program wrote may be replaced
/// @param verify        whether the result is compared with its source before it is put in place
/// @param claims        what the caller says about the model
/// @param layout        whose names and folders the result has
/// @param component     what the weights are of; when absent, what their names say
public record ConversionOptions(
        Optional<TargetDType> dtype,
        long maxShardBytes,
        OutputFormat format,
        LinkMode link,
        Optional<String> variant,
        int threads,
        boolean overwrite,
        boolean verify,
        ModelClaims claims,
        ResultLayout layout,
        Optional<Component> component) {
    /// Five gigabytes, as the scripts that people use today have it.
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    /// A folder for diffusers of a model of which nothing is said.
    public ConversionOptions(
            Optional<TargetDType> dtype,
            long maxShardBytes,
            OutputFormat format,
            LinkMode link,
            Optional<String> variant,
            int threads,
            boolean overwrite,
            boolean verify) {
        this(
                dtype,
                maxShardBytes,
                format,
                link,
                variant,
                threads,
                overwrite,
                verify,
                ModelClaims.none(),
                ResultLayout.DIFFUSERS,
                Optional.empty());
    }

    /// The same with what is said about the model.
    public ConversionOptions withClaims(ModelClaims said) {
        return new ConversionOptions(
                dtype, maxShardBytes, format, link, variant, threads, overwrite, verify, said, layout, component);
    }

    /// The same in another layout.
    public ConversionOptions withLayout(ResultLayout wanted) {
        return new ConversionOptions(
                dtype, maxShardBytes, format, link, variant, threads, overwrite, verify, claims, wanted, component);
    }

    /// The same for weights that are said to be of a component.
    public ConversionOptions withComponent(Component said) {
        return new ConversionOptions(
                dtype,
                maxShardBytes,
                format,
                link,
                variant,
                threads,
                overwrite,
                verify,
                claims,
                layout,
                Optional.of(said));
    }

    /// What happens when nothing is asked for.
    public static ConversionOptions defaults() {
        return new ConversionOptions(
                Optional.empty(),
                DEFAULT_SHARD_BYTES,
                OutputFormat.SAFETENSORS,
                LinkMode.AUTO,
                Optional.empty(),
                Runtime.getRuntime().availableProcessors(),
                false,
                false);
    }
}

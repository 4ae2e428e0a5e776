package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.layout.Component;
import java.util.Optional;

/// What the result of a conversion should be like. Start from [#defaults()] and change what differs.
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
    /// A folder for diffusers of a model of which nothing is said, worked on by all processors.
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

    /// For weights that are said to be of a component.
    public ConversionOptions withComponent(Component value) {
        return new ConversionOptions(
                dtype, files, link, threads, overwrite, verify, claims, layout, Optional.of(value), unchecked);
    }

    /// With or without the leave to write names that no model is known to have.
    public ConversionOptions withUnchecked(boolean value) {
        return new ConversionOptions(dtype, files, link, threads, overwrite, verify, claims, layout, component, value);
    }
}

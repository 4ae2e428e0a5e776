package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.delta.Delta;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FusedWeight;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// The change that an adapter makes to one module.
///
/// @param name           the module as the file names it, or as the model does once it is bound
/// @param flattened      whether the name's dots are underscores
/// @param weight         what is done to the weight, in order
/// @param bias           what is done to the bias, in order
/// @param rank           the rank, as far as there is one
/// @param alpha          the alpha that the adapter records for it
/// @param rankStabilized whether alpha is divided by the square root of the rank instead of the rank
///                       ("rsLoRA")
public record AdaptedModule(
        String name,
        boolean flattened,
        List<LayerChange> weight,
        List<LayerChange> bias,
        OptionalInt rank,
        OptionalDouble alpha,
        boolean rankStabilized) {
    /// Copies the lists.
    public AdaptedModule {
        weight = List.copyOf(weight);
        bias = List.copyOf(bias);
    }

    /// How the strength of an adapter counts for a change.
    public enum Scaling {
        /// Times scale, times alpha over the rank.
        PRODUCT,
        /// Times scale.
        DIFFERENCE,
        /// Not at all.
        NONE
    }

    /// One change.
    ///
    /// @param delta   the change
    /// @param scaling how it is scaled
    public record LayerChange(Delta delta, Scaling scaling) {}

    /// The same under the name that the model has for it.
    public AdaptedModule bound(String module) {
        return new AdaptedModule(module, false, weight, bias, rank, alpha, rankStabilized);
    }

    /// Everything stored.
    public Stream<StoredTensor> tensors() {
        return Stream.concat(weight.stream(), bias.stream()).flatMap(change -> change.delta().tensors().stream());
    }

    /// Whether anything in it is multiplied by alpha.
    public boolean usesAlpha() {
        return rank.isPresent()
                && Stream.concat(weight.stream(), bias.stream())
                        .anyMatch(change -> change.scaling() == Scaling.PRODUCT);
    }

    /// The factor of the products: `scale * alpha / rank`. Where no alpha is known it is taken to be the
    /// rank, as diffusers and PEFT do, and the factor is the scale itself.
    ///
    /// @param scale how strongly the adapter is applied; 1 as trained
    /// @param given an alpha that goes before the recorded one
    public double factor(double scale, OptionalDouble given) {
        OptionalDouble known = given.isPresent() ? given : alpha;
        if (known.isEmpty() || rank.isEmpty()) {
            return scale;
        }
        int divisor = rank.getAsInt();
        return scale * known.getAsDouble() / (rankStabilized ? Math.sqrt(divisor) : divisor);
    }

    /// Changes with their factors.
    ///
    /// @param changes [#weight()] or [#bias()]
    /// @param scale   how strongly the adapter is applied
    /// @param given   an alpha that goes before the recorded one
    public List<FusedWeight.Term> terms(List<LayerChange> changes, double scale, OptionalDouble given) {
        return changes.stream()
                .map(change -> new FusedWeight.Term(
                        change.delta(),
                        switch (change.scaling()) {
                            case PRODUCT -> factor(scale, given);
                            case DIFFERENCE -> scale;
                            case NONE -> 1;
                        }))
                .toList();
    }
}

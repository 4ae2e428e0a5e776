package io.github.cogvideo4j.inference.internal.transformer;

/// One call of the transformer during a run, as a step cache is handed it.
///
/// @param transformer the transformer
/// @param input       what it is to compute from; under guidance the negative rows come first
/// @param timestep    the sampler's timestep, the same for all rows
/// @param work        counts what is computed
/// @param probe       sees what is computed
public record TransformerCall(
        CogVideoXTransformer transformer,
        TransformerInput input,
        double timestep,
        BlockWork work,
        ActivationProbe probe) {
    /// Begins a forward of all rows.
    public ForwardPass begin() {
        return begin(input);
    }

    /// Begins a forward of other rows.
    public ForwardPass begin(TransformerInput other) {
        return transformer.begin(other, work, probe);
    }
}

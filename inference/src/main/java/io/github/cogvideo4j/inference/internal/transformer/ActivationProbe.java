package io.github.cogvideo4j.inference.internal.transformer;

import org.bytedeco.pytorch.Tensor;

/// A listener to a forward from inside. Tests compare what it sees with the reference's activations.
@FunctionalInterface
public interface ActivationProbe {
    /// Sees nothing.
    ActivationProbe NONE = new ActivationProbe() {
        @Override
        public void see(String name, Tensor activation) {}

        @Override
        public ActivationProbe at(String part) {
            return this;
        }
    };

    /// Called with each activation when it is computed. The tensor is changed afterwards and freed soon:
    /// whoever wants to keep it copies it.
    ///
    /// @param name the stage, such as `block.0.norm1.gate`
    void see(String name, Tensor activation);

    /// The probe for a part of the model: its stages are called `PART.NAME` here.
    default ActivationProbe at(String part) {
        return (name, activation) -> see(part + "." + name, activation);
    }
}

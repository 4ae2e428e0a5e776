package io.github.cogvideo4j.inference.options;

/// How the weights of the transformer's linear layers are kept in memory.
public enum WeightFormat {
    /// As they are used, in the model's own type.
    DENSE,
    /// Eight-bit floats (e4m3), cast to the type of computation when they are used. Equal to diffusers'
    /// layerwise casting: time embeddings, attention and feed-forward, with their biases.
    FP8,
    /// Eight-bit integers with a scale for each output channel. Equal to torchao's weight-only quantization:
    /// every linear layer, without its bias.
    INT8
}

package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/// The state of a step cache during one run of a sampler. Calls come in the order of the run, each on the same
/// thread; closing it frees what it kept.
public interface StepCache extends AutoCloseable {
    /// No cache: everything is computed.
    StepCache NONE = call -> {
        ForwardPass pass = call.begin();
        pass.blocksFrom(0);
        return pass.output();
    };

    /// The transformer's prediction for one call, `[rows, frames, channels, height, width]`.
    Tensor predict(TransformerCall call);

    /// Settings that this run has measured and a later run can be given, by their keys. Only
    /// [MagCache] measures any.
    default Map<String, String> measured() {
        return Map.of();
    }

    @Override
    default void close() {}
}

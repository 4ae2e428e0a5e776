package io.github.cogvideo4j.inference.internal.transformer;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.layer.Linear;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// A number (a timestep, or the ofs value) as a vector: sines and cosines at falling frequencies in fp32,
/// then two linear layers.
final class TimestepEmbedding {
    private static final double LONGEST_PERIOD = 10_000;

    private final Weights weights;
    private final float[] frequencies;
    private final boolean odd;
    private final boolean cosineFirst;
    private final Linear first;
    private final Linear second;

    /// @param in  the width of the sines and cosines together
    /// @param out the width of the embedding
    TimestepEmbedding(Weights weights, long in, long out, TransformerConfig config) {
        if (!config.timestepActivationFn().equals("silu")) {
            throw new InvalidModelException(
                    ProblemCode.CONFIG_INVALID,
                    config.document().place(),
                    "inference.transformer.activation",
                    "timestep_activation_fn",
                    config.timestepActivationFn(),
                    "silu");
        }
        this.weights = weights;
        this.frequencies = frequencies(Math.toIntExact(in / 2), config.freqShift());
        this.odd = in % 2 == 1;
        this.cosineFirst = config.flipSinToCos();
        this.first = Linear.of(weights.at("linear_1"), in, out);
        this.second = Linear.of(weights.at("linear_2"), out, out);
    }

    /// `exp(-ln(10000) i / (n - shift))`. Each exponential is the fp32 value nearest to the true one, as in the
    /// reference's library: multiplied by 1000, one unit in the last place would be seen.
    private static float[] frequencies(int count, double shift) {
        float[] result = new float[count];
        for (int i = 0; i < count; i++) {
            float exponent = (float) -Math.log(LONGEST_PERIOD) * i / (float) (count - shift);
            result[i] = (float) StrictMath.exp(exponent);
        }
        return result;
    }

    /// `[n]` to `[n, out]`, in the model's type.
    ///
    /// @param projection the name under which the probe sees the sines and cosines
    /// @param embedding  the name under which it sees the result
    Tensor forward(Tensor values, ActivationProbe probe, String projection, String embedding) {
        Tensor sinusoid = sinusoid(values);
        probe.see(projection, sinusoid);
        Tensor hidden = first.forward(sinusoid.to(ScalarTypes.of(weights.precision())));
        Tensor result = second.forward(torch.silu_(hidden));
        probe.see(embedding, result);
        return result;
    }

    private Tensor sinusoid(Tensor values) {
        Tensor angles = values.to(ScalarType.Float)
                .unsqueeze(1)
                .mul(torch.tensor(frequencies).to(values.device(), ScalarType.Float));
        Tensor halves = cosineFirst
                ? torch.cat(new TensorVector(angles.cos(), angles.sin()), 1)
                : torch.cat(new TensorVector(angles.sin(), angles.cos()), 1);
        return odd ? torch.constant_pad_nd(halves, new long[] {0, 1}, new Scalar(0)) : halves;
    }
}

package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The low and the high frequencies of predictions, frame by frame and channel by channel: inside and outside
/// of a disc in the middle of the shifted spectrum, and how those of one half of the guidance batch differ from
/// those of the other.
///
/// Source: `_split_low_high_freq` in diffusers' `faster_cache.py`; ComfyUI's wrapper does the same.
final class FrequencySplit implements AutoCloseable {
    private final Kept lowDelta = new Kept();
    private final Kept highDelta = new Kept();

    /// @param low  `[..., height, width]`, complex
    /// @param high the same
    private record Parts(Tensor low, Tensor high) {
        static Parts of(Tensor prediction) {
            Tensor spectrum = torch.fft_fftshift(torch.fft_fft2(prediction.to(ScalarType.Float)), -2, -1);
            Tensor inside = disc(spectrum);
            return new Parts(spectrum.mul(inside), spectrum.mul(inside.logical_not()));
        }

        private static Tensor disc(Tensor spectrum) {
            long height = spectrum.size(-2);
            long width = spectrum.size(-1);
            long radius = Math.min(height, width) / 5;
            TensorOptions whole = new TensorOptions(ScalarType.Long);
            Tensor rows = torch.arange(new Scalar(height), whole).sub(new Scalar(height / 2));
            Tensor columns = torch.arange(new Scalar(width), whole).sub(new Scalar(width / 2));
            Tensor distance = rows.square().unsqueeze(1).add(columns.square().unsqueeze(0));
            return distance.le(new Scalar(radius * radius)).to(spectrum.device(), ScalarType.Bool);
        }
    }

    /// The bytes that are kept of a guidance batch: two complex numbers for each element of one half.
    static long keptBytes(CacheShape shape) {
        return shape.rows() / 2 * shape.latentElements() * 4 * Float.BYTES;
    }

    boolean isMeasured() {
        return lowDelta.isThere();
    }

    /// Keeps by how much a prediction's frequencies differ from another's.
    void measure(Tensor prediction, Tensor other) {
        Scoped.run(() -> {
            Parts parts = Parts.of(prediction);
            Parts others = Parts.of(other);
            lowDelta.keep(parts.low.sub(others.low));
            highDelta.keep(parts.high.sub(others.high));
        });
    }

    /// Multiplies the kept differences.
    void weigh(double low, double high) {
        weigh(lowDelta, low);
        weigh(highDelta, high);
    }

    private static void weigh(Kept delta, double weight) {
        if (weight != 1) {
            delta.get().mul_(new Scalar(weight));
        }
    }

    /// The prediction whose frequencies differ from another's by what was kept, in the other's type.
    Tensor rebuilt(Tensor other) {
        return Scoped.tensor(() -> {
            Parts parts = Parts.of(other);
            Tensor spectrum = lowDelta.get().add(parts.low).add(highDelta.get().add(parts.high));
            Tensor rebuilt = torch.real(torch.fft_ifft2(torch.fft_ifftshift(spectrum, -2, -1)));
            return rebuilt.to(other.scalar_type().intern()).contiguous();
        });
    }

    @Override
    public void close() {
        List.of(lowDelta, highDelta).forEach(Kept::close);
    }
}

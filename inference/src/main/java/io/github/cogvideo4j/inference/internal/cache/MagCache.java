package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// MagCache (Ma et al., arXiv 2506.09045): from ratios between the magnitudes of what all blocks add to the
/// video in successive steps, measured once for a model and a number of steps, follows how far a skipped step
/// would be off; while that is little, the last computed residual is added. The text passes unchanged then.
///
/// Source: `mag_cache.py` of diffusers.
final class MagCache implements StepCache {
    /// Kept out of a division by zero, as in the reference.
    private static final double EPS = 1e-8;

    private final Settings settings;
    private final int firstCached;
    private final List<Double> ratios;
    private final List<Double> measured = new ArrayList<>();
    private final Kept residual = new Kept(); // [rows, video tokens, width]
    private int index;
    private double ratio = 1;
    private double error;
    private int skipped;

    private MagCache(Settings settings, int calls) {
        this.settings = settings;
        this.firstCached = (int) (settings.retention * calls + 0.5);
        this.ratios = spread(settings.ratios, calls);
    }

    /// The nearest ratio for each call, where there are more or fewer than calls.
    private static List<Double> spread(List<Double> ratios, int calls) {
        if (ratios.isEmpty() || ratios.size() == calls) {
            return ratios;
        }
        List<Double> result = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            double place = calls == 1 ? 0 : Math.rint(i * (ratios.size() - 1.0) / (calls - 1));
            result.add(ratios.get((int) place));
        }
        return result;
    }

    /// @param threshold the largest summed error at which a step is skipped
    /// @param maxSkips  how many steps in succession are skipped at most
    /// @param retention the share of the first calls that are always computed
    /// @param calls     how many calls the ratios are meant for; any number when empty
    /// @param ratios    the measured ratios, none to measure them: the run is then computed in full
    record Settings(double threshold, int maxSkips, double retention, OptionalInt calls, List<Double> ratios)
            implements CacheSettings {
        Settings {
            ratios = List.copyOf(ratios);
        }

        @Override
        public StepCache start(CacheRun run) {
            if (calls.isPresent() && calls.getAsInt() != run.calls()) {
                throw CacheValues.problem("inference.cache.mag-steps", calls.getAsInt(), run.calls());
            }
            return new MagCache(this, run.calls());
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return shape.videoBytes();
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        ForwardPass pass = call.begin();
        Tensor video = pass.tokens().video();
        if (isComputed()) {
            Tensor before = video.clone();
            pass.blocksFrom(0);
            Tensor now = video.sub(before);
            before.close();
            if (ratios.isEmpty()) {
                measured.add(residual.isThere() ? ratio(now, residual.get()) : 1);
            }
            residual.keep(now);
        } else {
            video.add_(residual.get());
        }
        index++;
        return pass.output();
    }

    private boolean isComputed() {
        if (ratios.isEmpty() || settings.threshold == 0 || index < firstCached) {
            return true;
        }
        ratio *= ratios.get(index);
        skipped++;
        error += Math.abs(1 - ratio);
        if (residual.isThere() && error <= settings.threshold && skipped <= settings.maxSkips) {
            return false;
        }
        ratio = 1;
        error = 0;
        skipped = 0;
        return true;
    }

    /// The mean over tokens of the quotient of two residuals' norms.
    private static double ratio(Tensor now, Tensor before) {
        return norm(now).div(norm(before).add(new Scalar(EPS))).mean().item_double();
    }

    private static Tensor norm(Tensor residual) {
        return torch.linalg_vector_norm(
                residual.to(ScalarType.Float), new Scalar(2), new long[] {-1}, false, new ScalarTypeOptional());
    }

    @Override
    public Map<String, String> measured() {
        return measured.isEmpty()
                ? Map.of()
                : Map.of(
                        "mag_ratios",
                        measured.stream()
                                .map(value -> Float.toString((float) (double) value))
                                .collect(Collectors.joining("/")));
    }

    @Override
    public void close() {
        residual.close();
    }
}

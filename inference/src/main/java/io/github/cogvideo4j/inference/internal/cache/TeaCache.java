package io.github.cogvideo4j.inference.internal.cache;

import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.inference.internal.transformer.ForwardPass;
import io.github.cogvideo4j.inference.internal.transformer.TransformerCall;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// TeaCache (Liu et al., arXiv 2411.19108): how much the time embedding changes from step to step, put through
/// a polynomial that was fitted to each model, says how much the prediction would change; while the sum is
/// small, the blocks add what they added at the last computed step.
///
/// Nothing of the latents enters, so for a model, a sampler and a number of steps the pattern is always the
/// same.
final class TeaCache implements StepCache {
    /// Beyond this change of the time embedding the published polynomials, which were fitted to changes of 0.02
    /// to 0.2, say nothing: that of 5B falls far below zero. Such a step is computed.
    private static final double LARGEST_FITTED = 0.2;

    private final Settings settings;
    private final List<Double> polynomial;
    private final int calls;
    private final Kept earlierTime = new Kept();
    private final Kept residual = new Kept(); // [rows, tokens, width]
    private int index;
    private double accumulated;

    private TeaCache(Settings settings, CacheRun run) {
        this.settings = settings;
        this.polynomial = settings.coefficients.orElseGet(() -> settings.rules.published(run.config()));
        this.calls = run.calls();
    }

    /// The implementation whose rules are followed.
    enum SkipRules {
        /// TeaCache's own: the first and the last step are computed.
        TEACACHE,
        /// Those of ComfyUI's wrapper: the polynomial's absolute value, no rule for the last step, the
        /// coefficients of 5B for every rotary model.
        WRAPPER;

        double defaultThreshold() {
            return this == WRAPPER ? 0.3 : 0.1;
        }

        private List<Double> published(TransformerConfig config) {
            if (!config.useRotaryPositionalEmbeddings()) {
                return OF_2B;
            }
            if (this == WRAPPER || config.patchSizeT().isEmpty()) {
                return OF_5B;
            }
            return config.ofsEmbedDim().isPresent() ? OF_15_IMAGE : OF_15;
        }
    }

    /// The highest power first.
    private static final List<Double> OF_2B = List.of(-31.0658903, 25.4732368, -5.92380459, 1.75769064, -0.00361568434);

    private static final List<Double> OF_5B = List.of(-1538.80483, 843.202495, -134.363087, 7.97131516, -0.0523162339);
    private static final List<Double> OF_15 = List.of(250.210439, -165.061612, 35.7804877, -0.781551492, 0.0358559703);
    private static final List<Double> OF_15_IMAGE =
            List.of(122.842302, -104.088754, 26.2981677, -0.306009921, 0.037121322);

    /// @param threshold    the sum up to which blocks are skipped
    /// @param coefficients the polynomial, highest power first, taken as it is; the published one for the model
    ///                     when empty, and then only within the changes that it was fitted to
    /// @param rules        whose rules count
    record Settings(double threshold, Optional<List<Double>> coefficients, SkipRules rules) implements CacheSettings {
        Settings {
            coefficients = coefficients.map(List::copyOf);
        }

        @Override
        public StepCache start(CacheRun run) {
            return new TeaCache(this, run);
        }

        @Override
        public long keptBytes(CacheShape shape) {
            return shape.tokenBytes();
        }
    }

    @Override
    public Tensor predict(TransformerCall call) {
        ForwardPass pass = call.begin();
        boolean computed = isComputed(pass.time());
        earlierTime.keep(pass.time().clone());
        index++;
        Tensor tokens = pass.tokens().all();
        if (computed) {
            accumulated = 0;
            Tensor before = tokens.clone();
            pass.blocksFrom(0);
            residual.keep(tokens.sub(before));
        } else {
            tokens.add_(residual.get());
        }
        return pass.output();
    }

    private boolean isComputed(Tensor time) {
        boolean last = settings.rules == SkipRules.TEACACHE && index == calls - 1;
        if (settings.threshold == 0 || last || !earlierTime.isThere()) {
            return true;
        }
        double change = Change.relative(time, earlierTime.get());
        if (settings.coefficients.isEmpty() && change > LARGEST_FITTED) {
            return true;
        }
        double expected = value(change);
        accumulated += settings.rules == SkipRules.WRAPPER ? Math.abs(expected) : expected;
        return accumulated >= settings.threshold;
    }

    private double value(double x) {
        double sum = 0;
        for (double coefficient : polynomial) {
            sum = sum * x + coefficient;
        }
        return sum;
    }

    @Override
    public void close() {
        earlierTime.close();
        residual.close();
    }
}

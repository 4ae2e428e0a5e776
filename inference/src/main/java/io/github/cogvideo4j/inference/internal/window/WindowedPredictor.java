package io.github.cogvideo4j.inference.internal.window;

import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.prediction.NoiseQuery;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.options.WindowOptions.Positions;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Windows around a predictor of rows: each window of frames is predicted by itself, and a frame that is in
/// several of them gets the mean of their predictions, in fp32 and before guidance.
public final class WindowedPredictor implements NoisePredictor {
    private final WindowLayout layout;
    private final IntFunction<NoisePredictor> rows;
    private final Condition condition;
    private final Runnable predicted;
    private int calls;

    /// What stands beside the noisy latents of a window.
    public enum Condition {
        /// The beginning of what stands beside the video: its image is at the head of every window, as in the
        /// reference.
        HEAD,
        /// What stands beside the window's own frames: a control video, a mask.
        OWN_FRAMES
    }

    /// Windows for one run.
    ///
    /// @param rows      predicts a window by its place in the step's list, without guidance
    /// @param predicted called after every window
    public WindowedPredictor(
            WindowLayout layout, IntFunction<NoisePredictor> rows, Condition condition, Runnable predicted) {
        this.layout = layout;
        this.rows = rows;
        this.condition = condition;
        this.predicted = predicted;
    }

    @Override
    public Tensor predict(NoiseQuery query) {
        List<List<Integer>> windows = layout.at(calls++);
        if (windows.size() == 1) {
            Tensor whole = rows.apply(0).predict(query);
            predicted.run();
            return whole;
        }
        return Scoped.tensor(() -> {
            Tensor latents = query.latents();
            long[] shape = latents.shape();
            shape[0] = query.text().size(0);
            TensorOptions wide = new TensorOptions(ScalarType.Float);
            Tensor weights = torch.zeros(new long[] {shape[1]}, wide);
            Tensor sum = torch.zeros(shape, wide).to(latents.device(), ScalarType.Float);
            for (int i = 0; i < windows.size(); i++) {
                List<Integer> window = windows.get(i);
                Tensor frames = torch.tensor(
                        window.stream().mapToLong(Integer::longValue).toArray());
                Tensor weight = torch.tensor(layout.weights(window.size()));
                NoisePredictor predictor = rows.apply(i);
                Tensor part = Scoped.tensor(() -> predictor
                        .predict(part(query, window, frames.to(latents.device(), frames.scalar_type())))
                        .to(ScalarType.Float)
                        .mul(weight.view(1, -1, 1, 1, 1).to(latents.device(), ScalarType.Float)));
                sum.index_add_(1, frames.to(latents.device(), frames.scalar_type()), part);
                weights.index_add_(0, frames, weight);
                part.close();
                predicted.run();
            }
            return sum.div_(weights.view(1, -1, 1, 1, 1).to(latents.device(), ScalarType.Float));
        });
    }

    private NoiseQuery part(NoiseQuery query, List<Integer> window, Tensor frames) {
        Optional<Tensor> beside = query.image().map(image -> switch (condition) {
            case HEAD -> image.narrow(1, 0, window.size());
            case OWN_FRAMES -> image.index_select(1, frames);
        });
        return new NoiseQuery(
                query.latents().index_select(1, frames),
                query.timestep(),
                query.text(),
                beside,
                query.reference().map(other -> other.index_select(1, frames)),
                layout.options().positions() == Positions.VIDEO ? Optional.of(window) : Optional.empty());
    }
}

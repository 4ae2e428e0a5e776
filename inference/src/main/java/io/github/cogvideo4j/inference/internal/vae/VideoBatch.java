package io.github.cogvideo4j.inference.internal.vae;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A batch of equally large videos, whose frames are gathered in one tensor. It belongs to the scope in which this was
/// made.
final class VideoBatch implements FrameConsumer {
    private final PointerScope scope = PointerScope.getInnerScope();
    private final long count;
    private final long length;
    private Optional<Tensor> videos = Optional.empty();

    /// @param count  how many videos
    /// @param length frames of each
    VideoBatch(long count, long length) {
        this.count = count;
        this.length = length;
    }

    @Override
    public void accept(int video, long first, Tensor frames) {
        if (videos.isEmpty()) {
            long[] sizes = {count, frames.size(0), length, frames.size(2), frames.size(3)};
            Tensor memory = torch.empty(sizes, frames.options(), null);
            scope.attach(memory);
            videos = Optional.of(memory);
        }
        videos.get().select(0, video).narrow(1, first, frames.size(1)).copy_(frames);
    }

    /// `[batch, channels, frames, height, width]`.
    Tensor videos() {
        return videos.orElseThrow();
    }
}

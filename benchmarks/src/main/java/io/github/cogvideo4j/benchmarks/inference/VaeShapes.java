package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// The autoencoder of the real models: its weights, and what its decoder convolves.
final class VaeShapes {
    private static final long[] CHANNELS = {128, 256, 256, 512};
    private static final long LATENT = 16;
    private static final long COLORS = 3;
    private static final int LAYERS = 3;
    private static final int MIDDLE = 2;

    private final List<NamedShape> weights = new ArrayList<>();
    private final List<Convolution> convolutions = new ArrayList<>();

    /// One convolution of the decoder.
    ///
    /// @param in     channels going in
    /// @param out    channels coming out
    /// @param taps   frames that it looks at, 1 or 3
    /// @param size   its height and width, 1 or 3
    /// @param frames frames coming out
    /// @param height of a frame
    /// @param width  of a frame
    record Convolution(long in, long out, int taps, int size, long frames, long height, long width) {}

    /// @param frames latent frames, one chunk
    /// @param height of a latent frame
    /// @param width  of a latent frame
    VaeShapes(long frames, long height, long width) {
        encoder();
        decoder(frames, height, width);
    }

    List<NamedShape> weights() {
        return weights;
    }

    /// The decoder's convolutions of one chunk, those of a chunk's repeated frames once.
    List<Convolution> convolutions() {
        return convolutions;
    }

    private void encoder() {
        conv("encoder.conv_in.conv", COLORS, CHANNELS[0], 3, 3);
        long in = CHANNELS[0];
        for (int level = 0; level < CHANNELS.length; level++) {
            for (int i = 0; i < LAYERS; i++) {
                block("encoder.down_blocks." + level + ".resnets." + i, in, CHANNELS[level], false);
                in = CHANNELS[level];
            }
            if (level < CHANNELS.length - 1) {
                conv("encoder.down_blocks." + level + ".downsamplers.0.conv", in, in, 0, 3);
            }
        }
        for (int i = 0; i < MIDDLE; i++) {
            block("encoder.mid_block.resnets." + i, in, in, false);
        }
        norm("encoder.norm_out", in, false);
        conv("encoder.conv_out.conv", in, 2 * LATENT, 3, 3);
    }

    private void decoder(long latentFrames, long latentHeight, long latentWidth) {
        long frames = latentFrames;
        long height = latentHeight;
        long width = latentWidth;
        long in = CHANNELS[CHANNELS.length - 1];
        conv("decoder.conv_in.conv", LATENT, in, 3, 3);
        convolutions.add(new Convolution(LATENT, in, 3, 3, frames, height, width));
        for (int i = 0; i < MIDDLE; i++) {
            decoderBlock("decoder.mid_block.resnets." + i, in, in, frames, height, width);
        }
        for (int level = 0; level < CHANNELS.length; level++) {
            long out = CHANNELS[CHANNELS.length - 1 - level];
            for (int i = 0; i <= LAYERS; i++) {
                decoderBlock("decoder.up_blocks." + level + ".resnets." + i, in, out, frames, height, width);
                in = out;
            }
            if (level < CHANNELS.length - 1) {
                conv("decoder.up_blocks." + level + ".upsamplers.0.conv", in, in, 0, 3);
                height *= 2;
                width *= 2;
                convolutions.add(new Convolution(in, in, 1, 3, frames, height, width));
                frames = level < 2 ? 2 * frames - frames % 2 : frames;
            }
        }
        norm("decoder.norm_out", in, true);
        conv("decoder.conv_out.conv", in, COLORS, 3, 3);
        convolutions.add(new Convolution(in, COLORS, 3, 3, frames, height, width));
    }

    private void decoderBlock(String name, long in, long out, long frames, long height, long width) {
        block(name, in, out, true);
        convolutions.add(new Convolution(in, out, 3, 3, frames, height, width));
        convolutions.add(new Convolution(out, out, 3, 3, frames, height, width));
        if (in != out) {
            convolutions.add(new Convolution(in, out, 1, 1, frames, height, width));
        }
    }

    private void block(String name, long in, long out, boolean spatial) {
        norm(name + ".norm1", in, spatial);
        conv(name + ".conv1.conv", in, out, 3, 3);
        norm(name + ".norm2", out, spatial);
        conv(name + ".conv2.conv", out, out, 3, 3);
        if (in != out) {
            conv(name + ".conv_shortcut", in, out, 1, 1);
        }
    }

    private void norm(String name, long channels, boolean spatial) {
        String affine = spatial ? name + ".norm_layer" : name;
        add(affine + ".weight", channels);
        add(affine + ".bias", channels);
        if (spatial) {
            conv(name + ".conv_y.conv", LATENT, channels, 1, 1);
            conv(name + ".conv_b.conv", LATENT, channels, 1, 1);
        }
    }

    /// @param taps 0 for a convolution without time
    private void conv(String name, long in, long out, int taps, int size) {
        if (taps == 0) {
            add(name + ".weight", out, in, size, size);
        } else {
            add(name + ".weight", out, in, taps, size, size);
        }
        add(name + ".bias", out);
    }

    private void add(String name, long... sizes) {
        weights.add(new NamedShape(name, Shape.of(sizes)));
    }
}

package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.ScalarTypes;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.vae.CogVideoXVae;
import io.github.cogvideo4j.inference.internal.vae.VaeProgress;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.VaeOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/// The measurement of decoding at the real models' width against its floor: the decoder's convolutions alone, in the
/// fastest form that libtorch has for them, on memory that is there.
///
/// Each run is a process of its own, so that the kernel's high-water mark is its own.
public final class VaeBenchmark {
    private static final double WEIGHT_SCALE = 0.02;

    private VaeBenchmark() {}

    /// `make FOLDER`: random weights. `decode FOLDER` or `floor FOLDER`: one measurement, printed as a row of a
    /// Markdown table. `--precision`, `--frames`, `--height`, `--width` (of latents), `--threads`.
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args);
        String mode = arguments.operands().get(0);
        Path folder = Path.of(arguments.operands().get(1));
        Precision precision =
                Precision.valueOf(arguments.get("precision", "fp32").toUpperCase(Locale.ROOT));
        long frames = Long.parseLong(arguments.get("frames", "3"));
        long height = Long.parseLong(arguments.get("height", "30"));
        long width = Long.parseLong(arguments.get("width", "45"));
        VaeShapes shapes = new VaeShapes(frames, height, width);
        if (mode.equals("make")) {
            make(folder, shapes, precision);
            return;
        }
        Torch.start(Integer.parseInt(arguments.get("threads", "2")));
        try (var _ = Torch.inferenceMode()) {
            long cpu = cpuNanos();
            long start = System.nanoTime();
            if (mode.equals("floor")) {
                floor(shapes, precision);
            } else {
                decode(folder, precision, frames, height, width);
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %.1f | %.1f | %d |%n",
                    mode,
                    arguments.get("precision", "fp32"),
                    (System.nanoTime() - start) / 1e9,
                    (cpuNanos() - cpu) / 1e9,
                    ProcessMemory.highWaterMiB());
        }
    }

    private static void decode(Path folder, Precision precision, long... sizes) throws IOException {
        try (CogVideoXVae vae = CogVideoXVae.load(folder, precision, ComputeDevice.CPU)) {
            Scoped.run(() -> vae.decode(
                    torch.randn(1, 16, sizes[0], sizes[1], sizes[2]),
                    VaeOptions.defaults(),
                    (video, first, decoded) -> {},
                    VaeProgress.NONE));
        }
    }

    /// Each convolution once, channels last, weights in the layout of use, its time slices as long as the
    /// decoder's.
    private static void floor(VaeShapes shapes, Precision precision) {
        TensorOptions options = new TensorOptions(ScalarTypes.of(precision));
        for (VaeShapes.Convolution conv : shapes.convolutions()) {
            Scoped.run(() -> {
                long sliceBytes = conv.height() * conv.width() * conv.in() * (precision.isHalf() ? 2 : 4);
                long most = Math.max(1, (96L << 20) / sliceBytes);
                long slices = Math.ceilDiv(conv.frames(), most);
                long slice = Math.ceilDiv(conv.frames(), slices);
                Tensor input = torch.ones(
                        new long[] {1, slice + conv.taps() - 1, conv.height(), conv.width(), conv.in()}, options);
                Tensor weight = torch.ones(
                                new long[] {conv.out(), conv.in(), conv.taps(), conv.size(), conv.size()}, options)
                        .mul_(new Scalar(WEIGHT_SCALE))
                        .contiguous(MemoryFormat.ChannelsLast3d);
                Tensor bias = torch.zeros(new long[] {conv.out()}, options);
                for (long first = 0; first < conv.frames(); first += slice) {
                    long count = Math.min(slice, conv.frames() - first);
                    Scoped.run(() -> convolve(input.narrow(1, 0, count + conv.taps() - 1), weight, bias, conv));
                }
            });
        }
    }

    private static void convolve(Tensor halves, Tensor kernel, Tensor offset, VaeShapes.Convolution conv) {
        Tensor input = BareCalls.quickest(halves);
        Tensor weight = BareCalls.quickest(kernel);
        TensorOptional bias = new TensorOptional(BareCalls.quickest(offset));
        if (conv.size() == 1) {
            torch.linear(input, weight.view(conv.out(), conv.in()), bias);
            return;
        }
        long[] once = {1, 1, 1};
        torch.conv3d(input.permute(0, 4, 1, 2, 3), weight, bias, once, new long[] {0, 1, 1}, once, 1);
    }

    private static void make(Path folder, VaeShapes shapes, Precision precision) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), "{\"_class_name\": \"AutoencoderKLCogVideoX\"}\n");
        RandomFile.write(folder.resolve("diffusion_pytorch_model.safetensors"), shapes.weights(), precision);
    }

    private static long cpuNanos() {
        return java.lang.ProcessHandle.current()
                .info()
                .totalCpuDuration()
                .orElseThrow()
                .toNanos();
    }
}

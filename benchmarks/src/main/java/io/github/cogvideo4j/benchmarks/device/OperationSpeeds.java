package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// How fast a device's operations are at the sizes of the real models.
final class OperationSpeeds {
    private static final int TIMES = 3;
    private static final double GIGA = 1e9;
    private static final double TERA = 1e12;

    private final Subject subject;
    private final Findings findings;
    private double product;
    private double attention;

    OperationSpeeds(Subject subject, Findings findings) {
        this.subject = subject;
        this.findings = findings;
    }

    /// Operations of a half-precision product in a second.
    double product() {
        return product;
    }

    /// Operations of the fastest attention in a second.
    double attention() {
        return attention;
    }

    void run() {
        products();
        attentions();
        convolutions();
        copies();
    }

    private void products() {
        long n = subject.size(8192, 384);
        findings.table("Products of " + n + " x " + n, "type", "ms", "TFLOP/s");
        for (ScalarType type : List.of(ScalarType.BFloat16, ScalarType.Half, ScalarType.Float)) {
            findings.look("product, " + type, 3, () -> product(type, n, ""));
        }
        if (subject.device().cudaIndex().isPresent()) {
            findings.look("product, sums in bf16", 3, () -> {
                Kernels.reduceInHalfPrecision(true);
                try {
                    return product(ScalarType.BFloat16, n, ", sums in bf16 (as libtorch by default)");
                } finally {
                    Kernels.reduceInHalfPrecision(false);
                }
            });
        }
    }

    private String product(ScalarType type, long n, String how) {
        Tensor x = subject.random(type, n, n);
        Tensor y = subject.random(type, n, n);
        double seconds = subject.seconds(TIMES, () -> torch.mm(x, y));
        double rate = 2.0 * n * n * n / seconds;
        if (type == ScalarType.BFloat16 && how.isEmpty()) {
            product = rate;
        }
        findings.row(type + how, seconds * 1e3, rate / TERA);
        return rate(rate);
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, "%.3g TFLOP/s", rate / TERA);
    }

    /// 2B has 30 heads of 64, 5B 48: 226 and 17,550 tokens for 49 frames of 480 x 720, two rows under guidance.
    private void attentions() {
        boolean card = subject.device().cudaIndex().isPresent();
        List<AttentionKernel> kernels = card
                ? List.of(AttentionKernel.FLASH, AttentionKernel.CUDNN, AttentionKernel.EFFICIENT)
                : List.of(AttentionKernel.AUTO);
        long tokens = subject.size(17_776, 200);
        findings.table("Attention in bf16", "rows x heads x tokens x width", "kernel", "ms", "TFLOP/s");
        for (long heads : new long[] {30, 48}) {
            for (AttentionKernel kernel : kernels) {
                findings.look("attention, %d heads, %s".formatted(heads, kernel), 5, () -> {
                    Tensor query = subject.random(ScalarType.BFloat16, 2, heads, tokens, 64);
                    Kernels.use(kernel, false);
                    try {
                        double seconds =
                                subject.seconds(TIMES, () -> torch.scaled_dot_product_attention(query, query, query));
                        double rate = 4.0 * 2 * heads * tokens * tokens * 64 / seconds;
                        attention = Math.max(attention, rate);
                        findings.row("2 x %d x %d x 64".formatted(heads, tokens), kernel, seconds * 1e3, rate / TERA);
                        return rate(rate);
                    } finally {
                        Kernels.use(AttentionKernel.AUTO, false);
                    }
                });
            }
        }
    }

    private void convolutions() {
        long height = subject.size(240, 16);
        long width = subject.size(360, 24);
        findings.table(
                "Convolution of 128 channels, 6 frames of %d x %d, in bf16".formatted(height, width),
                "cuDNN's benchmark",
                "layout",
                "ms",
                "TFLOP/s");
        for (boolean benchmark : new boolean[] {false, true}) {
            for (MemoryFormat format : List.of(MemoryFormat.Contiguous, MemoryFormat.ChannelsLast3d)) {
                findings.look("convolution, %s, benchmark %s".formatted(format, benchmark), 5, () -> {
                    Kernels.use(AttentionKernel.AUTO, benchmark);
                    try {
                        Tensor input = subject.random(ScalarType.BFloat16, 1, 128, 6, height, width)
                                .contiguous(format);
                        Tensor kernel = subject.random(ScalarType.BFloat16, 128, 128, 3, 3, 3)
                                .contiguous(format);
                        double seconds = subject.seconds(TIMES, () -> torch.conv3d(input, kernel));
                        double rate = 2.0 * 128 * 128 * 27 * 4 * (height - 2) * (width - 2) / seconds;
                        findings.row(benchmark, format, seconds * 1e3, rate / TERA);
                        return rate(rate);
                    } finally {
                        Kernels.use(AttentionKernel.AUTO, false);
                    }
                });
            }
        }
    }

    private void copies() {
        long bytes = subject.size(1L << 30, 8L << 20);
        findings.table("Copies of " + (bytes >> 20) + " MiB, and launches", "what", "measured");
        findings.look("copies", 5, () -> {
            Tensor place =
                    torch.empty(new long[] {bytes}, subject.options(ScalarType.Byte), new MemoryFormatOptional());
            Tensor pageable = torch.ones(new long[] {bytes}, new TensorOptions(ScalarType.Byte));
            String plain = gigabytes(bytes, subject.seconds(TIMES, () -> place.copy_(pageable)));
            findings.row("from the machine's memory", plain);
            String pinned = "not on this device";
            if (subject.device().cudaIndex().isPresent()) {
                Tensor source = pageable.pin_memory();
                pinned = gigabytes(bytes, subject.seconds(TIMES, () -> place.copy_(source, true)));
                findings.row("the same, pinned", pinned);
            }
            String within = gigabytes(2 * bytes, subject.seconds(TIMES, () -> place.add_(new Scalar(1))));
            findings.row("read and written on the device", within);
            return plain + ", pinned: " + pinned + ", on the device: " + within;
        });
        findings.look("launches", 2, () -> {
            Tensor one = subject.random(ScalarType.Float, 1);
            int count = 2_000;
            double seconds = subject.seconds(1, () -> {
                for (int i = 0; i < count; i++) {
                    one.add_(new Scalar(1));
                }
                return one;
            });
            String each = String.format(Locale.ROOT, "%.1f us", seconds / count * 1e6);
            findings.row("an operation on one number", each);
            return each;
        });
    }

    private static String gigabytes(long bytes, double seconds) {
        return String.format(Locale.ROOT, "%.1f GB/s", bytes / seconds / GIGA);
    }
}

package io.github.cogvideo4j.benchmarks.device;

import static io.github.cogvideo4j.benchmarks.device.Findings.within;

import io.github.cogvideo4j.inference.internal.device.OutOfMemory;
import io.github.cogvideo4j.inference.internal.runtime.Kernels;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import java.util.List;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Whether a device computes what the processor computes in double precision.
final class OperationChecks {
    private static final List<ScalarType> TYPES = List.of(ScalarType.Float, ScalarType.BFloat16, ScalarType.Half);

    private final Subject subject;
    private final Findings findings;

    OperationChecks(Subject subject, Findings findings) {
        this.subject = subject;
        this.findings = findings;
    }

    void run() {
        findings.look("numbers of a seed arrive unchanged", 1, () -> {
            Tensor there = subject.seeded(ScalarType.Float, 1000);
            Tensor here = torch.randn(
                    new long[] {1000},
                    new GeneratorOptional(torch.createCPUGenerator(1)),
                    new TensorOptions(ScalarType.Float));
            return within(Subject.difference(there, here), 0);
        });
        findings.look("fp32 product, 512 x 512", 1, () -> {
            Tensor x = subject.seeded(ScalarType.Float, 512, 512);
            return within(Subject.difference(torch.mm(x, x), torch.mm(Subject.wide(x), Subject.wide(x))), 2e-4);
        });
        findings.look("fp32 convolution in channels-last layout", 1, () -> {
            Tensor input = subject.seeded(ScalarType.Float, 1, 32, 5, 20, 20).contiguous(MemoryFormat.ChannelsLast3d);
            Tensor kernel = subject.seeded(ScalarType.Float, 32, 32, 3, 3, 3).contiguous(MemoryFormat.ChannelsLast3d);
            return within(
                    Subject.difference(
                            torch.conv3d(input, kernel), torch.conv3d(Subject.wide(input), Subject.wide(kernel))),
                    1e-3);
        });
        findings.look("layer norm and GELU in fp32", 1, () -> {
            Tensor x = subject.seeded(ScalarType.Float, 64, 1920);
            return within(Subject.difference(activated(x), activated(Subject.wide(x))), 1e-5);
        });
        findings.look("fp8 and int8 weights are cast as on the processor", 1, () -> {
            Tensor x = subject.seeded(ScalarType.Float, 64, 64);
            Tensor small = x.to(ScalarType.Float8_e4m3fn).to(ScalarType.BFloat16);
            Tensor here = Subject.wide(x).to(ScalarType.Float).to(ScalarType.Float8_e4m3fn);
            return within(Subject.difference(small, here.to(ScalarType.BFloat16)), 0);
        });
        attention();
        outOfMemory();
    }

    private static Tensor activated(Tensor x) {
        return torch.gelu(
                torch.layer_norm(x, new long[] {1920}, new TensorOptional(), new TensorOptional(), 1e-5, false),
                "tanh");
    }

    private void attention() {
        for (AttentionKernel kernel : AttentionKernel.values()) {
            for (ScalarType type : TYPES) {
                boolean half = type != ScalarType.Float;
                boolean onlyHalf = kernel == AttentionKernel.FLASH || kernel == AttentionKernel.CUDNN;
                boolean card = subject.device().cudaIndex().isPresent();
                boolean has =
                        card ? half || !onlyHalf : kernel == AttentionKernel.AUTO || kernel == AttentionKernel.MATH;
                if (has) {
                    findings.look("attention, %s, %s".formatted(kernel, type), 1, () -> attention(kernel, type));
                }
            }
        }
    }

    private String attention(AttentionKernel kernel, ScalarType type) {
        Tensor query = subject.seeded(type, 1, 4, 300, 64);
        Kernels.use(kernel, false);
        try {
            Tensor actual = torch.scaled_dot_product_attention(query, query, query);
            Tensor wide = Subject.wide(query);
            double allowed = type == ScalarType.Float ? 1e-5 : type == ScalarType.Half ? 6e-3 : 3e-2;
            return within(Subject.difference(actual, torch.scaled_dot_product_attention(wide, wide, wide)), allowed);
        } finally {
            Kernels.use(AttentionKernel.AUTO, false);
        }
    }

    private void outOfMemory() {
        findings.look("memory that is used up is known by its words", 1, () -> {
            try {
                torch.empty(new long[] {1L << 55}, subject.options(ScalarType.Byte), new MemoryFormatOptional());
            } catch (RuntimeException e) {
                if (OutOfMemory.is(e)) {
                    return "it is";
                }
                throw e;
            }
            throw new Findings.Wrong("so much memory was given");
        });
    }
}

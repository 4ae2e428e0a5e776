package io.github.cogvideo4j.benchmarks.device;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.pytorch.Context;

/// The check of a device from correctness to speed, within a time: `scripts/gpu-check.sh`.
public final class GpuCheck {
    private GpuCheck() {}

    /// `--device cuda|cpu`, `--goldens FOLDER`, `--work FOLDER` (36 GB for random weights), `--out FILE` for the
    /// tables,
    /// `--seconds N`, `--brief` for small sizes. Exits with 1 when something is wrong.
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args, "brief");
        int threads = Runtime.getRuntime().availableProcessors();
        ComputeDevice device =
                ComputeDevice.start(new ComputeOptions(Precision.BF16, arguments.get("device", "cuda"), threads));
        Torch.start(threads);
        Subject subject = new Subject(device, arguments.has("brief"));
        Findings findings = new Findings(Double.parseDouble(arguments.get("seconds", "600")));
        Path goldens = Path.of(arguments.get("goldens", ""));
        String what = described(device);
        findings.say("%s", what);
        OperationSpeeds speeds = new OperationSpeeds(subject, findings);
        try (var _ = Torch.inferenceMode()) {
            new OperationChecks(subject, findings).run();
        }
        new ParityChecks(subject, findings, goldens).run();
        try (var _ = Torch.inferenceMode()) {
            speeds.run();
        }
        new ModelRuns(subject, findings, speeds, goldens, Path.of(arguments.get("work", ""))).run();
        if (!findings.finish(what, Path.of(arguments.get("out", "gpu-check.md")))) {
            System.exit(1);
        }
    }

    private static String described(ComputeDevice device) {
        if (device.cudaIndex().isEmpty()) {
            return "%s, %d threads"
                    .formatted(device.name(), Runtime.getRuntime().availableProcessors());
        }
        return "%s, cudart %d, cuDNN %d, %.0f GiB free"
                .formatted(
                        device.name(),
                        Context.versionCUDART(),
                        Context.versionRuntimeCuDNN(),
                        DeviceMemory.available(device).orElse(0) / (double) (1L << 30));
    }
}

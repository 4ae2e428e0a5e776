package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// Checkpoints of one model, and merges of them.
final class Merges {
    static final Path BASE = Resources.fixture("lora-ddp-bf16-w2/base");
    static final Path A = Resources.fixture("zero2-bf16-w3/output/checkpoint-3");
    static final Path B = Resources.fixture("zero3-bf16-w3/output/checkpoint-3");
    static final Path C = Resources.fixture("zero1-bf16-w2/output/checkpoint-3");
    static final Path RUN = Resources.fixture("zero2-multi-bf16-w2/output");

    private Merges() {}

    /// An exponential average.
    static Arithmetic ema(double decay) {
        return new Arithmetic(
                MergeMethod.AVERAGE,
                List.of(),
                OptionalDouble.of(decay),
                OptionalDouble.empty(),
                OptionalInt.empty(),
                List.of());
    }

    /// A request for `model` in a folder.
    static MergeRequest request(Path folder, List<Path> sources, Arithmetic arithmetic) {
        return MergeRequest.of(sources, folder.resolve("model")).withArithmetic(arithmetic);
    }

    /// A merge to fp32, proven.
    static Manifest merged(Path folder, List<Path> sources, Arithmetic arithmetic, boolean base) throws IOException {
        MergeRequest request = request(folder, sources, arithmetic)
                .withOptions(
                        ConversionOptions.defaults().withDType(TargetDType.FP32).withVerify(true));
        return run(base ? request.withBase(BASE.toString()) : request);
    }

    /// Carries a request out.
    static Manifest run(MergeRequest request) throws IOException {
        return request.plan(JobControl.none())
                .run(JobControl.none())
                .model()
                .orElseThrow()
                .manifest();
    }

    /// Whether the merged model is equal to what its sources make.
    static boolean verified(Path folder, List<Path> sources, Optional<Path> base) throws IOException {
        VerificationReport report = new VerificationRequest(
                        folder.resolve("model").toString(),
                        Optional.of(sources.getFirst()),
                        List.of(),
                        sources.subList(1, sources.size()),
                        base.map(Path::toString),
                        Optional.empty(),
                        false,
                        2)
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(report.differences())
                .allSatisfy(difference -> assertThat(difference).isInstanceOf(TensorDifference.Values.class));
        return report.differences().isEmpty();
    }
}

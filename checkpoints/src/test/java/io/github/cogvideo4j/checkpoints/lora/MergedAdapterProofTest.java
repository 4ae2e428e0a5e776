package io.github.cogvideo4j.checkpoints.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.TinySafetensors;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Merged adapters have a manifest, and are proven by it and by the adapters that they were merged from.
class MergedAdapterProofTest {
    private static final Path ONE = Resources.fixture("lora-ddp-bf16-w2/output/checkpoint-3");
    private static final Path OTHER = Resources.fixture("lora-alpha-ddp-bf16-w2/output/checkpoint-3");
    private static final Path DIALECTS = Resources.fixture("lora-dialects");

    @TempDir
    Path folder;

    /// Whatever ranks, weights, alphas and types: what is written is what the record makes again, to the bit.
    @Property(tries = 10)
    void whatIsRecordedMakesItAgain(Generator generator) throws IOException {
        Path at = Files.createTempDirectory("adapters");
        try {
            List<Path> sources = generator.bool()
                    ? List.of(ONE, OTHER)
                    : List.of(
                            DIALECTS.resolve("kohya-single/input"),
                            DIALECTS.resolve("peft-folder/input"),
                            DIALECTS.resolve("diffusers-no-alpha/input"));
            List<Double> weights = new ArrayList<>();
            List<Double> alphas = new ArrayList<>();
            for (int i = 0; i < sources.size(); i++) {
                weights.add(generator.integer(-8, 8) / 4.0 + 0.125);
                alphas.add(generator.integer(1, 16) / 2.0);
            }
            Arithmetic arithmetic = new Arithmetic(
                    MergeMethod.AVERAGE,
                    weights,
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    generator.bool() ? OptionalInt.of(generator.integer(1, 9)) : OptionalInt.empty(),
                    generator.bool() ? alphas : List.of());
            TargetDType dtype = generator.of(TargetDType.FP32, TargetDType.BF16, TargetDType.FP16);
            Path file = MergeRequest.of(sources, generator.bool() ? at.resolve("a.safetensors") : at.resolve("a"))
                    .withArithmetic(arithmetic)
                    .withOptions(ConversionOptions.defaults().withDType(dtype))
                    .plan(JobControl.none())
                    .run(JobControl.none())
                    .adapter()
                    .orElseThrow()
                    .file();
            VerificationReport intact =
                    VerificationRequest.of(file).plan(JobControl.none()).run(JobControl.none());
            assertThat(intact.manifest()).isTrue();
            assertThat(intact.problems()).isEmpty();
            assertThat(intact.tensors()).isEqualTo(TinySafetensors.read(file).size());
            VerificationReport equal = against(file, sources);
            assertThat(equal.problems()).isEmpty();
            assertThat(equal.sources()).isEqualTo(sources.size());
            assertThat(equal.tensors()).isEqualTo(intact.tensors());
        } finally {
            io.github.cogvideo4j.checkpoints.internal.staging.FolderDeletion.delete(at);
        }
    }

    @Test
    void theRecordNamesWhatWasDone() throws IOException {
        merge(List.of(ONE, OTHER), OptionalInt.of(5));
        Manifest manifest = ManifestJson.readFile(folder.resolve("merged/pytorch_lora_weights.cogvideo4j.json"));
        Manifest.Merge merge = manifest.source().merge().orElseThrow();
        assertThat(merge.rank()).hasValue(5);
        assertThat(merge.weights()).containsExactly(1.0, 0.5);
        assertThat(merge.sources())
                .extracting(Manifest.MergedSource::path)
                .allMatch(path -> Path.of(path).isAbsolute());
        assertThat(merge.sources().getLast().alpha()).hasValue(16);
        assertThat(manifest.source().files()).hasSize(2);
        TinySafetensors.read(folder.resolve("merged/pytorch_lora_weights.safetensors"))
                .forEach((name, tensor) -> {
                    byte[] bytes = new byte[tensor.bytes().remaining()];
                    tensor.bytes().duplicate().get(bytes);
                    assertThat(manifest.tensors().get(name))
                            .isEqualTo(new Manifest.TensorEntry(tensor.dtype(), tensor.shape(), Digests.sha256(bytes)));
                });
    }

    @Test
    void whatIsAnotherIsSaidToBe() throws IOException {
        Path file = merge(List.of(ONE, OTHER), OptionalInt.empty());
        Path merged = folder.resolve("merged");
        assertThat(against(merged, List.of(ONE, OTHER)).problems()).isEmpty();
        assertThat(against(merged, List.of(OTHER, ONE)).differences()).isNotEmpty();
        assertThatThrownBy(() -> against(merged, List.of(ONE))).isInstanceOf(InvalidRequestException.class);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThat(against(merged, List.of(ONE, OTHER)).differences()).hasSize(1);
        assertThat(VerificationRequest.of(merged)
                        .plan(JobControl.none())
                        .run(JobControl.none())
                        .problems())
                .extracting(Problem::code)
                .containsExactly(ProblemCode.DIFFERENT);
    }

    /// A run that has gone on since: the checkpoints that were merged are taken.
    @Test
    void theRunOfTheSourcesWillDo() throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(ONE, run.resolve("checkpoint-1"));
        Resources.copy(OTHER, run.resolve("checkpoint-2"));
        Path file = merge(List.of(run), OptionalInt.of(3));
        Resources.copy(OTHER, run.resolve("checkpoint-3"));
        assertThat(against(file, List.of(run)).problems()).isEmpty();
    }

    /// A manifest is of one file: another that takes its name is not what the manifest says.
    @Test
    void theManifestGoesWithItsFile() throws IOException {
        merge(List.of(ONE, OTHER), OptionalInt.empty());
        LoraExport.export(
                new LoraExport.Request(ONE, SourceOptions.defaults(), Optional.empty(), OptionalDouble.empty()),
                folder.resolve("merged"),
                true);
        try (var left = Files.list(folder.resolve("merged"))) {
            assertThat(left).hasSize(1);
        }
    }

    private static VerificationReport against(Path merged, List<Path> sources) throws IOException {
        return new VerificationRequest(
                        merged.toString(),
                        Optional.of(sources.getFirst()),
                        List.of(),
                        sources.subList(1, sources.size()),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        2)
                .plan(JobControl.none())
                .run(JobControl.none());
    }

    private Path merge(List<Path> sources, OptionalInt rank) throws IOException {
        return MergeRequest.of(sources, folder.resolve("merged"))
                .withArithmetic(new Arithmetic(
                        MergeMethod.AVERAGE,
                        List.of(1.0, 0.5),
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        rank,
                        List.of(2.0, 16.0)))
                .plan(JobControl.none())
                .run(JobControl.none())
                .adapter()
                .orElseThrow()
                .file();
    }
}

package io.github.cogvideo4j.checkpoints.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.ConversionRequest;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.FusionRequest;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.doctor.Diagnosis;
import io.github.cogvideo4j.checkpoints.doctor.DiagnosisRequest;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.verify.TensorDifference;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/// The snippets of docs/library.md, compiled and run. [#theDocumentHasTheseSnippets()] holds both to the same
/// text.
class LibraryDocumentTest {
    private static final Path SOURCE =
            Path.of("src/test/java/io/github/cogvideo4j/checkpoints/document/LibraryDocumentTest.java");

    @Test
    void theSnippetsRun(@TempDir Path folder) throws IOException {
        Path checkpoint = Resources.fixture("zero2-bf16-w2/output/checkpoint-3");
        Path output = folder.resolve("my-model");
        Path base = Resources.fixture("any-lora-flux-ddp-bf16-w2/base");
        Path adapter = Resources.fixture("any-lora-flux-ddp-bf16-w2/output/checkpoint-3");
        Path other = Resources.fixture("zero3-bf16-w2/output/checkpoint-3");
        Path mergedModel = folder.resolve("merged");
        Path fusedModel = folder.resolve("fused");
        AtomicLong bytes = new AtomicLong();
        List<Problem> warnings = new ArrayList<>();
        List<String> told = new ArrayList<>();

        ConversionRequest request = ConversionRequest.of(checkpoint, output)
                .withOptions(ConversionOptions.defaults().withDType(TargetDType.BF16));
        ConversionPlan plan = request.plan(JobControl.none());
        Converter.Result result = plan.run(JobControl.none());

        ObjectNode json = request.toJson();
        ConversionRequest same = ConversionRequest.read(json);

        Cancellation cancellation = new Cancellation();
        JobControl control = new JobControl(
                event -> {
                    switch (event) {
                        case JobEvent.Begun begun -> bytes.set(0);
                        case JobEvent.Advanced more -> bytes.addAndGet(more.amount());
                        case JobEvent.Warned warned -> warnings.add(warned.problem());
                        case JobEvent.Detail _ -> {} // of one kind of job only
                    }
                },
                cancellation);

        VerificationReport intact =
                VerificationRequest.of(output).withDeep(true).plan(control).run(control);
        VerificationReport equal = VerificationRequest.of(output)
                .withAgainst(checkpoint)
                .plan(control)
                .run(control);
        List<TensorDifference> differences = equal.differences();

        Diagnosis diagnosis = DiagnosisRequest.of(output)
                .plan(control)
                .run(control)
                .diagnosis()
                .orElseThrow();
        for (Finding finding : diagnosis.findings()) {
            String sentence = finding.problem().message().text(Locale.ENGLISH);
            Optional<Remedy> remedy = finding.remedy();
            told.add(sentence + remedy.map(value -> " " + value).orElse(""));
        }

        FusionRequest fusion = FusionRequest.of(base, adapter, fusedModel)
                .withOptions(ConversionOptions.defaults().withVerify(true));
        FusionRequest.Plan planned = fusion.plan(control);
        Converter.Result fused = planned.run(control);
        double change = planned.strength().map(LoraFusion.Strength::ratio).orElse(0.0);

        MergeRequest merge = MergeRequest.of(List.of(checkpoint, other), mergedModel)
                .withArithmetic(MergeRequest.Arithmetic.of(Manifest.MergeMethod.AVERAGE, 0.25, 0.75));
        Optional<Converter.Result> merged = merge.plan(control).run(control).model();

        try {
            ConversionRequest.of(checkpoint.resolveSibling("checkpoint-4"), output)
                    .plan(JobControl.none());
        } catch (NoSuchFileException missing) {
            told.add(missing.getFile());
        } catch (RuntimeException e) {
            if (!(e instanceof CarriesProblem refused)) {
                throw e;
            }
            told.add(refused.category() + " " + refused.problem().code().id());
        }

        assertThat(result.output()).isEqualTo(output);
        assertThat(same).isEqualTo(request);
        assertThat(bytes.get()).isPositive();
        assertThat(warnings).isNotEmpty();
        assertThat(change).isPositive();
        assertThat(fused.output()).isEqualTo(fusedModel);
        assertThat(merged.orElseThrow().output()).isEqualTo(mergedModel);
        assertThat(intact.problems()).isEmpty();
        assertThat(equal.problems()).isEmpty();
        assertThat(differences).isEmpty();
        assertThat(told).isNotEmpty();
    }

    @Test
    void theDocumentHasTheseSnippets() throws IOException {
        String code = squeezed(Files.readString(SOURCE));
        Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/library.md")));
        assertThat(blocks.results().map(block -> squeezed(block.group(1))))
                .isNotEmpty()
                .allSatisfy(block -> assertThat(code).contains(block));
    }

    /// Line breaks and indentation are the formatter's.
    private static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }
}

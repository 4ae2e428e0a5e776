package io.github.cogvideo4j.checkpoints.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlanner;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A folder that was converted and then tampered with.
class VerificationTest {
    private static final String WEIGHTS = "transformer/diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    private Path model;
    private Checkpoint checkpoint;

    @BeforeEach
    void convert() throws IOException {
        model = folder.resolve("model");
        Path base = Resources.copy(Resources.golden("pipelines/t2v-2b"), folder.resolve("base"));
        checkpoint = Checkpoints.open(Resources.fixture("sample-t2v-2b/output/checkpoint-3"), SourceOptions.defaults());
        ConversionOptions options =
                ConversionOptions.defaults().withDType(TargetDType.BF16).withLink(LinkMode.SYMLINK);
        Converter.convert(
                ConversionPlanner.plan(checkpoint, model, Optional.of(BaseModel.read(base)), options),
                JobControl.none());
    }

    @Test
    void whatWasJustConvertedIsIntactAndEqual() throws IOException {
        assertThat(verify(true)).isEmpty();
        assertThat(compare()).isEmpty();
    }

    @Test
    void aFlippedBitInATensorIsFoundAndDescribed() throws IOException {
        // The last two bytes are the last element, by the file's order of names:
        // transformer_blocks.1.norm2.norm.weight.
        flip(WEIGHTS, -1, 0x40);
        assertThat(codes(verify(false))).containsExactly(ProblemCode.DIFFERENT);
        List<TensorDifference> differences = compare();
        assertThat(differences).singleElement().isInstanceOfSatisfying(TensorDifference.Values.class, values -> {
            assertThat(values.name()).isEqualTo("transformer_blocks.1.norm2.norm.weight");
            assertThat(values.count()).isEqualTo(1);
            long last = checkpoint.entries().stream()
                            .filter(entry -> entry.name().equals(values.name()))
                            .findFirst()
                            .orElseThrow()
                            .tensor()
                            .shape()
                            .numel()
                    - 1;
            assertThat(values.first()).isEqualTo(last);
            assertThat(values.largest()).isPositive();
        });
    }

    @ParameterizedTest
    @CsvSource({
        "transformer/config.json, 5",
        "model_index.json, 5",
        "transformer/model.safetensors.index.json, 40",
        "tokenizer/spiece.model, 100",
        WEIGHTS + ", 30"
    })
    void aFlippedBitInAnyOtherFileIsFound(String path, int offset) throws IOException {
        flip(path, offset, 1);
        assertThat(verify(false)).isNotEmpty();
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(model.resolve("tokenizer/spiece.model"));
        assertThat(verify(false))
                .singleElement()
                .satisfies(problem -> assertThat(problem.message().text()).contains("tokenizer/spiece.model"));
    }

    @Test
    void aLinkedFileOfTheBaseThatChangedIsFoundByTimeAndBehindItsTimeByHash() throws IOException {
        Path linked = folder.resolve("base/vae/diffusion_pytorch_model.safetensors");
        FileTime before = Files.getLastModifiedTime(linked);
        flip("vae/diffusion_pytorch_model.safetensors", -3, 1);
        assertThat(codes(verify(false))).containsExactly(ProblemCode.DIFFERENT);
        Files.setLastModifiedTime(linked, before);
        assertThat(verify(false)).isEmpty();
        assertThat(codes(verify(true))).containsExactly(ProblemCode.DIFFERENT);
    }

    @Test
    void aLinkedFileThatWasOnlyTouchedIsStillTheSame() throws IOException {
        Files.setLastModifiedTime(
                folder.resolve("base/vae/diffusion_pytorch_model.safetensors"), FileTime.from(Instant.EPOCH));
        assertThat(verify(false)).isEmpty();
    }

    @Test
    void anotherCheckpointOfTheSameModelIsNotEqual() throws IOException {
        Path base = Resources.golden("pipelines/t2v-2b/transformer");
        List<TensorDifference> differences = SourceComparison.compare(
                model.resolve("transformer"), Checkpoints.open(base, SourceOptions.defaults()), 2, JobControl.none());
        // The fixture's case.json: every tensor moved in training.
        assertThat(differences).hasSize(checkpoint.entries().size());
    }

    @Test
    void withoutAManifestStructureAndValuesAreChecked() throws IOException {
        Files.delete(model.resolve(Manifest.FILE_NAME));
        assertThat(verify(false)).isEmpty();
        VerificationReport nan = FolderVerification.verify(
                Resources.fixture("broken/nan-safetensors/input"), false, 2, JobControl.none());
        assertThat(codes(nan.problems())).contains(ProblemCode.NAN_INF);
        VerificationReport zero = FolderVerification.verify(
                Resources.fixture("broken/all-zero-tensor/input"), false, 2, JobControl.none());
        assertThat(codes(zero.problems())).contains(ProblemCode.ALL_ZERO);
        VerificationReport missing = FolderVerification.verify(
                Resources.fixture("broken/missing-tensor/input"), false, 2, JobControl.none());
        assertThat(missing.manifest()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"../../etc/passwd", "/etc/passwd", "a/../../b", "a//b", "..", "a\\..\\b"})
    @Attack(
            name = "manifest-traversal",
            tries = "a manifest lists a file outside the folder it proves",
            fails = "a listed path must stay inside its folder, part by part, or the manifest is refused")
    void aForgedManifestCannotNameAFileOutsideItsFolder(String path) throws IOException {
        String manifest = Files.readString(model.resolve(Manifest.FILE_NAME));
        Files.writeString(
                model.resolve(Manifest.FILE_NAME),
                manifest.replace("\"model_index.json\"", "\"" + path.replace("\\", "\\\\") + "\""));
        assertThatThrownBy(() -> verify(false))
                .isInstanceOfSatisfying(
                        FormatException.class,
                        e -> assertThat(e.problem().code()).isEqualTo(ProblemCode.UNSAFE_PATH));
    }

    private List<Problem> verify(boolean deep) throws IOException {
        return FolderVerification.verify(model, deep, 2, JobControl.none()).problems();
    }

    private List<TensorDifference> compare() throws IOException {
        return SourceComparison.compare(model.resolve("transformer"), checkpoint, 2, JobControl.none());
    }

    private static List<ProblemCode> codes(List<Problem> problems) {
        return problems.stream().map(Problem::code).distinct().toList();
    }

    /// Flips bits of one byte; a negative offset counts from the end.
    private void flip(String path, long offset, int bits) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(path).toFile(), "rw")) {
            long at = offset < 0 ? file.length() + offset : offset;
            file.seek(at);
            int value = file.read();
            file.seek(at);
            file.write(value ^ bits);
        }
    }
}

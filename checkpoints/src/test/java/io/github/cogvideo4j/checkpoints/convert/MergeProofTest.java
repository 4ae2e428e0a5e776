package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.verify.VerificationReport;
import io.github.cogvideo4j.checkpoints.verify.VerificationRequest;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.testing.Attack;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Merged checkpoints are proven from their sources, and from no others.
class MergeProofTest {
    @TempDir
    Path folder;

    @Test
    void theMergeIsProvenFromItsSourcesAndFromNoOthers() throws IOException {
        Merges.merged(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true);
        assertThat(Merges.verified(folder, List.of(Merges.A, Merges.B), Optional.of(Merges.BASE)))
                .isTrue();
        assertThat(Merges.verified(folder, List.of(Merges.B, Merges.A), Optional.of(Merges.BASE)))
                .isFalse();
        assertThatThrownBy(() -> Merges.verified(folder, List.of(Merges.A, Merges.B), Optional.empty()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining(Merges.A.toAbsolutePath().normalize().toString());
        assertThatThrownBy(() -> Merges.verified(folder, List.of(Merges.A), Optional.of(Merges.BASE)))
                .isInstanceOf(InvalidRequestException.class);
        VerificationReport intact = VerificationRequest.of(folder.resolve("model"))
                .plan(JobControl.none())
                .run(JobControl.none());
        assertThat(intact.problems()).isEmpty();
    }

    @Test
    @Attack(
            name = "manifest-merge-sources",
            tries = "a manifest whose merge names files of someone else as its sources",
            fails = "paths in a manifest are shown; opened are those that the user names")
    void theSourcesThatAManifestNamesAreNotOpened() throws IOException {
        Merges.merged(folder, List.of(Merges.A, Merges.B), Arithmetic.of(MergeMethod.TASK, 0.4, 0.7), true);
        Path manifest = folder.resolve("model").resolve(Manifest.FILE_NAME);
        String text = Files.readString(manifest);
        String told = Merges.A.toAbsolutePath().normalize().toString();
        assertThat(text).contains(told);
        Files.writeString(manifest, text.replace(told, folder.resolve("absent").toString()));
        assertThat(Merges.verified(folder, List.of(Merges.A, Merges.B), Optional.of(Merges.BASE)))
                .isTrue();
        for (String hostile : List.of(
                text.replace("\"method\": \"task\"", "\"method\": \"exec\""),
                text.replace("\"weight\": 0.4", "\"weight\": 1e999"),
                text.replace("\"weight\": 0.4", "\"weight\": \"0.4\""))) {
            assertThat(hostile).isNotEqualTo(text);
            Files.writeString(manifest, hostile);
            assertThatThrownBy(() -> Merges.verified(folder, List.of(Merges.A, Merges.B), Optional.of(Merges.BASE)))
                    .isInstanceOf(FormatException.class);
        }
    }

    /// Checkpoints that came after the merge are not part of it.
    @Test
    void aRunThatHasGoneOnProvesTheMergeAllTheSame() throws IOException {
        Path run = folder.resolve("run");
        Resources.copy(Merges.RUN, run);
        Merges.run(new MergeRequest(
                List.of(run),
                folder.resolve("model"),
                Optional.empty(),
                Merges.ema(0.5),
                SourceOptions.defaults(),
                ConversionOptions.defaults()));
        Resources.copy(run.resolve("checkpoint-10"), run.resolve("checkpoint-11"));
        assertThat(Merges.verified(folder, List.of(run), Optional.empty())).isTrue();
    }
}

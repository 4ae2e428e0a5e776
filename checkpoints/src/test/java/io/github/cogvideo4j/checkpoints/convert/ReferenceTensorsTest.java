package io.github.cogvideo4j.checkpoints.convert;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Tensors against the reference's listings and against the trainer's memory, also where the reference tool
/// fails.
class ReferenceTensorsTest {
    static Stream<Path> listings() {
        return Resources.cases("").stream()
                .filter(name -> Stream.of("zero", "sample-", "ds0164-", "ddp-", "single-")
                        .anyMatch(name::startsWith))
                .flatMap(name -> {
                    Path reference = Resources.fixture(name + "/reference");
                    return ReferenceCase.children(reference).stream()
                            .flatMap(path ->
                                    Files.isDirectory(path) ? ReferenceCase.children(path).stream() : Stream.of(path))
                            .filter(path -> path.getFileName().toString().matches("tensors-(bf16|fp32)\\.json"));
                });
    }

    @ParameterizedTest
    @MethodSource("listings")
    void everyTensorEqualsTheReferenceInItsOrder(Path listing) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(checkpointOf(listing), SourceOptions.defaults());
        TargetDType dtype = listing.getFileName().toString().contains("bf16") ? TargetDType.BF16 : TargetDType.SOURCE;
        TensorListing expected = TensorListing.ofReference(listing);
        assertThat(TensorListing.of(checkpoint, dtype).tensors()).containsExactlyEntriesOf(expected.tensors());
    }

    static Stream<String> withLiveValues() {
        return Resources.cases("").stream()
                .filter(name -> Stream.of("zero", "ds0164-", "sample-").anyMatch(name::startsWith))
                .filter(name -> !name.contains("multi"))
                .filter(name -> Files.exists(Resources.fixture(name).resolve("live-master.safetensors")));
    }

    @ParameterizedTest
    @MethodSource("withLiveValues")
    void trainedParametersEqualTheMasterWeightsInTheTrainersMemory(String fixture) throws IOException {
        Path output = Resources.fixture(fixture + "/output");
        Checkpoint checkpoint = Checkpoints.open(ReferenceCase.children(output).getFirst(), SourceOptions.defaults());
        Map<String, String> live = TensorListing.ofWeights(Resources.fixture(fixture + "/live-master.safetensors"))
                .tensors();
        Map<String, String> ours = new LinkedHashMap<>(
                TensorListing.of(checkpoint, TargetDType.SOURCE).tensors());
        ours.keySet()
                .retainAll(checkpoint.entries().stream()
                        .filter(entry -> entry.role() == Role.PARAMETER)
                        .map(StateEntry::name)
                        .toList());
        ours.keySet().retainAll(live.keySet());
        assertThat(ours).isNotEmpty();
        assertThat(live).containsAllEntriesOf(ours);
    }

    static Stream<Path> binReferences() {
        return Resources.cases("").stream()
                .filter(name -> name.startsWith("zero"))
                .flatMap(name -> ReferenceCase.children(Resources.fixture(name + "/reference")).stream())
                .filter(path -> path.getFileName().toString().contains("-bin"));
    }

    /// What the merge scripts wrote is itself a source: views of one bloated storage, sharded, with an index of
    /// another name.
    @ParameterizedTest
    @MethodSource("binReferences")
    void theReferencesBinFilesHoldTheTensorsWeMake(Path reference) throws IOException {
        Checkpoint checkpoint = Checkpoints.open(
                ReferenceCase.children(reference.getParent().resolveSibling("output"))
                        .getFirst(),
                SourceOptions.defaults());
        boolean bf16 = reference.getFileName().toString().startsWith("bf16");
        assertThat(TensorListing.of(checkpoint, bf16 ? TargetDType.BF16 : TargetDType.SOURCE)
                        .tensors())
                .containsExactlyInAnyOrderEntriesOf(
                        TensorListing.ofWeights(reference).tensors());
    }

    private static Path checkpointOf(Path listing) {
        Path folder = listing.getParent();
        if (!folder.getFileName().toString().equals("reference")) {
            return folder.getParent().resolveSibling("output").resolve(folder.getFileName());
        }
        return ReferenceCase.children(folder.resolveSibling("output")).getFirst();
    }
}

package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A state dict that was saved under ZeRO stage 3 without gathering: between two uses a parameter is spread over
/// the ranks, and what `state_dict()` shows of it has the size `[0]`. Parameters below
/// `stage3_param_persistence_threshold` stay whole.
final class UngatheredCheck {
    private static final Shape EMPTY = Shape.of(0);

    private UngatheredCheck() {}

    /// Refuses such weights, and names the state that holds them where it lies beside.
    ///
    /// @throws InvalidCheckpointException `zero3-placeholder`
    static void refuse(Path origin, List<StoredTensor> tensors) throws IOException {
        boolean placeholders = tensors.stream()
                .anyMatch(tensor ->
                        tensor.name().endsWith(".weight") && tensor.shape().equals(EMPTY));
        // SAT leaves the matrices that its adapters replaced empty, and means it.
        if (!placeholders
                || NamingSchemes.recognise(
                                tensors.stream().map(StoredTensor::name).toList())
                        .isPresent()) {
            return;
        }
        long empty =
                tensors.stream().filter(tensor -> tensor.shape().equals(EMPTY)).count();
        Optional<Path> state = stateBeside(origin);
        throw new InvalidCheckpointException(
                ProblemCode.ZERO3_PLACEHOLDER,
                Place.of(origin),
                state.isPresent() ? "checkpoints.plain.ungathered-state" : "checkpoints.plain.ungathered",
                empty,
                tensors.size(),
                state.map(folder -> String.valueOf(folder.getFileName())).orElse("-"));
    }

    private static Optional<Path> stateBeside(Path origin) throws IOException {
        Path folder = Files.isDirectory(origin)
                ? origin
                : Optional.ofNullable(origin.toAbsolutePath().getParent()).orElse(origin);
        Path above = Optional.ofNullable(folder.toAbsolutePath().getParent()).orElse(folder);
        for (Path place : List.of(folder, above)) {
            try (DirectoryStream<Path> children = Files.newDirectoryStream(place, Files::isDirectory)) {
                for (Path child : children) {
                    if (Files.isReadable(child) && StateFiles.isTagFolder(child)) {
                        return Optional.of(child);
                    }
                }
            }
        }
        return Optional.empty();
    }
}

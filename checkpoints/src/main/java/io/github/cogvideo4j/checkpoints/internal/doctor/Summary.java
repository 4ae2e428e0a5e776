package io.github.cogvideo4j.checkpoints.internal.doctor;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// A summary of a subject in one line.
final class Summary {
    private Summary() {}

    static Message of(Subject subject) throws IOException {
        return switch (subject.kind()) {
            case PIPELINE ->
                subject.model()
                        .flatMap(ModelFolder::pipelineClass)
                        .map(name -> Message.of("checkpoints.doctor.is.pipeline", name, parts(subject)))
                        .orElseGet(() -> Message.of("checkpoints.doctor.is.components", parts(subject)));
            case COMPONENT ->
                Message.of(
                        "checkpoints.doctor.is.component",
                        subject.parts().stream()
                                .flatMap(part -> part.className().stream())
                                .findFirst()
                                .orElse("-"),
                        weights(subject.groups()));
            case CHECKPOINT ->
                subject.checkpoint()
                        .map(Summary::checkpoint)
                        .orElseGet(() -> Message.of("checkpoints.doctor.is.unopened"));
            case ADAPTER ->
                Message.of(
                        "checkpoints.doctor.is.adapter",
                        subject.adapters().getFirst().rank());
            case NOTHING -> Message.of("checkpoints.doctor.is.nothing");
        };
    }

    private static Message checkpoint(Checkpoint checkpoint) {
        List<StoredTensor> tensors =
                checkpoint.entries().stream().map(StateEntry::tensor).toList();
        return Message.of(
                checkpoint.training().step().isPresent()
                                && checkpoint.training().worldSize().isPresent()
                        ? "checkpoints.doctor.is.training"
                        : "checkpoints.doctor.is.weights",
                checkpoint.kind().title(),
                contents(tensors),
                checkpoint.training().step().orElse(0),
                checkpoint.training().worldSize().orElse(0));
    }

    /// What training makes, by name: `transformer: 40 x F32 (0.04 MB)`.
    private static List<String> parts(Subject subject) {
        return subject.parts().stream()
                .filter(Part::trained)
                .map(part ->
                        part.component().folder() + ": " + weights(part.files().groups()))
                .toList();
    }

    private static String weights(List<WeightGroup> groups) {
        return groups.isEmpty() ? "-" : contents(groups.getFirst().contents().tensors());
    }

    /// `40 x F32 (0.04 MB)`.
    private static String contents(List<StoredTensor> tensors) {
        Map<DType, Long> types = tensors.stream()
                .collect(Collectors.groupingBy(StoredTensor::dtype, java.util.TreeMap::new, Collectors.counting()));
        String counts = types.entrySet().stream()
                .map(entry -> entry.getValue() + " × " + entry.getKey().name())
                .collect(Collectors.joining(" + "));
        double megabytes = tensors.stream().mapToLong(StoredTensor::byteLength).sum() / 1e6;
        return counts + String.format(Locale.ROOT, megabytes < 10 ? " (%.2f MB)" : " (%,.0f MB)", megabytes);
    }
}

package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding;
import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Part;
import io.github.cogvideo4j.checkpoints.internal.doctor.subject.Subject;
import io.github.cogvideo4j.checkpoints.internal.verify.TensorValues;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Every value and every checksum: NaN, Inf, matrices of zeros, numbers that fp16 cannot hold.
public final class ValuesRule implements Rule {
    private static final double LARGEST_HALF = 65_504;

    private final int threads;
    private final JobControl control;

    public ValuesRule(int threads, JobControl control) {
        this.threads = threads;
        this.control = control;
    }

    @Override
    public Set<ProblemCode> codes() {
        return EnumSet.of(ProblemCode.NAN_INF, ProblemCode.ALL_ZERO, ProblemCode.OVERFLOW, ProblemCode.BAD_CRC);
    }

    @Override
    public void examine(Subject subject, Consumer<Finding> found) throws IOException {
        for (Path place : places(subject).keySet()) {
            examine(place, places(subject).getOrDefault(place, List.of()), found);
        }
    }

    private static Map<Path, List<StoredTensor>> places(Subject subject) {
        Map<Path, List<StoredTensor>> places = new LinkedHashMap<>();
        subject.parts().stream()
                .map(Part::files)
                .flatMap(folder -> Stream.concat(
                        folder.groups().stream(), folder.nested().stream().flatMap(nested -> nested.groups().stream())))
                .forEach(group -> places.put(
                        group.members().firstEntry().getValue().file(),
                        group.contents().tensors()));
        subject.loose().stream()
                .flatMap(folder -> folder.groups().stream())
                .forEach(group -> places.put(
                        group.members().firstEntry().getValue().file(),
                        group.contents().tensors()));
        subject.checkpoint().ifPresent(checkpoint -> places.put(checkpoint.folder(), tensors(checkpoint)));
        return places;
    }

    private static List<StoredTensor> tensors(Checkpoint checkpoint) {
        return checkpoint.entries().stream().map(StateEntry::tensor).toList();
    }

    private void examine(Path place, List<StoredTensor> tensors, Consumer<Finding> found) throws IOException {
        try (FileStorageReader reader = new FileStorageReader()) {
            List<TensorValues> all = TensorValues.read(reader, tensors, threads, control);
            all.stream()
                    .flatMap(values -> values.problems(place).stream())
                    .forEach(problem -> found.accept(Finding.of(Severity.WARNING, problem)));
            all.stream()
                    .max(Comparator.comparingDouble(values -> values.scan().largestMagnitude()))
                    .filter(values -> values.scan().largestMagnitude() > LARGEST_HALF)
                    .ifPresent(values -> found.accept(Finding.of(
                            Severity.INFO,
                            Problem.of(
                                    ProblemCode.OVERFLOW,
                                    Place.of(place).tensor(values.tensor().name()),
                                    "checkpoints.doctor.too-large-for-half",
                                    "%.4g".formatted(values.scan().largestMagnitude()),
                                    "65504"))));
            reader.verifyChecksums();
        } catch (FormatException e) {
            found.accept(Finding.of(Severity.ERROR, e.problem()));
        }
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What the values of written tensors say, one finding a kind, naming the first tensors.
final class ValueFindings {
    private static final int NAMED = 4;

    private ValueFindings() {}

    static List<Problem> of(List<WeightWriter.Written> tensors, TargetDType dtype, Path place) {
        List<Problem> findings = new ArrayList<>();
        add(
                findings,
                tensors,
                tensor -> tensor.values().hasNonFinite(),
                ProblemCode.NAN_INF,
                "checkpoints.values.nan-inf",
                dtype,
                place);
        add(
                findings,
                tensors,
                tensor -> tensor.values().overflowed() > 0,
                ProblemCode.OVERFLOW,
                "checkpoints.values.overflow",
                dtype,
                place);
        // A bias of zeros is how training begins; a matrix of zeros is a layer that does nothing.
        add(
                findings,
                tensors,
                tensor -> tensor.values().allZero()
                        && tensor.tensor().entry().tensor().shape().rank() > 1,
                ProblemCode.ALL_ZERO,
                "checkpoints.values.all-zero",
                dtype,
                place);
        return findings;
    }

    private static void add(
            List<Problem> findings,
            List<WeightWriter.Written> tensors,
            Predicate<WeightWriter.Written> concerned,
            ProblemCode code,
            String key,
            TargetDType dtype,
            Path place) {
        List<WeightWriter.Written> found = tensors.stream().filter(concerned).toList();
        if (found.isEmpty()) {
            return;
        }
        List<String> names = found.stream().map(tensor -> tensor.tensor().name()).toList();
        String listed = String.join(", ", names.subList(0, Math.min(NAMED, names.size())))
                + (names.size() > NAMED ? ", …" : "");
        double largest = found.stream()
                .mapToDouble(tensor -> tensor.values().largestFinite())
                .max()
                .orElse(0);
        findings.add(Problem.of(
                code, Place.of(place).tensor(names.getFirst()), key, names.size(), listed, dtype.id(), largest));
    }
}

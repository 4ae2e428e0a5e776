package io.github.cogvideo4j.checkpoints.inspect.values;

import io.github.cogvideo4j.formats.problem.Problem;
import java.util.List;

/// What the values of a tensor are like. NaN and infinite ones are counted and left out of everything else.
///
/// @param count              how many elements
/// @param finite             how many of them are finite
/// @param min                the smallest; NaN when none is finite
/// @param max                the largest
/// @param mean               the mean
/// @param standardDeviation  the square root of the mean squared distance from the mean (divided by the
///                           number of elements, as `torch.std(correction=0)`)
/// @param zeros              how many are zero, of either sign
/// @param nans               how many are not a number
/// @param infinities         how many are infinite
/// @param problems           what of it is suspicious: `nan-inf`, and `all-zero` for a matrix
public record TensorStatistics(
        long count,
        long finite,
        double min,
        double max,
        double mean,
        double standardDeviation,
        long zeros,
        long nans,
        long infinities,
        List<Problem> problems) {
    /// Copies the list.
    public TensorStatistics {
        problems = List.copyOf(problems);
    }
}

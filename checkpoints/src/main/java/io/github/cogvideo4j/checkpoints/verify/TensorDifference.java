package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.nio.file.Path;

/// A difference between a tensor of a folder and what its source makes it.
public sealed interface TensorDifference {
    /// The tensor's key.
    String name();

    /// The difference as a problem of the folder.
    default Problem problem(Path folder) {
        Place place = Place.of(folder).tensor(name());
        return switch (this) {
            case Missing(var name) -> Problem.of(ProblemCode.MISSING_TENSOR, place, "checkpoints.verify.missing", name);
            case Extra(var name) -> Problem.of(ProblemCode.EXTRA_TENSOR, place, "checkpoints.verify.extra", name);
            case ShapeMismatch(var name, var expected, var found) ->
                Problem.of(ProblemCode.SHAPE_MISMATCH, place, "checkpoints.verify.shape", name, expected, found);
            case Type(var name, var expected, var found) ->
                Problem.of(ProblemCode.DIFFERENT, place, "checkpoints.verify.dtype", name, expected, found);
            case Values(var name, var count, var first, var largest) ->
                Problem.of(ProblemCode.DIFFERENT, place, "checkpoints.verify.values", name, count, first, largest);
        };
    }

    /// The source has it, the folder does not.
    ///
    /// @param name the key
    record Missing(String name) implements TensorDifference {}

    /// The folder has it, the source does not.
    ///
    /// @param name the key
    record Extra(String name) implements TensorDifference {}

    /// The sizes differ.
    ///
    /// @param name     the key
    /// @param expected the source's sizes
    /// @param found    the folder's sizes
    record ShapeMismatch(String name, Shape expected, Shape found) implements TensorDifference {}

    /// The types differ, and the folder's is none that the source can be converted to.
    ///
    /// @param name     the key
    /// @param expected the source's type
    /// @param found    the folder's type
    record Type(String name, DType expected, DType found) implements TensorDifference {}

    /// Values differ.
    ///
    /// @param name    the key
    /// @param count   how many elements
    /// @param first   the index of the first one, row-major
    /// @param largest the largest absolute difference; NaN where one side is not a number
    record Values(String name, long count, long first, double largest) implements TensorDifference {}
}

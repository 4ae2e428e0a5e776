package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.formats.tensor.DType;
import java.util.List;

/// The contents of a storage.
sealed interface Content {
    /// How many elements it has.
    long numel();

    /// The type of the elements.
    DType dtype();

    /// Its bytes.
    default long byteLength() {
        return numel() * dtype().bytes();
    }

    /// Stretches of the model's parameters.
    ///
    /// @param dtype fp32 or bf16
    /// @param runs  in order
    record Parameters(DType dtype, List<Run> runs) implements Content {
        /// Copies the list.
        public Parameters {
            runs = List.copyOf(runs);
        }

        @Override
        public long numel() {
            return runs.stream().mapToLong(run -> run.numel() + run.padding()).sum();
        }
    }

    /// One fp32 number.
    ///
    /// @param value the number
    record Scalar(float value) implements Content {
        @Override
        public long numel() {
            return 1;
        }

        @Override
        public DType dtype() {
            return DType.F32;
        }
    }

    /// Zeros, which are a hole in the file: they read as zeros and take no disk.
    ///
    /// @param dtype the type
    /// @param numel how many
    record Hole(DType dtype, long numel) implements Content {}

    /// A stretch of the parameters, laid end to end in the order of the state dict, with zeros behind it.
    ///
    /// @param start   the first one's number
    /// @param numel   how many
    /// @param padding how many zeros follow
    record Run(long start, long numel, long padding) {}
}

package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.util.List;
import java.util.Optional;

/// One thing that computing on a card takes, and whether it is here.
///
/// @param name     its stable name: `cuda-driver`, `cuda-card`, `cuda-libtorch`, `cuda-libraries`
/// @param found    what is here
/// @param advice   what to do about it, when it is not enough
/// @param remedies what helps besides, as values
public record CudaStep(String name, Message found, Optional<Message> advice, List<Remedy> remedies) {
    /// Copies the list.
    public CudaStep {
        remedies = List.copyOf(remedies);
    }

    static CudaStep good(String name, String key, Object... arguments) {
        return new CudaStep(name, Message.of(key, arguments), Optional.empty(), List.of());
    }

    static CudaStep gap(String name, Message found, Message advice, Remedy... remedies) {
        return new CudaStep(name, found, Optional.of(advice), List.of(remedies));
    }

    /// Whether it is as it should be.
    public boolean isGood() {
        return advice.isEmpty();
    }
}

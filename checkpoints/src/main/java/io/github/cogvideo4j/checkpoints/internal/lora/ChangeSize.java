package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.delta.FusedWeight;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Norms;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// How large the change of adapters is beside the weights that they change, in Frobenius norms.
///
/// @param ratio   that of all changed matrices together: the norm of what is added over the norm of the base's
/// @param largest the largest ratio of one matrix
/// @param tensor  that matrix
public record ChangeSize(double ratio, double largest, String tensor) {
    /// Measures. Only matrices count: biases and norms begin near zero, which says nothing of strength.
    ///
    /// @param tensors a fused model's tensors
    /// @param threads how many at once
    /// @return empty when no matrix is changed
    public static Optional<ChangeSize> of(List<StoredTensor> tensors, int threads) throws IOException {
        List<StoredTensor> changed = tensors.stream()
                .filter(tensor ->
                        tensor.data() instanceof FusedWeight && tensor.shape().rank() > 1)
                .toList();
        if (changed.isEmpty()) {
            return Optional.empty();
        }
        List<Norms.Pair> norms;
        try (FileStorageReader reader = new FileStorageReader()) {
            norms = ParallelTensors.map(changed, threads, tensor -> Norms.of(reader, (FusedWeight) tensor.data()));
            reader.verifyChecksums();
        }
        double change = 0;
        double base = 0;
        double largest = 0;
        String where = changed.getFirst().name();
        for (int i = 0; i < changed.size(); i++) {
            Norms.Pair pair = norms.get(i);
            change += pair.change() * pair.change();
            base += pair.base() * pair.base();
            double ratio = pair.change() / pair.base();
            if (ratio > largest) {
                largest = ratio;
                where = changed.get(i).name();
            }
        }
        return Optional.of(new ChangeSize(Math.sqrt(change / base), largest, where));
    }
}

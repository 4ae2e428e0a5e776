package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.AdaptedModule.LayerChange;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Delta;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Norms;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;

/// The findings about an adapter's values.
public final class AdapterValues {
    private AdapterValues() {}

    /// NaN and infinite values, which would spoil every weight they are fused into.
    public static List<Problem> problems(AdapterContent adapter) throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<StoredTensor> tensors = adapter.modules().values().stream()
                .flatMap(AdaptedModule::tensors)
                .toList();
        try (FileStorageReader reader = new FileStorageReader()) {
            for (StoredTensor tensor : tensors) {
                FloatMatrix.Floats floats = new FloatMatrix.Floats(tensor.dtype());
                reader.read(tensor, bytes -> floats.each(bytes, (_, _) -> {}));
                floats.scan().problems(Place.of(adapter.file()).tensor(tensor.name())).stream()
                        .filter(problem -> problem.code() == ProblemCode.NAN_INF)
                        .forEach(problems::add);
            }
            reader.verifyChecksums();
        }
        return problems;
    }

    /// The Frobenius norm of what is added to each weight, at scale 1 and with the recorded alpha, by module.
    /// Where nothing is added as such (a replaced weight, DoRA's lengths alone), there is none.
    ///
    /// @param threads how many at once
    public static SequencedMap<String, Double> norms(AdapterContent adapter, int threads) throws IOException {
        SequencedMap<String, Double> norms = new LinkedHashMap<>();
        List<AdaptedModule> modules = adapter.modules().values().stream()
                .filter(module -> module.weight().stream().anyMatch(AdapterValues::adds))
                .toList();
        try (FileStorageReader reader = new FileStorageReader()) {
            List<Double> found = ParallelTensors.map(modules, threads, module -> norm(reader, module));
            for (int i = 0; i < modules.size(); i++) {
                norms.put(modules.get(i).name(), found.get(i));
            }
            reader.verifyChecksums();
        }
        return norms;
    }

    private static boolean adds(LayerChange change) {
        return change.scaling() != AdaptedModule.Scaling.NONE;
    }

    private static double norm(FileStorageReader reader, AdaptedModule module) throws IOException {
        LayerChange change =
                module.weight().stream().filter(AdapterValues::adds).findFirst().orElseThrow();
        Delta delta = change.delta();
        double factor = module.terms(List.of(change), 1, OptionalDouble.empty())
                .getFirst()
                .factor();
        return Math.abs(factor) * Norms.of(reader, delta, delta.shape());
    }
}

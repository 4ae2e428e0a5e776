package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsWriter;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// A LoRA adapter of the attention layers of a synthetic model, as CogVideo's trainer makes it: fp32, no alpha.
public final class SyntheticAdapter {
    private static final Pattern TARGETS = Pattern.compile(".*\\.attn1\\.to_(q|k|v|out\\.0)\\.weight");
    private static final String WEIGHT = ".weight";

    private SyntheticAdapter() {}

    /// `--billions P [--rank N] FOLDER`
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args);
        List<NamedShape> parameters = SyntheticModel.ofBillions(Double.parseDouble(arguments.get("billions", "1")));
        int rank = Integer.parseInt(arguments.get("rank", "128"));
        Path folder = Files.createDirectories(Path.of(arguments.only("FOLDER")));
        List<StoredTensor> factors = new ArrayList<>();
        for (NamedShape parameter : parameters) {
            if (TARGETS.matcher(parameter.name()).matches()) {
                String module = parameter.name().substring(0, parameter.name().length() - WEIGHT.length());
                factors.add(factor(
                        module + ".lora_A.weight", rank, parameter.shape().size(1)));
                factors.add(factor(module + ".lora_B.weight", parameter.shape().size(0), rank));
            }
        }
        try (FileStorageReader reader = new FileStorageReader()) {
            SafetensorsWriter.write(folder.resolve(WeightFileName.ADAPTER), factors, Map.of("format", "pt"), reader);
        }
        System.out.printf("%s: %d factors of rank %d%n", folder, factors.size(), rank);
    }

    private static StoredTensor factor(String name, long rows, long columns) {
        Shape shape = Shape.of(rows, columns);
        return new StoredTensor("transformer." + name, DType.F32, shape, new Values(name.hashCode(), shape.numel()));
    }

    /// Elements that are made when they are read.
    private record Values(long start, long numel) implements TensorData.Computed {
        private static final int CHUNK = 1 << 16;

        @Override
        public String description() {
            return "synthetic";
        }

        @Override
        public List<Storage> inputs() {
            return List.of();
        }

        @Override
        public void compute(StorageReader reader, Sink sink) throws IOException {
            ParameterValues values = new ParameterValues();
            ByteBuffer buffer = ByteBuffer.allocate(CHUNK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            for (long done = 0; done < numel; done += CHUNK) {
                buffer.clear().limit((int) Math.min(CHUNK, numel - done) * Float.BYTES);
                values.fill(DType.F32, start + done, buffer);
                sink.accept(buffer.flip());
            }
        }
    }
}

package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerTablesTest;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import tools.jackson.databind.JsonNode;

/// What the golden files of stock samplers hold, as samplers and tables of ours.
final class StockGolden {
    private StockGolden() {}

    /// The sampler that a sidecar describes.
    ///
    /// @param quirks whether it keeps the reference's faults
    static Sampler sampler(JsonNode meta, boolean quirks) {
        ConfigDocument document = SchedulerTablesTest.document(meta.path("from_config"));
        ConfigDocument override = SchedulerTablesTest.document(meta.path("override"));
        for (String field : override.fields()) {
            JsonNode value = meta.path("override").path(field);
            document = switch (value.getNodeType()) {
                case STRING -> document.with(field, value.stringValue());
                case BOOLEAN -> document.with(field, value.booleanValue());
                default -> document.with(field, value.longValue());
            };
        }
        return Sampler.of(
                document.with("_class_name", meta.path("class").stringValue()),
                Optional.empty(),
                Optional.empty(),
                new SamplerOptions(false, OptionalInt.empty(), false, quirks));
    }

    /// The tables of a variant, `samplers/dpmpp2m_karras`.
    static Golden tables(String variant) throws IOException {
        return Golden.open(variant + "_tables");
    }

    /// The reference's products: those of a variant are those of its class.
    static NoiseTable products(String variant) throws IOException {
        String plain = variant.contains("/dpmpp") ? "samplers/dpmpp2m" : variant.replaceAll("_.*", "");
        try (Golden golden = tables(plain)) {
            return new NoiseTable(golden.out("betas"), golden.out("alphas_cumprod"));
        }
    }

    /// The reference's sigmas and timesteps, when its class has sigmas.
    static Optional<SigmaSchedule> schedule(Golden tables, int steps) throws IOException {
        if (!tables.hasOutput("sigmas_" + steps)) {
            return Optional.empty();
        }
        double[] sigmas = values(tables.out("sigmas_" + steps));
        double[] timesteps = values(tables.out("timesteps_" + steps));
        if (timesteps.length != steps) {
            sigmas = everySecond(sigmas, steps + 1);
            timesteps = everySecond(timesteps, steps);
        }
        float[] narrow = new float[sigmas.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) sigmas[i];
        }
        return Optional.of(new SigmaSchedule(timesteps, narrow));
    }

    /// Of a list of Heun's, where all but the ends stand twice.
    private static double[] everySecond(double[] doubled, int count) {
        double[] single = new double[count];
        Arrays.setAll(single, i -> doubled[Math.clamp(2L * i - 1, 0, doubled.length - 1)]);
        return single;
    }

    static double[] values(Tensor tensor) {
        Tensor wide = tensor.to(ScalarType.Double).reshape(-1);
        double[] values = new double[Math.toIntExact(wide.numel())];
        Arrays.setAll(values, i -> wide.select(0, i).item_double());
        return values;
    }
}

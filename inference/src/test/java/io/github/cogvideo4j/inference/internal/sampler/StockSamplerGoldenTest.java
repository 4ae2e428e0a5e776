package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.checkpoints.model.ConfigDocument;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.runtime.RandomSource;
import io.github.cogvideo4j.inference.runtime.Torch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class StockSamplerGoldenTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> runs() {
        return Golden.names("samplers", "").stream()
                .filter(name -> name.contains("_traj"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("runs")
    void everyCallIsTheReferences(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                var _ = Torch.inferenceMode()) {
            JsonNode meta = golden.meta();
            Sampler sampler = sampler(meta);
            Tensor predictions = golden.in("model_outputs");
            Tensor noise = golden.in("noise");
            ScalarType type = noise.scalar_type().intern();
            int n = meta.path("num_inference_steps").intValue(), order = meta.path("order").intValue();
            String base = name.substring(0, name.indexOf("_traj"));
            Golden tables = Golden.open(base + "_tables");
            Golden plain = tables.hasOutput("betas") ? tables : Golden.open(base.substring(0, base.lastIndexOf("_")) + "_tables");
            var table = new io.github.cogvideo4j.inference.scheduler.NoiseTable(plain.out("betas"), plain.out("alphas_cumprod"));
            Optional<SigmaSchedule> schedule = tables.hasOutput("sigmas_" + n) ? Optional.of(schedule(tables, n, order)) : Optional.empty();
            try (SamplerRun run = sampler.run(n, meta.path("first_timestep_index").intValue() / order, table, schedule);
                    RandomSource random = RandomSource.of(meta.path("generator_seed").longValue())) {
                Tensor sample = golden.hasInput("original")
                        ? run.start(golden.in("original"), noise) : run.start(noise);
                String out = "";
                out += diff(golden, "initial", sample);
                out += diff(golden, "timesteps", torch.tensor(run.timesteps()).to(golden.out("timesteps").scalar_type().intern()));
                List<Tensor> samples = new ArrayList<>(), den = new ArrayList<>(), scaled = new ArrayList<>();
                for (int i = 0; i < run.timesteps().length; i++) {
                    scaled.add(run.scaled(sample));
                    Step step = run.step(predictions.select(0, i), sample, random);
                    sample = step.sample().to(type);
                    samples.add(sample); den.add(step.denoised());
                    sample = golden.out("samples").select(0, i);
                }
                if (golden.hasOutput("scaled_inputs")) out += diff(golden, "scaled_inputs", torch.stack(new TensorVector(scaled.toArray(Tensor[]::new))));
                out += diff(golden, "samples", torch.stack(new TensorVector(samples.toArray(Tensor[]::new))));
                if (golden.hasOutput("pred_original_samples"))
                out += diff(golden, "pred_original_samples", torch.stack(new TensorVector(den.toArray(Tensor[]::new))));
                System.out.println("GOLD " + name + out);
            }
        }
    }

    static String diff(Golden g, String n, Tensor ours) throws IOException {
        Tensor theirs = g.out(n);
        if (!java.util.Arrays.equals(theirs.shape(), ours.shape())) return " | " + n + " SHAPE " + java.util.Arrays.toString(ours.shape());
        Tensor d = ours.to(ScalarType.Double).sub(theirs.to(ScalarType.Double)).abs();
        double far = d.max().item_double();
        double rms = Math.sqrt(d.square().mean().item_double());
        long unequal = ours.to(theirs.scalar_type().intern()).ne(theirs).sum().item_long();
        JsonNode t = g.sidecar().path("tolerance").path(n);
        String per = "";
        if (unequal > 0 && n.equals("samples")) for (int i = 0; i < d.size(0); i++) per += String.format(" %.1e", d.select(0, i).max().item_double());
        return String.format(" | %s %s far %.2e rms %.2e (atol %.2e, rms %.2e) ne %d%s%s", n, unequal == 0 ? "EQ" : far <= t.path("suggested_atol").doubleValue() ? "ok" : "BAD",
            far, rms, t.path("suggested_atol").doubleValue(), t.path("suggested_rms").asDouble(0), unequal, ours.scalar_type().intern() == theirs.scalar_type().intern() ? "" : " TYPE " + ours.scalar_type().intern(), per);
    }

    static SigmaSchedule schedule(Golden g, int n, int order) throws IOException {
        Tensor t = g.out("timesteps_" + n).to(ScalarType.Double), s = g.out("sigmas_" + n);
        double[] ts = new double[n]; float[] ss = new float[n + 1];
        for (int i = 0; i < n; i++) { int at = order == 2 ? Math.max(0, 2 * i - 1) : i; ts[i] = t.select(0, at).item_double(); ss[i] = s.select(0, at).item_float(); }
        ss[n] = s.select(0, s.size(0) - 1).item_float();
        return new SigmaSchedule(ts, ss);
    }

    static Sampler sampler(JsonNode meta) {
        ConfigDocument document = ConfigDocument.empty();
        for (String part : List.of("from_config", "override")) {
            for (var field : meta.path(part).properties()) {
                document = with(document, field.getKey(), field.getValue());
            }
        }
        document = document.with("_class_name", meta.path("class").stringValue());
        return Sampler.of(document, new Sampler.Options(Optional.empty(), Optional.empty(), false, OptionalInt.empty(), false, true));
    }

    static ConfigDocument with(ConfigDocument document, String key, JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> document.with(key, value.stringValue());
            case BOOLEAN -> document.with(key, value.booleanValue());
            case NULL -> document;
            default ->
                value.isIntegralNumber()
                        ? document.with(key, value.longValue())
                        : document.with(key, value.doubleValue());
        };
    }
}

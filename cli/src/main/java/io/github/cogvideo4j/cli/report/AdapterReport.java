package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraBinding;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter.LoraLayer;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.problem.Message;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `lora inspect`: what is told of an adapter, for people and as JSON.
///
/// @param console what it talks to
/// @param adapter the adapter
/// @param result  the object that it fills
public record AdapterReport(Console console, LoraAdapter adapter, ObjectNode result) {
    /// Kinds, ranks, alphas, what it targets and which models have such modules.
    public void summary() {
        NavigableSet<Integer> ranks = new TreeSet<>();
        NavigableSet<Double> alphas = new TreeSet<>();
        NavigableSet<String> types = new TreeSet<>();
        NavigableSet<String> kinds = new TreeSet<>();
        NavigableSet<Double> factors = new TreeSet<>();
        for (LoraLayer layer : adapter.layers()) {
            layer.rank().ifPresent(ranks::add);
            layer.alpha().ifPresent(alphas::add);
            types.add(layer.dtype().name());
            kinds.addAll(layer.kinds());
            if (layer.rank().isPresent()) {
                factors.add(layer.factor());
            }
        }
        List<String> targets = adapter.targets();
        List<String> models = adapter.fitting();
        result.put("path", adapter.file().toString());
        result.put("dialect", adapter.dialect());
        kinds.forEach(result.putArray("kinds")::add);
        ranks.forEach(result.putArray("ranks")::add);
        alphas.forEach(result.putArray("alphas")::add);
        result.put("records_alpha", adapter.recordsAlpha());
        adapter.baseModel().ifPresent(name -> result.put("base_model", name));
        types.forEach(result.putArray("dtypes")::add);
        result.put("bytes", adapter.byteLength());
        targets.forEach(result.putArray("target_modules")::add);
        models.forEach(result.putArray("fits")::add);
        adapter.skipped().forEach(result.putArray("skipped")::add);

        console.print(
                "cli.lora.inspect.summary",
                adapter.file(),
                adapter.layers().size(),
                range(ranks),
                types,
                ByteSize.of(adapter.byteLength()));
        console.print("cli.lora.inspect.dialect", adapter.dialect(), kinds);
        if (!adapter.recordsAlpha()) {
            unknownAlpha(ranks);
        } else if (!factors.isEmpty()) {
            console.print("cli.lora.inspect.alpha", range(alphas), range(factors));
        }
        adapter.baseModel().ifPresent(name -> console.print("cli.lora.inspect.base-model", name));
        console.print("cli.lora.inspect.targets", targets);
        if (models.isEmpty()) {
            console.print("cli.lora.inspect.fits-none");
        } else {
            console.print("cli.lora.inspect.fits", models);
        }
    }

    /// Half the rank is what trainers take by default; where ranks differ, no one alpha is half of all.
    private void unknownAlpha(NavigableSet<Integer> ranks) {
        if (ranks.size() == 1) {
            console.print("cli.lora.inspect.no-alpha", number(ranks.first() / 2.0));
        } else {
            console.print("cli.lora.inspect.no-alpha-ranks");
        }
    }

    /// How much of the adapter a model has, and how strong it is there.
    ///
    /// @return whether the model has all of it
    public boolean binding(LoraTarget.Model model, int threads) throws IOException {
        LoraTarget target = LoraTarget.choose(model.folder(), List.of(adapter), model.component());
        LoraBinding binding = adapter.bind(target.weights());
        ObjectNode node = result.putObject("binding");
        target.component().ifPresent(component -> node.put("component", component));
        node.put("modules", binding.modules());
        node.put("bound", binding.bound());
        binding.unbound().forEach(node.putArray("unbound")::add);
        if (!binding.unbound().isEmpty()) {
            console.print(
                    "cli.lora.inspect.half-bound",
                    binding.bound(),
                    binding.modules(),
                    Message.first(binding.unbound()));
            return false;
        }
        Checkpoint fused = LoraFusion.fuse(
                target.weights(), List.of(new AppliedAdapter(adapter, 1, OptionalDouble.empty())), true);
        console.print("cli.lora.inspect.bound", binding.bound(), binding.modules());
        Optional<LoraFusion.Strength> strength = LoraFusion.strength(fused, threads);
        strength.ifPresent(size -> StrengthReport.show(size, console, node));
        strength.flatMap(size -> size.problem(adapter.file())).ifPresent(console::warn);
        return true;
    }

    /// A row for each layer.
    ///
    /// @param norms the norm of each module's change, where it can be computed
    public void layers(Map<String, Double> norms) {
        ArrayNode array = result.putArray("layers");
        TextTable table = new TextTable("lrrrr");
        table.row(List.of(
                console.text("cli.lora.weight"),
                console.text("cli.lora.size"),
                console.text("cli.lora.rank"),
                console.text("cli.lora.alpha"),
                console.text("cli.lora.norm")));
        for (LoraLayer layer : adapter.layers()) {
            String weight = layer.module() + ".weight";
            double norm = norms.getOrDefault(layer.module(), Double.NaN);
            ObjectNode node = array.addObject();
            node.put("weight", weight);
            layer.kinds().forEach(node.putArray("kinds")::add);
            layer.shape().sizes().forEach(node.putArray("shape")::add);
            layer.rank().ifPresent(rank -> node.put("rank", rank));
            layer.alpha().ifPresent(alpha -> node.put("alpha", alpha));
            node.put("dtype", layer.dtype().name());
            if (Double.isFinite(norm)) {
                node.put("norm", norm);
            } else {
                node.putNull("norm");
            }
            table.row(List.of(
                    weight,
                    layer.shape().toString(),
                    layer.rank().isPresent() ? String.valueOf(layer.rank().getAsInt()) : "-",
                    layer.alpha().isPresent() ? number(layer.alpha().getAsDouble()) : "-",
                    norms.containsKey(layer.module()) ? String.format(Locale.ROOT, "%.4g", norm) : "-"));
        }
        table.lines().forEach(console::line);
    }

    private static String range(NavigableSet<? extends Number> values) {
        if (values.isEmpty()) {
            return "-";
        }
        String first = number(values.first().doubleValue());
        return values.size() == 1 ? first : first + "-" + number(values.last().doubleValue());
    }

    private static String number(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}

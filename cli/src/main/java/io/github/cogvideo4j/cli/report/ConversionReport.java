package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.convert.Converter;
import io.github.cogvideo4j.checkpoints.convert.FusionRequest;
import io.github.cogvideo4j.checkpoints.convert.WeightFile;
import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoint.FusedAdapter;
import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report on what a conversion will do or has done, for people and as JSON.
public final class ConversionReport {
    private final ConversionPlan plan;
    private final Console console;
    private final Optional<FusionRequest.Plan> fusion;

    /// @param plan    the conversion
    /// @param console where it is told
    public ConversionReport(ConversionPlan plan, Console console) {
        this(plan, console, Optional.empty());
    }

    /// A report of a model into which adapters are fused.
    ///
    /// @param fusion  the fusion
    /// @param console where it is told
    public ConversionReport(FusionRequest.Plan fusion, Console console) {
        this(fusion.conversion(), console, Optional.of(fusion));
    }

    private ConversionReport(ConversionPlan plan, Console console, Optional<FusionRequest.Plan> fusion) {
        this.plan = plan;
        this.console = console;
        this.fusion = fusion;
    }

    /// The plan: every tensor, where its bytes come from, what will be written, how much disk.
    public void showPlan() throws IOException {
        ObjectNode result = header();
        if (fusion.isPresent()) {
            fusion.get().strengthProblem().ifPresent(console::warn);
        }
        ArrayNode tensors = result.putArray("tensors");
        for (PlannedTensor tensor : plan.tensors()) {
            describe(tensor, tensors.addObject());
            console.line("%s  %s%s -> %s  %s"
                    .formatted(
                            tensor.name(),
                            tensor.entry().tensor().dtype(),
                            tensor.entry().tensor().shape(),
                            tensor.dtype(),
                            origin(tensor)));
        }
        ObjectNode files = result.putObject("files");
        for (WeightFile file : plan.weightFiles()) {
            files.put(file.path(), file.size());
            console.print("cli.convert.will-write", file.path(), ByteSize.of(file.size()));
        }
        plan.smallFiles().forEach((name, content) -> {
            files.put(name, content.length());
            console.print("cli.convert.will-write", name, ByteSize.of(content.length()));
        });
        for (BaseModel base : plan.base().stream().toList()) {
            ObjectNode brought = result.putObject("base_files");
            for (BaseModel.BaseFile file : base.files()) {
                boolean linked = file.weights() && plan.options().link() != LinkMode.COPY;
                brought.put(file.path(), linked ? "link" : "copy");
                console.print(
                        linked ? "cli.convert.will-link" : "cli.convert.will-copy",
                        file.path(),
                        ByteSize.of(file.size()));
            }
        }
        result.put("disk_bytes", plan.diskBytes());
        console.print("cli.convert.disk", ByteSize.of(plan.diskBytes()));
        console.result(result);
    }

    /// Carries the plan out and tells what came of it.
    public void convert() throws IOException {
        Converter.Result result;
        try (ConversionProgress progress = new ConversionProgress(console)) {
            result = fusion.isPresent() ? fusion.get().run(progress.control()) : plan.run(progress.control());
        }
        result.warnings().forEach(console::warn);
        showResult(result, plan.options().verify());
    }

    /// What was done, and what to do next.
    public void showResult(Converter.Result done, boolean verified) throws IOException {
        ObjectNode result = header();
        result.put("output", done.output().toString());
        result.put("verified", verified);
        ObjectNode files = result.putObject("files");
        done.manifest().files().forEach(file -> files.put(file.path(), file.size()));
        console.result(result);
        // Of the tensors, as the check of the result counts them: headers would look like a loss there.
        long bytes =
                plan.tensors().stream().mapToLong(PlannedTensor::byteLength).sum();
        int count = plan.tensors().size();
        String size = ByteSize.of(bytes);
        int containers = plan.weightFiles().size();
        if (plan.dtype() == TargetDType.SOURCE) {
            console.print("cli.convert.done-as-stored", count, size, containers, done.output());
        } else {
            console.print("cli.convert.done", count, size, plan.dtype().id(), containers, done.output());
        }
        if (verified) {
            console.print("cli.convert.verified");
        }
        Path source = plan.checkpoint().folder();
        boolean component = plan.parts().stream().anyMatch(part -> part.path().equals(ConversionPlan.COMPONENT));
        if (component && plan.base().filter(BaseModel::pipeline).isEmpty()) {
            List<String> written =
                    plan.parts().stream().map(ConversionPlan.PlannedPart::path).toList();
            if (plan.base().isPresent()) {
                console.print(
                        "cli.convert.base-incomplete",
                        done.output(),
                        written,
                        plan.base().get().folder(),
                        ModelFolder.INDEX);
            } else {
                console.print("cli.convert.complete-it", done.output(), written);
            }
        }
        if (!verified && plan.checkpoint().merge().isPresent()) {
            Manifest.Merge merge = plan.checkpoint().merge().get();
            MergeText.showNext(done.output(), merge.sources(), merge.base(), console);
        } else if (!verified) {
            console.print(
                    plan.checkpoint().adapters().isEmpty() ? "cli.convert.next" : "cli.lora.fuse.next",
                    ShellWord.of(done.output()),
                    ShellWord.of(source));
        }
    }

    private ObjectNode header() throws IOException {
        Checkpoint source = plan.checkpoint();
        ObjectNode result = JsonFile.newObject();
        ObjectNode node = result.putObject("source");
        node.put("path", source.folder().toString());
        node.put("kind", source.kind().title());
        source.training().trainer().ifPresent(trainer -> node.put("trainer", trainer));
        source.training().step().ifPresent(step -> node.put("step", step));
        source.training().zeroStage().ifPresent(stage -> node.put("zero_stage", stage));
        source.training().worldSize().ifPresent(size -> node.put("world_size", size));
        if (!source.adapters().isEmpty()) {
            ArrayNode adapters = result.putArray("adapters");
            source.adapters().forEach(adapter -> describe(adapter, adapters.addObject()));
        }
        if (fusion.isPresent()) {
            fusion.get().strength().ifPresent(size -> StrengthReport.show(size, console, result));
        }
        result.put("dtype", plan.dtype().id());
        result.put("tensor_count", plan.tensors().size());
        if (source.merge().isPresent()) {
            describe(source.merge().get(), result.putObject("merge"));
            return result;
        }
        console.print("cli.convert.source", source.kind().title(), source.folder());
        if (source.training().zeroStage().isPresent()) {
            console.print(
                    "cli.convert.training",
                    source.training().zeroStage().getAsInt(),
                    source.training().worldSize().orElse(1),
                    source.training().step().isPresent()
                            ? String.valueOf(source.training().step().getAsLong())
                            : "?");
        }
        return result;
    }

    private void describe(Manifest.Merge merge, ObjectNode node) {
        node.put("method", merge.method().toString());
        merge.density().ifPresent(density -> node.put("density", density));
        merge.ema().ifPresent(decay -> node.put("ema", decay));
        merge.base().ifPresent(base -> node.put("base", base));
        if (merge.base().isPresent()) {
            console.print(
                    "cli.merge.method-on-base", merge.method(), merge.base().get());
        } else {
            console.print("cli.merge.method", merge.method());
        }
        MergeText.show(merge.sources(), console, node);
    }

    private static void describe(PlannedTensor tensor, ObjectNode node) {
        node.put("name", tensor.name());
        node.put("role", tensor.entry().role().name().toLowerCase(java.util.Locale.ROOT));
        node.put("source_dtype", tensor.entry().tensor().dtype().name());
        node.put("dtype", tensor.dtype().name());
        tensor.entry().tensor().shape().sizes().forEach(node.withArray("shape")::add);
        ArrayNode parts = node.putArray("from");
        switch (tensor.entry().tensor().data()) {
            case TensorData.Extents extents -> extents.parts().forEach(part -> describe(part, parts.addObject()));
            case TensorData.Strided strided ->
                describe(new Extent(strided.storage(), 0, strided.storage().length()), parts.addObject());
            case TensorData.Computed computed -> parts.addObject().put("computed", computed.description());
        }
    }

    private static void describe(Extent part, ObjectNode node) {
        node.put("file", String.valueOf(part.storage().file().getFileName()));
        node.put("record", part.storage().label());
        node.put("offset", part.offset());
        node.put("bytes", part.length());
    }

    /// Where the bytes come from, in a few words.
    private static String origin(PlannedTensor tensor) {
        return switch (tensor.entry().tensor().data()) {
            case TensorData.Extents extents -> {
                List<String> parts = extents.parts().stream()
                        .limit(2)
                        .map(ConversionReport::text)
                        .toList();
                int more = extents.parts().size() - parts.size();
                yield String.join(" + ", parts) + (more > 0 ? " + …(" + more + ")" : "");
            }
            case TensorData.Strided strided ->
                strided.storage().file().getFileName() + ":" + strided.storage().label() + " " + strided.strides();
            case TensorData.Computed computed -> computed.description();
        };
    }

    private static String text(Extent part) {
        return part.storage().file().getFileName() + ":" + part.storage().label() + "@" + part.offset() + "+"
                + part.length();
    }

    private static void describe(FusedAdapter adapter, ObjectNode node) {
        node.put("path", adapter.file().toString());
        node.put("layers", adapter.layers());
        node.put("bound", adapter.layers());
        node.put("modules", adapter.layers());
        node.put("rank", adapter.rank());
        node.put("scale", adapter.scale());
        adapter.alpha().ifPresent(alpha -> node.put("alpha", alpha));
        node.put("factor", adapter.factor());
    }
}

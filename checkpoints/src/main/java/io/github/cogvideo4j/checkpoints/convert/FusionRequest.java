package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request to make LoRA adapters part of a model.
///
/// @param base     the model: a folder, or a name in the hub's cache
/// @param adapters the adapters, in the order in which they are applied; at least one
/// @param output   the folder to make
/// @param options  what the result should be like. Without a dtype, every tensor keeps that of the base;
///     without a
///                 component, the adapters' names tell which is meant
public record FusionRequest(String base, List<Adapter> adapters, Path output, ConversionOptions options)
        implements JobRequest<FusionRequest.Plan> {
    private static final String JOB = "fuse";
    private static final int VERSION = 1;

    /// An adapter to fuse.
    ///
    /// @param path  its file, or the folder of a training run
    /// @param scale how strongly it is applied; 1 as trained
    /// @param alpha the alpha that it was trained with, where it records none or another
    public record Adapter(Path path, double scale, OptionalDouble alpha) {
        private static final double LARGEST = 1e6;

        /// Checks the numbers: a scale within ±1,000,000, an alpha above zero and at most 1,000,000.
        public Adapter {
            if (!(Math.abs(scale) <= LARGEST)) {
                throw wrong("adapters.scale", scale);
            }
            if (alpha.isPresent() && !(alpha.getAsDouble() > 0 && alpha.getAsDouble() <= LARGEST)) {
                throw wrong("adapters.alpha", alpha.getAsDouble());
            }
        }

        private static InvalidRequestException wrong(String name, double value) {
            return new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.value", name, value);
        }

        /// An adapter as it was trained.
        public static Adapter of(Path path) {
            return new Adapter(path, 1, OptionalDouble.empty());
        }
    }

    /// A planned fusion.
    ///
    /// @param conversion what will be written
    public record Plan(ConversionPlan conversion) implements JobPlan<Converter.Result> {
        /// Fuses, and warns of a change that is larger than what it changes.
        @Override
        public Converter.Result run(JobControl control) throws IOException {
            Converter.Result result = conversion.run(control);
            strengthProblem().ifPresent(control::notice);
            return result;
        }

        /// How large the change is beside the weights; absent where no matrix changes. Before the plan is
        /// carried out the matrices that change are read for it, afterwards nothing is.
        public Optional<LoraFusion.Strength> strength() throws IOException {
            return LoraFusion.strength(
                    conversion.checkpoint(), conversion.options().threads());
        }

        /// What is wrong with the strength: a change that is larger than what it changes.
        public Optional<Problem> strengthProblem() throws IOException {
            Path adapter = conversion.checkpoint().adapters().getFirst().file();
            return strength().flatMap(size -> size.problem(adapter));
        }
    }

    /// Copies the list.
    public FusionRequest {
        adapters = List.copyOf(adapters);
        if (adapters.isEmpty()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.missing", "adapters");
        }
    }

    /// A request to fuse one adapter as it was trained.
    public static FusionRequest of(Path base, Path adapter, Path output) {
        return new FusionRequest(base.toString(), List.of(Adapter.of(adapter)), output, ConversionOptions.defaults());
    }

    /// The same request with other options.
    public FusionRequest withOptions(ConversionOptions value) {
        return new FusionRequest(base, adapters, output, value);
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Plans. Of the model only headers are read.
    @Override
    public Plan plan(JobControl control) throws IOException {
        List<AppliedAdapter> applied = new ArrayList<>();
        for (Adapter adapter : adapters) {
            control.check();
            applied.add(new AppliedAdapter(LoraAdapter.open(adapter.path()), adapter.scale(), adapter.alpha()));
        }
        BaseModel model = BaseModel.read(ModelFolder.locate(base, Map.copyOf(System.getenv())));
        LoraTarget target = LoraTarget.choose(
                model.folder(),
                applied.stream().map(AppliedAdapter::adapter).toList(),
                options.component().map(Component::folder));
        control.check();
        ConversionOptions chosen = options.dtype().isPresent() ? options : options.withDType(TargetDType.SOURCE);
        if (target.component().isPresent()) {
            chosen = chosen.withComponent(Component.named(target.component().get()));
        }
        Checkpoint fused =
                LoraFusion.fuse(target.weights(), applied, chosen.dtype().equals(Optional.of(TargetDType.SOURCE)));
        ConversionPlan plan = ConversionPlanner.plan(fused, output, Optional.of(model), chosen);
        plan.warnings().forEach(control::notice);
        for (AppliedAdapter each : applied) {
            each.adapter().valueProblems().forEach(control::notice);
        }
        control.check();
        return new Plan(plan);
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("base", base);
        ArrayNode list = json.putArray("adapters");
        for (Adapter adapter : adapters) {
            ObjectNode node = list.addObject();
            node.put("path", adapter.path().toString());
            if (adapter.scale() != 1) {
                node.put("scale", adapter.scale());
            }
            adapter.alpha().ifPresent(alpha -> node.put("alpha", alpha));
        }
        json.put("output", output.toString());
        OptionsJson.write(options, json);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static FusionRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        List<Adapter> adapters = new ArrayList<>();
        for (RequestFields adapter : fields.objects("adapters")) {
            adapters.add(new Adapter(
                    adapter.requiredPath("path"), adapter.number("scale").orElse(1), adapter.positive("alpha")));
            adapter.end();
        }
        FusionRequest request = new FusionRequest(
                fields.requiredText("base"), adapters, fields.requiredPath("output"), OptionsJson.read(fields));
        fields.end();
        return request;
    }
}

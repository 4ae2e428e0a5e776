package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request to convert a checkpoint into a model folder.
///
/// @param sources what is converted, the main source first; at least one
/// @param output  the folder to make
/// @param base    the model that supplies the remaining components: a folder, or a name in the hub's cache
/// @param options what the result should be like
public record ConversionRequest(List<Source> sources, Path output, Optional<String> base, ConversionOptions options)
        implements JobRequest<ConversionPlan> {
    private static final String JOB = "convert";
    private static final int VERSION = 1;

    /// Something to convert.
    ///
    /// @param path     the checkpoint
    /// @param part     the component to take of a checkpoint that holds several; when absent, its main one
    /// @param expected the component that the weights have to be of; when absent, any
    /// @param options  which of the checkpoint's weights are meant
    public record Source(Path path, Optional<Component> part, Optional<Component> expected, SourceOptions options) {
        /// The main part of a checkpoint, as it stands.
        public static Source of(Path path) {
            return new Source(path, Optional.empty(), Optional.empty(), SourceOptions.defaults());
        }

        private Checkpoint open() throws IOException {
            Checkpoint opened = part.isPresent()
                    ? Checkpoints.openPart(path, options, part.get())
                    : Checkpoints.open(path, options);
            return expected.isPresent() ? opened.require(expected.get()) : opened;
        }
    }

    /// Copies the list.
    public ConversionRequest {
        sources = List.copyOf(sources);
        if (sources.isEmpty()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.missing", "sources");
        }
    }

    /// A request to convert one checkpoint into a folder for diffusers.
    public static ConversionRequest of(Path source, Path output) {
        return new ConversionRequest(
                List.of(Source.of(source)), output, Optional.empty(), ConversionOptions.defaults());
    }

    /// The same request with the model that was fine-tuned.
    public ConversionRequest withBase(String model) {
        return new ConversionRequest(sources, output, Optional.of(model), options);
    }

    /// The same request with other options.
    public ConversionRequest withOptions(ConversionOptions value) {
        return new ConversionRequest(sources, output, base, value);
    }

    @Override
    public String job() {
        return JOB;
    }

    @Override
    public ConversionPlan plan(JobControl control) throws IOException {
        List<Checkpoint> opened = new ArrayList<>();
        for (Source source : sources) {
            control.check();
            opened.add(source.open());
        }
        Optional<BaseModel> model = base.isPresent()
                ? Optional.of(BaseModel.read(ModelFolder.locate(base.get(), Map.copyOf(System.getenv()))))
                : Optional.empty();
        control.check();
        ConversionPlan plan =
                ConversionPlanner.plan(opened.getFirst(), opened.subList(1, opened.size()), output, model, options);
        plan.warnings().forEach(control::notice);
        return plan;
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        ArrayNode list = json.putArray("sources");
        for (Source source : sources) {
            ObjectNode node = list.addObject();
            node.put("path", source.path().toString());
            RequestText.text(node, "part", source.part());
            RequestText.text(node, "expected", source.expected());
            RequestText.options(node, source.options());
        }
        json.put("output", output.toString());
        RequestText.text(json, "base", base);
        OptionsJson.write(options, json);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static ConversionRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        List<Source> sources = new ArrayList<>();
        for (RequestFields source : fields.objects("sources")) {
            sources.add(new Source(
                    source.requiredPath("path"),
                    source.component("part"),
                    source.component("expected"),
                    RequestText.options(source)));
            source.end();
        }
        ConversionRequest request = new ConversionRequest(
                sources, fields.requiredPath("output"), fields.text("base"), OptionsJson.read(fields));
        fields.end();
        return request;
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.checkpoints.lora.LoraMerge;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request to merge checkpoints of one model into one, or LoRA adapters into one.
///
/// @param sources    what is merged: all that a conversion reads, or adapters; a run's folder alone stands for
///                   all its checkpoints in the order of their steps
/// @param output     the folder to make; for adapters a folder, or a file that ends in `.safetensors`
/// @param base       the model that was fine-tuned: a folder, or a name in the hub's cache
/// @param arithmetic how they are merged
/// @param source     which of each checkpoint's weights are meant
/// @param options    what the result should be like
public record MergeRequest(
        List<Path> sources,
        Path output,
        Optional<String> base,
        Arithmetic arithmetic,
        SourceOptions source,
        ConversionOptions options)
        implements JobRequest<MergeRequest.Plan> {
    private static final String JOB = "merge";
    private static final int VERSION = 1;

    /// How checkpoints become one.
    ///
    /// @param method  the arithmetic
    /// @param weights a weight for each source; none for the method's own: equal shares for an average, one
    ///                half for what lies between two models, one for changes against the base
    /// @param ema     for an average, the decay of an exponential one: each source counts as much as all before
    ///                it together times `(1 - ema) / ema`
    /// @param density for TIES, the share of each tensor's changes that is kept; 0.2 where it is not given
    /// @param rank    for adapters, the rank of the result
    /// @param alphas  for adapters, the alphas that they were trained with, which go before what they record:
    ///                none, one for all, or one for each
    public record Arithmetic(
            MergeMethod method,
            List<Double> weights,
            OptionalDouble ema,
            OptionalDouble density,
            OptionalInt rank,
            List<Double> alphas) {
        private static final double LARGEST = 1e6;
        private static final double USUAL_DENSITY = 0.2;

        /// Checks the numbers.
        ///
        /// @throws InvalidRequestException `request` for weights beyond ±1,000,000, a decay that is not between
        ///     0 and 1, a density that is not above 0 and at most 1, a rank below 1, and for what does not go
        ///     with the method
        public Arithmetic {
            weights = List.copyOf(weights);
            for (double weight : weights) {
                if (!(Math.abs(weight) <= LARGEST)) {
                    throw wrong("weights", weight);
                }
            }
            alphas = List.copyOf(alphas);
            for (double alpha : alphas) {
                if (!(alpha > 0 && alpha <= LARGEST)) {
                    throw wrong("alphas", alpha);
                }
            }
            if (ema.isPresent() && !(ema.getAsDouble() > 0 && ema.getAsDouble() < 1)) {
                throw wrong("ema", ema.getAsDouble());
            }
            if (density.isPresent() && !(density.getAsDouble() > 0 && density.getAsDouble() <= 1)) {
                throw wrong("density", density.getAsDouble());
            }
            if (rank.isPresent() && rank.getAsInt() < 1) {
                throw wrong("rank", rank.getAsInt());
            }
            RequestText.requireOne(ema.isPresent(), "ema", !weights.isEmpty(), "weights");
            RequestText.requireOne(ema.isPresent(), "ema", method != MergeMethod.AVERAGE, "method " + method);
            RequestText.requireBeside(density.isPresent(), "density", method == MergeMethod.TIES, "method ties");
        }

        /// The average of all sources.
        public static Arithmetic average() {
            return of(MergeMethod.AVERAGE);
        }

        /// A method with its own weights.
        public static Arithmetic of(MergeMethod method, Double... weights) {
            return new Arithmetic(
                    method,
                    List.of(weights),
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    OptionalInt.empty(),
                    List.of());
        }

        private static InvalidRequestException wrong(String name, Object value) {
            return new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.value", name, value);
        }

        /// The weights of the sources.
        ///
        /// @throws InvalidRequestException `request` when they are not as many
        List<Double> weights(int count) {
            if (!weights.isEmpty()) {
                if (weights.size() != count) {
                    throw new InvalidRequestException(
                            ProblemCode.REQUEST, Place.nowhere(), "checkpoints.merge.weights", weights.size(), count);
                }
                return weights;
            }
            if (ema.isPresent()) {
                return decaying(ema.getAsDouble(), count);
            }
            double usual = switch (method) {
                case AVERAGE -> 1.0 / count;
                case LINEAR, SLERP -> 0.5;
                case TIES, TASK -> 1;
            };
            return Collections.nCopies(count, usual);
        }

        /// The alpha that is given for one of several adapters.
        ///
        /// @throws InvalidRequestException `request` when they are neither one nor as many
        OptionalDouble alpha(int adapter, int count) {
            if (alphas.isEmpty()) {
                return OptionalDouble.empty();
            }
            if (alphas.size() != 1 && alphas.size() != count) {
                throw new InvalidRequestException(
                        ProblemCode.REQUEST, Place.nowhere(), "checkpoints.merge.alphas", alphas.size(), count);
            }
            return OptionalDouble.of(alphas.get(alphas.size() == 1 ? 0 : adapter));
        }

        /// The weights of `average = ema * average + (1 - ema) * source`, begun with the first source.
        private static List<Double> decaying(double decay, int count) {
            List<Double> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                double own = i == 0 ? 1 : 1 - decay;
                all.add(own * Math.pow(decay, count - 1.0 - i));
            }
            return all;
        }

        OptionalDouble usedDensity() {
            return method == MergeMethod.TIES
                    ? OptionalDouble.of(density.orElse(USUAL_DENSITY))
                    : OptionalDouble.empty();
        }
    }

    /// A planned merge.
    public sealed interface Plan extends JobPlan<Result> {
        /// What is merged, each with its weight.
        List<MergedSource> sources();

        /// A merge of models.
        ///
        /// @param conversion what will be written
        record Models(ConversionPlan conversion) implements Plan {
            @Override
            public List<MergedSource> sources() {
                return conversion.checkpoint().merge().stream()
                        .flatMap(merge -> merge.sources().stream())
                        .toList();
            }

            @Override
            public Result run(JobControl control) throws IOException {
                return new Result(Optional.of(conversion.run(control)), Optional.empty());
            }
        }

        /// A merge of adapters.
        ///
        /// @param merge what will be written
        record AdapterPlan(LoraMerge merge) implements Plan {
            @Override
            public List<MergedSource> sources() {
                return merge.sources();
            }

            @Override
            public Result run(JobControl control) throws IOException {
                return new Result(Optional.empty(), Optional.of(merge.run(control)));
            }
        }
    }

    /// What was written: one of the two.
    ///
    /// @param model   the model's folder
    /// @param adapter the adapter
    public record Result(Optional<Converter.Result> model, Optional<LoraMerge.Result> adapter) {}

    /// Copies the list.
    public MergeRequest {
        sources = List.copyOf(sources);
        if (sources.isEmpty()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST, Place.nowhere(), "checkpoints.request.missing", "sources");
        }
    }

    /// A request to average checkpoints.
    public static MergeRequest of(List<Path> sources, Path output) {
        return new MergeRequest(
                sources,
                output,
                Optional.empty(),
                Arithmetic.average(),
                SourceOptions.defaults(),
                ConversionOptions.defaults());
    }

    /// The same request with the model that was fine-tuned.
    public MergeRequest withBase(String model) {
        return new MergeRequest(sources, output, Optional.of(model), arithmetic, source, options);
    }

    /// The same request with another arithmetic.
    public MergeRequest withArithmetic(Arithmetic value) {
        return new MergeRequest(sources, output, base, value, source, options);
    }

    /// The same request with other options.
    public MergeRequest withOptions(ConversionOptions value) {
        return new MergeRequest(sources, output, base, arithmetic, source, value);
    }

    @Override
    public String job() {
        return JOB;
    }

    /// Plans. Of all models only headers are read.
    @Override
    public Plan plan(JobControl control) throws IOException {
        return new MergePlanner(this, control).plan();
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        RequestText.paths(json, "sources", sources);
        json.put("output", output.toString());
        RequestText.text(json, "base", base);
        json.put("method", arithmetic.method().toString());
        numbers(json, "weights", arithmetic.weights());
        arithmetic.ema().ifPresent(decay -> json.put("ema", decay));
        arithmetic.density().ifPresent(share -> json.put("density", share));
        arithmetic.rank().ifPresent(rank -> json.put("rank", rank));
        numbers(json, "alphas", arithmetic.alphas());
        RequestText.options(json.putObject("source"), source);
        OptionsJson.write(options, json);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static MergeRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        RequestFields chosen = fields.object("source");
        SourceOptions source = RequestText.options(chosen);
        chosen.end();
        MergeRequest request = new MergeRequest(
                RequestText.paths(fields, "sources"),
                fields.requiredPath("output"),
                fields.text("base"),
                new Arithmetic(
                        fields.choice("method", MergeMethod.class).orElse(MergeMethod.AVERAGE),
                        numbers(fields, "weights"),
                        fields.number("ema"),
                        fields.number("density"),
                        fields.whole("rank", 1, Integer.MAX_VALUE),
                        numbers(fields, "alphas")),
                source,
                OptionsJson.read(fields));
        fields.end();
        return request;
    }

    private static void numbers(ObjectNode json, String name, List<Double> values) {
        if (!values.isEmpty()) {
            ArrayNode list = json.putArray(name);
            values.forEach(value -> list.addObject().put("value", value));
        }
    }

    private static List<Double> numbers(RequestFields fields, String name) {
        List<Double> values = new ArrayList<>();
        for (RequestFields value : fields.objects(name)) {
            values.add(value.number("value").orElse(Double.NaN));
            value.end();
        }
        return values;
    }
}

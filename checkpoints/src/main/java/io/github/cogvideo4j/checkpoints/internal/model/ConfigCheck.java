package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.source.NamingScheme;
import io.github.cogvideo4j.checkpoints.internal.source.NamingSchemes;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.internal.table.TensorMatch;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/// The comparison of weights with the configuration they are to be loaded with, by names and sizes.
public final class ConfigCheck {
    private final TransformerConfig config;
    private final Map<String, Shape> expected;
    private final Map<String, Shape> found = new LinkedHashMap<>();
    private final Place place;

    private ConfigCheck(TransformerConfig config, Collection<NamedShape> tensors, Place place) {
        this.config = config;
        this.expected = TransformerStateDict.of(config).shapes();
        tensors.forEach(tensor -> found.put(tensor.name(), tensor.shape()));
        this.place = place;
    }

    /// What a comparison found.
    ///
    /// @param errors   what keeps the weights from loading as they should: `missing-tensor`, `extra-tensor`,
    /// `shape-mismatch`, `lora-unmerged`, `wrong-component`; each names the first tensors concerned
    /// @param warnings additional tensors that are known to be buffers, as one `extra-tensor`
    public record Result(List<Problem> errors, List<Problem> warnings) {
        /// Copies the lists.
        public Result {
            errors = List.copyOf(errors);
            warnings = List.copyOf(warnings);
        }

        /// Whether the weights load.
        public boolean fits() {
            return errors.isEmpty();
        }
    }

    /// Compares.
    ///
    /// @param config   the configuration
    /// @param tensors  names and sizes of the weights
    /// @param isBuffer whether a name is that of a buffer: an additional buffer is only a warning
    /// @param place    where the weights are, for messages
    public static Result compare(
            TransformerConfig config, Collection<NamedShape> tensors, Predicate<String> isBuffer, Place place) {
        return new ConfigCheck(config, tensors, place).compare(isBuffer);
    }

    private Result compare(Predicate<String> isBuffer) {
        TensorMatch match = TensorMatch.of(expected, found);
        List<String> missing = match.missing();
        List<TensorMatch.Reshaped> different = match.reshaped();
        List<String> buffers = match.extra().stream().filter(isBuffer).toList();
        List<String> strangers =
                match.extra().stream().filter(isBuffer.negate()).toList();
        List<String> adapters = strangers.stream()
                .filter(name -> name.contains(".base_layer.") || name.contains(".lora_"))
                .toList();

        List<Problem> errors = new ArrayList<>();
        if (!adapters.isEmpty()) {
            Problem unmerged = problem(ProblemCode.LORA_UNMERGED, "checkpoints.weights.lora-unmerged", adapters);
            errors.add(place.file()
                    .map(file -> unmerged.with(
                            new Remedy.ExportAdapter(file), new Remedy.FuseAdapter(Optional.empty(), false)))
                    .orElse(unmerged));
            return new Result(errors, List.of());
        }
        Optional<NamingScheme> scheme = NamingSchemes.recognise(strangers);
        if (scheme.isPresent()) {
            Problem untranslated = Problem.of(
                    ProblemCode.EXTRA_TENSOR,
                    place.tensor(strangers.getFirst()),
                    "checkpoints.weights.untranslated",
                    strangers.size(),
                    Message.first(strangers),
                    scheme.get().kind().title());
            errors.add(place.file()
                    .map(file -> untranslated.with(new Remedy.Convert(file, false, Optional.empty())))
                    .orElse(untranslated));
            return new Result(errors, List.of());
        }
        Optional<Component> other = Families.recognise(new LinkedHashMap<>(found)).stream()
                .map(family -> Component.named(family.family().component()))
                .filter(component -> !component.equals(Component.TRANSFORMER))
                .findFirst();
        if (other.isPresent()) {
            errors.add(Problem.of(
                    ProblemCode.WRONG_COMPONENT,
                    place,
                    "checkpoints.weights.wrong-component",
                    other.get().folder()));
            return new Result(errors, List.of());
        }
        Optional<Differences> reason =
                missing.isEmpty() && strangers.isEmpty() && different.isEmpty() ? Optional.empty() : differences();
        if (!missing.isEmpty()) {
            errors.add(explained(ProblemCode.MISSING_TENSOR, "checkpoints.weights.missing", missing, reason));
        }
        if (!strangers.isEmpty()) {
            errors.add(explained(ProblemCode.EXTRA_TENSOR, "checkpoints.weights.extra", strangers, reason));
        }
        if (!different.isEmpty()) {
            errors.add(shapeMismatch(different, reason));
        }
        return new Result(
                errors,
                buffers.isEmpty()
                        ? List.of()
                        : List.of(problem(ProblemCode.EXTRA_TENSOR, "checkpoints.weights.extra-buffers", buffers)));
    }

    private Problem shapeMismatch(List<TensorMatch.Reshaped> mismatches, Optional<Differences> reason) {
        Place at = place.tensor(mismatches.getFirst().name());
        String key = "checkpoints.weights.shapes";
        int count = mismatches.size();
        Message.Argument sizes = Message.first(mismatches);
        if (mismatches.stream().allMatch(TensorMatch.Reshaped::isTransposed)) {
            return Problem.of(ProblemCode.SHAPE_MISMATCH, at, key + ".transposed", count, sizes);
        }
        return reason.map(differences -> Problem.of(
                        ProblemCode.SHAPE_MISMATCH,
                        at,
                        key + differences.kind(),
                        count,
                        sizes,
                        differences.inConfig(),
                        differences.inWeights()))
                .orElseGet(() -> Problem.of(ProblemCode.SHAPE_MISMATCH, at, key, count, sizes));
    }

    private Problem explained(ProblemCode code, String key, List<String> names, Optional<Differences> reason) {
        return reason.map(differences -> Problem.of(
                        code,
                        place.tensor(names.getFirst()),
                        key + ".fields",
                        names.size(),
                        Message.first(names),
                        differences.inConfig(),
                        differences.inWeights()))
                .orElseGet(() -> problem(code, key, names));
    }

    private Problem problem(ProblemCode code, String key, List<String> names) {
        return Problem.of(code, place.tensor(names.getFirst()), key, names.size(), Message.first(names));
    }

    /// Fields on which the configuration and the weights disagree.
    ///
    /// @param kind      the suffix of the key of the message about sizes
    /// @param inConfig  `field value` of each, as configured
    /// @param inWeights the same fields as the weights have them
    private record Differences(String kind, List<String> inConfig, List<String> inWeights) {}

    private Optional<Differences> differences() {
        ConfigDerivation.Result weights;
        try {
            weights = ConfigDerivation.derive(
                    found.entrySet().stream()
                            .map(entry -> new NamedShape(entry.getKey(), entry.getValue()))
                            .toList(),
                    place);
        } catch (InvalidCheckpointException notEvenThat) {
            return Optional.empty();
        }
        Map<String, String> configured = telling(config);
        Map<String, String> actual = telling(weights.config());
        List<String> fields = configured.keySet().stream()
                .filter(field -> !configured.getOrDefault(field, "").equals(actual.getOrDefault(field, "")))
                .toList();
        if (fields.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Differences(otherTask(weights.config()), values(fields, configured), values(fields, actual)));
    }

    /// The suffix of the message's key when one side is for image to video and the other for text to video.
    private String otherTask(TransformerConfig weights) {
        if (weights.isImageToVideo() == config.isImageToVideo()) {
            return ".fields";
        }
        return weights.isImageToVideo() ? ".image-to-video" : ".text-to-video";
    }

    private static List<String> values(List<String> fields, Map<String, String> values) {
        return fields.stream().map(field -> field + " " + values.get(field)).toList();
    }

    private static Map<String, String> telling(TransformerConfig config) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("num_layers", String.valueOf(config.numLayers()));
        values.put("in_channels", String.valueOf(config.inChannels()));
        values.put("out_channels", String.valueOf(config.outChannels()));
        values.put("num_attention_heads", String.valueOf(config.numAttentionHeads()));
        values.put("attention_head_dim", String.valueOf(config.attentionHeadDim()));
        values.put("text_embed_dim", String.valueOf(config.textEmbedDim()));
        values.put("time_embed_dim", String.valueOf(config.timeEmbedDim()));
        values.put("ofs_embed_dim", optional(config.ofsEmbedDim()));
        values.put("patch_size", String.valueOf(config.patchSize()));
        values.put("patch_size_t", optional(config.patchSizeT()));
        values.put("attention_bias", String.valueOf(config.attentionBias()));
        values.put("norm_elementwise_affine", String.valueOf(config.normElementwiseAffine()));
        values.put("use_learned_positional_embeddings", String.valueOf(config.useLearnedPositionalEmbeddings()));
        return Collections.unmodifiableMap(values);
    }

    private static String optional(OptionalInt value) {
        return value.isPresent() ? String.valueOf(value.getAsInt()) : "null";
    }
}

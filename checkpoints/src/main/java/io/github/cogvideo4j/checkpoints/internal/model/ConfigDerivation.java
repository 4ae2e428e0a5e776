package io.github.cogvideo4j.checkpoints.internal.model;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// The derivation of a transformer's configuration from the names and sizes of its weights.
///
/// Most of it is in the shapes. What is not (whether positions are rotary, the default picture size, how the
/// columns of a linear patch projection divide into channels and patch) is taken from the published models that
/// the shapes resemble, and listed as assumed.
public final class ConfigDerivation {
    private static final String TEXT_LENGTH = "max_text_seq_length";
    private static final Pattern BLOCK = Pattern.compile("transformer_blocks\\.(\\d{1,4})\\.(.*)");

    private final Map<String, Shape> shapes = new HashMap<>();
    private final Place place;
    private final Map<String, Boolean> settings;
    private final DerivedFields fields = new DerivedFields(TransformerConfig.CLASS_NAME);

    private ConfigDerivation(Collection<NamedShape> tensors, Map<String, Boolean> settings, Place place) {
        this.place = place;
        this.settings = Map.copyOf(settings);
        tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
    }

    /// One field of a derived configuration.
    ///
    /// @param field   the key in `config.json`
    /// @param value   the value, as in JSON
    /// @param assumed whether it is taken from a published model, not from the weights
    /// @param reason  where it comes from
    public record Value(String field, String value, boolean assumed, Message reason) {}

    /// A configuration and where its values come from.
    ///
    /// @param config the configuration
    /// @param values every field, in the order in which it was settled
    public record Result(TransformerConfig config, List<Value> values) {
        /// Copies the list.
        public Result {
            values = List.copyOf(values);
        }

        /// The fields that the shapes prove.
        public List<Value> derived() {
            return values.stream().filter(value -> !value.assumed()).toList();
        }

        /// The fields taken from the published model that is most alike.
        public List<Value> assumed() {
            return values.stream().filter(Value::assumed).toList();
        }
    }

    /// Whether names are those of a CogVideoX transformer at all, complete or not.
    public static boolean looksLikeTransformer(Collection<String> names) {
        return names.stream().anyMatch(name -> name.startsWith("patch_embed."))
                && names.stream().anyMatch(name -> BLOCK.matcher(name).matches());
    }

    /// Derives the configuration.
    ///
    /// @param tensors names and sizes of all weights
    /// @param place   where the weights are, for messages
    /// @throws InvalidCheckpointException `config-missing` when a tensor that determines something essential is
    /// absent or has sizes that mean nothing
    public static Result derive(Collection<NamedShape> tensors, Place place) {
        return derive(tensors, Map.of(), place);
    }

    /// Derives the configuration, with what the checkpoint records besides the sizes.
    ///
    /// @param tensors  names and sizes of all weights
    /// @param settings keys that are known, which would be assumed otherwise
    /// @param place    where the weights are, for messages
    /// @throws InvalidCheckpointException as [#derive(Collection, Place)]
    public static Result derive(Collection<NamedShape> tensors, Map<String, Boolean> settings, Place place) {
        return new ConfigDerivation(tensors, settings, place).derive();
    }

    private Result derive() {
        int layers = layers();
        long headDim = shape(firstBlockTensor("attn1.norm_q.weight"), 1).size(0);
        Shape time = shape("time_embedding.linear_1.weight", 2);
        long width = time.size(1);
        if (headDim == 0 || width % headDim != 0) {
            throw underivable("time_embedding.linear_1.weight", time);
        }
        int heads = Math.toIntExact(Math.min(width / headDim, Integer.MAX_VALUE));
        derived("num_layers", layers, "transformer_blocks.*");
        derived("attention_head_dim", headDim, "attn1.norm_q.weight");
        derived("num_attention_heads", heads, "time_embedding.linear_1.weight");
        derived("time_embed_dim", time.size(0), "time_embedding.linear_1.weight");
        derived("text_embed_dim", shape("patch_embed.text_proj.weight", 2).size(1), "patch_embed.text_proj.weight");
        derived("attention_bias", hasBlockTensor("attn1.to_q.bias"), "attn1.to_q.bias");
        derived("norm_elementwise_affine", shapes.containsKey("norm_final.weight"), "norm_final.weight");
        KnownModel known = patches(heads, layers);
        if (shapes.containsKey("ofs_embedding.linear_1.weight")) {
            Shape ofs = shape("ofs_embedding.linear_1.weight", 2);
            derived("ofs_embed_dim", ofs.size(1), "ofs_embedding.linear_1.weight");
        }
        SampleSize sample = positions(known);
        for (KnownModel.Field field : KnownModel.SHARED_FIELDS) {
            if (!field.name().equals(TEXT_LENGTH)
                    || sample.tokens() == known.sample().tokens()) {
                assumed(field.name(), field.value(), "checkpoints.derivation.every-model");
            }
        }
        return new Result(TransformerConfig.of(fields.document()), fields.values());
    }

    /// One more than the highest index of a block with attention. A hole is for the later comparison to find.
    private int layers() {
        return 1
                + shapes.keySet().stream()
                        .map(BLOCK::matcher)
                        .filter(match -> match.matches() && match.group(2).equals("attn1.norm_q.weight"))
                        .mapToInt(match -> Integer.parseInt(match.group(1)))
                        .max()
                        .orElseThrow(() -> missing("transformer_blocks.0"));
    }

    /// Channels and patch. A convolution's weight names both; the columns of a linear layer are only their
    /// product.
    private KnownModel patches(int heads, int layers) {
        String weight = "patch_embed.proj.weight";
        long rows = shape("proj_out.weight", 2).size(0);
        Shape projection = shapes.getOrDefault(weight, Shape.of());
        KnownModel known;
        if (projection.rank() == 4) {
            long patch = projection.size(2);
            long channels = wholeQuotient(rows, patch * patch, "proj_out.weight");
            known = KnownModel.resembling(heads, layers, false, projection.size(1) == 2 * channels);
            derived("patch_size", patch, weight);
            derived("in_channels", projection.size(1), weight);
            derived("out_channels", channels, "proj_out.weight");
            if (!shapes.containsKey("patch_embed.proj.bias")) {
                derived("patch_bias", false, "patch_embed.proj.bias");
            }
        } else {
            Shape linear = shape(weight, 2);
            long channels = wholeQuotient(rows, KnownModel.VOLUME_OF_PATCH_IN_TIME, "proj_out.weight");
            known = KnownModel.resembling(heads, layers, true, linear.size(1) == 2 * rows);
            assumed("patch_size", KnownModel.PATCH, "checkpoints.derivation.family", known.title());
            assumed("patch_size_t", KnownModel.PATCH, "checkpoints.derivation.family", known.title());
            derived("in_channels", wholeQuotient(linear.size(1), KnownModel.VOLUME_OF_PATCH_IN_TIME, weight), weight);
            derived("out_channels", channels, "proj_out.weight");
            assumed("patch_bias", false, "checkpoints.derivation.family", known.title());
        }
        return known;
    }

    /// A table among the weights means learned positions on top of rotary ones; no other combination exists.
    private SampleSize positions(KnownModel known) {
        SampleSize sample = known.sample();
        if (shapes.containsKey(TransformerStateDict.POSITION_TABLE)) {
            long length = shape(TransformerStateDict.POSITION_TABLE, 3).size(1);
            SampleSize other = sample;
            sample = sample.withTableLength(length)
                    .orElseThrow(() -> underivable(
                            TransformerStateDict.POSITION_TABLE, shape(TransformerStateDict.POSITION_TABLE, 3)));
            derived("use_learned_positional_embeddings", true, TransformerStateDict.POSITION_TABLE);
            derived("use_rotary_positional_embeddings", true, TransformerStateDict.POSITION_TABLE);
            if (!sample.equals(other)) {
                assumed("sample_height", sample.height(), "checkpoints.derivation.table", length);
                assumed("sample_width", sample.width(), "checkpoints.derivation.table", length);
                assumed("sample_frames", sample.frames(), "checkpoints.derivation.table", length);
                if (sample.tokens() != other.tokens()) {
                    assumed(TEXT_LENGTH, sample.tokens(), "checkpoints.derivation.table", length);
                }
                return sample;
            }
        } else {
            String reason = known.exact() ? "checkpoints.derivation.family" : "checkpoints.derivation.unknown-size";
            String rotary = "use_rotary_positional_embeddings";
            Boolean told = settings.get(rotary);
            if (told == null) {
                assumed(rotary, known.rotary(), reason, known.title());
            } else {
                fields.told(rotary, told);
            }
            if (known.patchesInTime()) {
                assumed("use_learned_positional_embeddings", false, "checkpoints.derivation.family", known.title());
            }
        }
        assumed("sample_height", sample.height(), "checkpoints.derivation.family", known.title());
        assumed("sample_width", sample.width(), "checkpoints.derivation.family", known.title());
        assumed("sample_frames", sample.frames(), "checkpoints.derivation.family", known.title());
        return sample;
    }

    private long wholeQuotient(long rows, long divisor, String tensor) {
        if (divisor <= 0 || rows % divisor != 0) {
            throw underivable(tensor, shapes.getOrDefault(tensor, Shape.of()));
        }
        return rows / divisor;
    }

    private void derived(String field, Object value, String tensor) {
        fields.derived(field, value, tensor);
    }

    private void assumed(String field, Object value, String key, Object... arguments) {
        fields.assumed(field, value, key, arguments);
    }

    private Shape shape(String tensor, int rank) {
        Shape shape = Optional.ofNullable(shapes.get(tensor)).orElseThrow(() -> missing(tensor));
        if (shape.rank() != rank) {
            throw underivable(tensor, shape);
        }
        return shape;
    }

    private boolean hasBlockTensor(String rest) {
        return firstBlockWith(rest).isPresent();
    }

    private String firstBlockTensor(String rest) {
        OptionalInt block = firstBlockWith(rest);
        return "transformer_blocks." + block.orElse(0) + "." + rest;
    }

    private OptionalInt firstBlockWith(String rest) {
        return shapes.keySet().stream()
                .map(BLOCK::matcher)
                .filter(match -> match.matches() && match.group(2).equals(rest))
                .mapToInt(match -> Integer.parseInt(match.group(1)))
                .min();
    }

    private InvalidCheckpointException missing(String tensor) {
        return new InvalidCheckpointException(
                ProblemCode.CONFIG_MISSING, place.tensor(tensor), "checkpoints.derivation.missing-tensor", tensor);
    }

    private InvalidCheckpointException underivable(String tensor, Shape shape) {
        return new InvalidCheckpointException(
                ProblemCode.CONFIG_MISSING, place.tensor(tensor), "checkpoints.derivation.odd-shape", tensor, shape);
    }
}

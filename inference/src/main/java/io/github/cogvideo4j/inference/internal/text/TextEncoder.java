package io.github.cogvideo4j.inference.internal.text;

import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.weights.WeightStore;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// A model's `tokenizer` and `text_encoder` together: from prompts to the states that the transformer takes.
///
/// Closing it frees its weights; the states remain. With the XXL encoder of the real models these are 19 GB of
/// mapped fp32, so a caller that needs the memory closes it before the transformer is loaded.
public final class TextEncoder implements AutoCloseable {
    /// The most tokens per prompt; CogVideoX was trained with 226.
    public static final int MOST_TOKENS = 4_096;

    private final PromptTokenizer tokenizer;
    private final WeightStore weights;
    private final T5Encoder encoder;

    private TextEncoder(PromptTokenizer tokenizer, WeightStore weights, T5Encoder encoder) {
        this.tokenizer = tokenizer;
        this.weights = weights;
        this.encoder = encoder;
    }

    /// Opens both parts in a model's folder.
    ///
    /// @param model     the folder with `tokenizer` and `text_encoder`
    /// @param precision the type in which it computes
    /// @param device    where it computes
    /// @throws InvalidModelException when a part is broken or they do not belong together
    public static TextEncoder open(Path model, Precision precision, ComputeDevice device) throws IOException {
        Path folder = model.resolve("text_encoder");
        T5Config config = T5Config.read(folder.resolve("config.json"));
        PromptTokenizer tokenizer = PromptTokenizer.open(model.resolve("tokenizer"));
        try {
            if (tokenizer.vocabulary() > config.vocabSize()) {
                throw new InvalidModelException(
                        ProblemCode.CONFIG_INVALID,
                        Place.of(folder),
                        "inference.text.vocabulary",
                        tokenizer.vocabulary(),
                        config.vocabSize());
            }
            WeightStore weights = WeightStore.open(folder);
            try {
                return new TextEncoder(tokenizer, weights, new T5Encoder(weights.in(precision, device), config));
            } catch (RuntimeException e) {
                weights.close();
                throw e;
            }
        } catch (RuntimeException | IOException e) {
            tokenizer.close();
            throw e;
        }
    }

    /// Encoded prompts.
    ///
    /// @param states  `[prompts, tokens, width]`, in the encoder's type
    /// @param prompts the prompts' tokens, and how many of each did not fit
    public record Encoded(Tensor states, List<TokenizedPrompt> prompts) {
        /// Copies the list.
        public Encoded {
            prompts = List.copyOf(prompts);
        }
    }

    /// Encodes prompts. As in the reference's pipelines the padding is not masked.
    ///
    /// @param prompts   at least one
    /// @param maxTokens tokens of each, 1 to [#MOST_TOKENS]
    public Encoded encode(List<String> prompts, int maxTokens) {
        if (prompts.isEmpty() || maxTokens < 1 || maxTokens > MOST_TOKENS) {
            throw new IllegalArgumentException(prompts.size() + " prompts of " + maxTokens + " tokens");
        }
        List<TokenizedPrompt> tokenized = prompts.stream()
                .map(prompt -> tokenizer.encode(prompt, maxTokens))
                .toList();
        long[] ids = tokenized.stream()
                .flatMap(prompt -> prompt.ids().stream())
                .mapToLong(Integer::longValue)
                .toArray();
        Tensor states = encoder.forward(torch.tensor(ids).view(prompts.size(), maxTokens), Optional.empty());
        return new Encoded(states, tokenized);
    }

    /// Begins to bring the weights of layers to the device one after the other, until it is closed.
    public void stream(CopyLane.Maker lanes) {
        encoder.stream().start(lanes);
    }

    /// The bytes of its tensors that are on the device now, those of streamed layers aside.
    public long residentBytes() {
        return weights.residentBytes();
    }

    @Override
    public void close() {
        encoder.stream().stop();
        weights.close();
        tokenizer.close();
    }
}

package io.github.cogvideo4j.inference.internal.device;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.AttentionShape;
import io.github.cogvideo4j.inference.internal.device.KernelTrials.ConvolutionShape;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.ComputeOptions.AttentionKernel;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import org.bytedeco.javacpp.Loader;

/// The kernels of a run on a card: as asked, as a record says, or the fastest that were measured on this card for these
/// sizes.
///
/// @param card       the card and the version of libtorch
/// @param known      what was measured before
/// @param attentions tries an attention
/// @param benchmarks tries a convolution
public record KernelChoice(
        String card,
        MeasuredChoices known,
        BiFunction<AttentionKernel, AttentionShape, OptionalDouble> attentions,
        BiFunction<Boolean, ConvolutionShape, OptionalDouble> benchmarks) {
    /// From the likely fastest; separate products hold all scores and are for comparisons.
    private static final List<AttentionKernel> HALF =
            List.of(AttentionKernel.FLASH, AttentionKernel.CUDNN, AttentionKernel.EFFICIENT);
    private static final List<AttentionKernel> SINGLE = List.of(AttentionKernel.EFFICIENT);
    /// Enough to learn whether a kernel is for a card and a type.
    private static final long FEW_TOKENS = 64;

    /// The choices on a CUDA device.
    ///
    /// @param cache the user's folder for what can be made again
    public static KernelChoice on(ComputeDevice device, Precision precision, Path cache) {
        KernelTrials trials = new KernelTrials(device, precision);
        return new KernelChoice(
                card(device),
                new MeasuredChoices(cache.resolve("kernels.json")),
                trials::attention,
                trials::convolution);
    }

    /// What times depend on besides sizes.
    private static String card(ComputeDevice device) {
        int index = device.cudaIndex().orElseThrow();
        String name = NvidiaDriver.here().cards().stream()
                .skip(index)
                .findFirst()
                .map(NvidiaDriver.Card::name)
                .orElseGet(device::name);
        try {
            return name + ", libtorch " + Loader.getVersion("org.bytedeco", "pytorch");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The options with every choice made.
    ///
    /// @throws InvalidRequestException `request` when the kernel that was asked for cannot compute on this card in
    /// this precision
    public ComputeOptions made(ComputeOptions asked, AttentionShape attention, ConvolutionShape convolution) {
        return asked.withKernels(
                attention(asked, attention),
                Optional.of(asked.cudnnBenchmark().orElseGet(() -> benchmark(asked.precision(), convolution))));
    }

    private AttentionKernel attention(ComputeOptions asked, AttentionShape shape) {
        if (asked.attention() != AttentionKernel.AUTO) {
            if (attentions.apply(asked.attention(), shape.ofTokens(FEW_TOKENS)).isEmpty()) {
                throw new InvalidRequestException(Problem.of(
                                ProblemCode.REQUEST,
                                Place.nowhere(),
                                "inference.device.attention-unable",
                                word(asked.attention()),
                                asked.device(),
                                word(asked.precision()))
                        .with(Remedy.change(Remedy.Field.ATTENTION, "auto")));
            }
            return asked.attention();
        }
        List<AttentionKernel> candidates = asked.precision().isHalf() ? HALF : SINGLE;
        return known.fastest(
                        "attention, %s, %s, %s".formatted(card, word(asked.precision()), shape),
                        candidates.stream().map(KernelChoice::word).toList(),
                        name -> attentions.apply(AttentionKernel.valueOf(name.toUpperCase(Locale.ROOT)), shape))
                .map(name -> AttentionKernel.valueOf(name.toUpperCase(Locale.ROOT)))
                .orElse(AttentionKernel.MATH);
    }

    private boolean benchmark(Precision precision, ConvolutionShape shape) {
        return known.fastest(
                        "cudnn benchmark, %s, %s, %s".formatted(card, word(precision), shape),
                        List.of("false", "true"),
                        name -> benchmarks.apply(Boolean.valueOf(name), shape))
                .map(Boolean::valueOf)
                .orElse(false);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}

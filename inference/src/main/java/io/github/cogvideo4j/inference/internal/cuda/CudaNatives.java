package io.github.cogvideo4j.inference.internal.cuda;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// The choice between libtorch for the processor and libtorch for CUDA, made once in a process, before either
/// is loaded.
public final class CudaNatives {
    private static Choice choice = Choice.OPEN;

    private CudaNatives() {}

    /// What was chosen, and why.
    ///
    /// @param kind     what
    /// @param card     the number of the card that `auto` means
    /// @param gap      what stood in the way of CUDA
    /// @param seesCard whether there is a card
    /// @param natives  where libtorch for CUDA lies
    public record Choice(
            Kind kind, OptionalInt card, Optional<CudaStep> gap, boolean seesCard, Optional<Path> natives) {
        static final Choice OPEN =
                new Choice(Kind.OPEN, OptionalInt.empty(), Optional.empty(), false, Optional.empty());
    }

    /// What libtorch is for.
    public enum Kind {
        /// Nothing is chosen yet.
        OPEN,
        /// The processor, because that was asked for or nothing else is possible.
        PROCESSOR,
        /// CUDA.
        CUDA,
        /// Whatever the options of the virtual machine say.
        BY_HAND
    }

    /// What was chosen.
    public static synchronized Choice choice() {
        return choice;
    }

    /// Chooses, unless that has happened: CUDA where everything for it is here, and then opens NVIDIA's
    /// libraries.
    ///
    /// @param wanted the number of the card; the first that can be used where it is empty
    /// @param cuda   whether CUDA comes into question
    public static synchronized Choice choose(OptionalInt wanted, boolean cuda) {
        if (choice.kind() != Kind.OPEN) {
            return choice;
        }
        Presets.settle();
        if (Presets.byHand()) {
            choice = new Choice(Kind.BY_HAND, OptionalInt.empty(), Optional.empty(), false, Optional.empty());
        } else if (!cuda) {
            choice = new Choice(Kind.PROCESSOR, OptionalInt.empty(), Optional.empty(), false, Optional.empty());
        } else {
            choice = choose(CudaDetection.here(wanted));
        }
        return choice;
    }

    private static Choice choose(CudaDetection detection) {
        Optional<CudaStep> gap = detection.gap().or(() -> open(detection));
        if (gap.isEmpty()) {
            Presets.useCuda(detection.natives());
        }
        return new Choice(
                gap.isEmpty() ? Kind.CUDA : Kind.PROCESSOR,
                detection.card(),
                gap,
                detection.seesCard(),
                Optional.of(detection.natives()));
    }

    /// Opens every library by its path: what is linked with one afterwards finds it by its name, and what
    /// cannot be opened is told.
    private static Optional<CudaStep> open(CudaDetection detection) {
        for (Map.Entry<LibraryGroup, LibraryPlace> chosen : new TreeMap<>(detection.libraries()).entrySet()) {
            LibraryGroup group = chosen.getKey();
            LibraryPlace place = chosen.getValue();
            try {
                for (Path file : place.files(group)) {
                    Optional<String> failure = SharedLibrary.open(file);
                    if (failure.isPresent()) {
                        return Optional.of(unopened(group, place, failure.get()));
                    }
                }
            } catch (IOException e) {
                return Optional.of(unopened(group, place, String.valueOf(e.getMessage())));
            }
        }
        return Optional.empty();
    }

    private static CudaStep unopened(LibraryGroup group, LibraryPlace place, String reason) {
        return CudaStep.gap(
                "cuda-libraries",
                Message.of("inference.cuda.unopened", group.title(), place.name(), reason),
                Message.of("inference.cuda.unopened-advice"),
                new Remedy.SetUpCuda());
    }

    /// Whether the libtorch that was loaded computes on cards: it does without where a library did not load,
    /// and says nothing of it.
    public static boolean loaded() {
        return Presets.loaded("torch_cuda");
    }
}

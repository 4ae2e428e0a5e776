package io.github.cogvideo4j.inference.internal.runtime;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.cuda.CudaNatives;
import io.github.cogvideo4j.inference.internal.cuda.CudaStep;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.Precision;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The device that computes tensors, by libtorch's name: `cpu`, `cuda:0`, `mps`. Models know no device: they compute
/// where their inputs and weights are.
///
/// @param name libtorch's name
public record ComputeDevice(String name) {
    /// The processor.
    public static final ComputeDevice CPU = new ComputeDevice("cpu");

    private static final Pattern NAME = Pattern.compile("cpu|mps|cuda(:\\d{1,3})?");

    /// Loads libtorch and finds the device. Whether libtorch is that for CUDA is chosen by the first call in a process
    /// and holds from then on.
    ///
    /// @throws InvalidRequestException    `device` when there is no device of that name anywhere
    /// @throws MissingCapabilityException `native-library`, or `device` when this machine has no such device
    public static ComputeDevice start(ComputeOptions options) {
        check(options.device());
        choose(options.device());
        Torch.load();
        return of(options.device());
    }

    /// Chooses the libtorch that a word needs.
    public static CudaNatives.Choice choose(String word) {
        return CudaNatives.choose(new ComputeDevice(word).cudaIndex(), word.equals("auto") || word.startsWith("cuda"));
    }

    /// What is worth knowing of this device when a word meant it: that `auto` found a card and could not take it.
    public Optional<Problem> note(String word) {
        CudaNatives.Choice choice = CudaNatives.choice();
        if (!word.equals("auto") || !isCpu() || !choice.seesCard()) {
            return Optional.empty();
        }
        Message message = choice.gap()
                .map(gap -> Message.of(
                        "inference.cuda.passed-over", gap.found(), gap.advice().orElseThrow()))
                .orElseGet(() -> Message.of("inference.cuda.passed-over-loaded"));
        List<Remedy> remedies =
                choice.gap().map(CudaStep::remedies).orElseGet(() -> List.of(new Remedy.CheckSystem("cuda")));
        return Optional.of(new Problem(ProblemCode.CHOICE, Place.nowhere(), message, remedies));
    }

    private static void check(String word) {
        if (!word.equals("auto") && !NAME.matcher(word).matches()) {
            throw new InvalidRequestException(
                    ProblemCode.DEVICE, Place.nowhere(), "inference.runtime.device-name", word);
        }
    }

    /// The device that a word means: `auto` takes the first CUDA device when there is one, else the CPU.
    ///
    /// @throws InvalidRequestException    when it is no device's name
    /// @throws MissingCapabilityException `device` when this machine has no such device
    public static ComputeDevice of(String word) {
        check(word);
        CudaNatives.Choice choice = CudaNatives.choice();
        if (word.equals("auto")) {
            return torch.cuda_is_available()
                    ? new ComputeDevice("cuda:" + choice.card().orElse(0))
                    : CPU;
        }
        if (word.equals("mps") && !torch.hasMPS()) {
            throw missing(List.of(Remedy.change(Remedy.Field.DEVICE, "cpu")), "inference.runtime.no-mps", word);
        }
        ComputeDevice device = new ComputeDevice(word);
        if (device.cudaIndex().isPresent()) {
            device.requireCuda(choice, CudaNatives.loaded());
            device.requireCard(torch.cuda_is_available() ? torch.cuda_device_count() : 0);
        }
        return device;
    }

    /// Refuses a CUDA device where libtorch is not that for CUDA: it would find no card and not say why.
    ///
    /// @param loaded whether what was loaded is for CUDA
    /// @throws MissingCapabilityException `device`
    void requireCuda(CudaNatives.Choice choice, boolean loaded) {
        if (choice.gap().isPresent()) {
            CudaStep gap = choice.gap().get();
            throw missing(
                    remedies(gap.remedies()),
                    "inference.cuda.refused",
                    name,
                    gap.found(),
                    gap.advice().orElseThrow());
        }
        if (loaded) {
            return;
        }
        throw switch (choice.kind()) {
            case CUDA ->
                missing(
                        remedies(List.of(new Remedy.SetUpCuda())),
                        "inference.cuda.not-loaded",
                        name,
                        choice.natives().orElseThrow());
            case BY_HAND -> missing(remedies(List.of()), "inference.cuda.not-by-hand", name);
            case OPEN, PROCESSOR -> missing(remedies(List.of()), "inference.cuda.too-late", name);
        };
    }

    private List<Remedy> remedies(List<Remedy> first) {
        return Stream.concat(
                        first.stream(),
                        Stream.of(Remedy.change(Remedy.Field.DEVICE, "cpu"), new Remedy.CheckSystem(name)))
                .toList();
    }

    /// Refuses a CUDA device whose number is beyond those that there are.
    ///
    /// @param cards how many CUDA devices there are
    /// @throws MissingCapabilityException `device`
    void requireCard(int cards) {
        if (cards == 0) {
            throw missing(
                    List.of(Remedy.change(Remedy.Field.DEVICE, "cpu"), new Remedy.CheckSystem(name)),
                    "inference.runtime.no-cuda",
                    name);
        }
        if (cudaIndex().orElse(0) >= cards) {
            throw missing(
                    List.of(Remedy.change(Remedy.Field.DEVICE, "auto")),
                    "inference.runtime.few-cuda",
                    name,
                    cards,
                    cards - 1);
        }
    }

    private static MissingCapabilityException missing(List<Remedy> remedies, String key, Object... arguments) {
        return new MissingCapabilityException(
                new Problem(ProblemCode.DEVICE, Place.nowhere(), Message.of(key, arguments), remedies));
    }

    /// Whether it is the processor.
    public boolean isCpu() {
        return name.equals("cpu");
    }

    /// The number of the CUDA device; `cuda` alone is the first one.
    public OptionalInt cudaIndex() {
        if (!name.startsWith("cuda")) {
            return OptionalInt.empty();
        }
        int colon = name.indexOf(':');
        return OptionalInt.of(colon < 0 ? 0 : Integer.parseInt(name.substring(colon + 1)));
    }

    /// A tensor on this device in a precision; the very tensor where that is what it is.
    public Tensor put(Tensor tensor, Precision precision) {
        return tensor.to(torchDevice(), ScalarTypes.of(precision));
    }

    /// Waits until the device has done all that it was asked.
    public void finish() {
        cudaIndex().ifPresent(index -> torch.synchronizeDevice((byte) index));
    }

    /// Gives back to the device what libtorch keeps of its memory for the next tensors.
    public void emptyCache() {
        if (!isCpu()) {
            torch.emptyCache();
        }
    }

    /// libtorch's own object for it.
    public Device torchDevice() {
        return new Device(name);
    }
}

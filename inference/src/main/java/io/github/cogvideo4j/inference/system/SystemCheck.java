package io.github.cogvideo4j.inference.system;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.inference.InferenceException;
import io.github.cogvideo4j.inference.MissingCapabilityException;
import io.github.cogvideo4j.inference.internal.cuda.CudaDetection;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.system.DeviceMemory;
import io.github.cogvideo4j.inference.video.VideoFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.javacpp.Loader;

/// The check whether the machine can make videos, before anything long starts.
public final class SystemCheck {
    private static final int JDK = 25;
    /// What the unpacked native libraries take.
    private static final long NATIVE_BYTES = 600L << 20;
    /// Beside the largest component: activations, the decoder's frames.
    private static final double ROOM = 1.25;

    private SystemCheck() {}

    /// Goes through everything.
    ///
    /// @param device what is to be computed on: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`
    /// @param model  the model's folder, when one is meant
    public static List<Check> run(String device, Optional<Path> model) throws IOException {
        List<Check> checks = new ArrayList<>();
        checks.add(jdk());
        ComputeDevice.choose(device);
        Check libtorch = libtorch();
        checks.add(libtorch);
        for (VideoFormat format : List.of(VideoFormat.MP4, VideoFormat.GIF)) {
            checks.add(encoder(format));
        }
        if (libtorch.isGood()) {
            checks.add(device(device));
        }
        if (device.startsWith("cuda")) {
            CudaDetection.here(new ComputeDevice(device).cudaIndex())
                    .steps()
                    .forEach(step -> checks.add(new Check(step.name(), step.found(), step.advice(), step.remedies())));
        }
        checks.add(disk());
        if (model.isPresent()) {
            checks.add(memory(model.get(), device));
        }
        return checks;
    }

    private static Check jdk() {
        int version = Runtime.version().feature();
        return version >= JDK
                ? Check.good("jdk", "inference.system.jdk", Runtime.version())
                : Check.gap(
                        "jdk",
                        Message.of("inference.system.jdk", Runtime.version()),
                        Message.of("inference.system.jdk-remedy", JDK));
    }

    private static Check libtorch() {
        try {
            Torch.start(1);
            return Check.good("libtorch", "inference.system.libtorch", Loader.getPlatform());
        } catch (MissingCapabilityException e) {
            return Check.gap("libtorch", e.problem().message(), Message.of("inference.system.native-remedy"));
        }
    }

    private static Check encoder(VideoFormat format) {
        String name = "encoder-" + (format == VideoFormat.MP4 ? "mp4" : "gif");
        try {
            return format.available()
                    ? Check.good(name, "inference.system.encoder", format)
                    : Check.gap(
                            name,
                            Message.of("inference.system.no-encoder", format),
                            Message.of("inference.system.encoder-remedy"));
        } catch (MissingCapabilityException e) {
            return Check.gap(name, e.problem().message(), Message.of("inference.system.native-remedy"));
        }
    }

    private static Check device(String word) {
        try {
            ComputeDevice device = ComputeDevice.of(word);
            return device.note(word)
                    .map(note -> Check.good("device", "inference.system.device-note", device.name(), note.message()))
                    .orElseGet(() -> Check.good("device", "inference.system.device", device.name()));
        } catch (InferenceException | InvalidRequestException e) {
            return Check.gap(
                    "device",
                    e.problem().message(),
                    Message.of("inference.system.device-remedy"),
                    Remedy.change(Remedy.Field.DEVICE, "cpu"));
        }
    }

    private static Check disk() throws IOException {
        Path cache = Loader.getCacheDir().toPath();
        long free = Files.getFileStore(nearestExisting(cache)).getUsableSpace();
        boolean unpacked = Files.isDirectory(cache) && folderHasEntries(cache);
        return unpacked || free >= NATIVE_BYTES
                ? Check.good("disk", "inference.system.disk", cache, gigabytes(free))
                : Check.gap(
                        "disk",
                        Message.of("inference.system.disk", cache, gigabytes(free)),
                        Message.of("inference.system.disk-remedy", gigabytes(NATIVE_BYTES)),
                        new Remedy.JvmOption("-Dorg.bytedeco.javacpp.cachedir=FOLDER"));
    }

    private static boolean folderHasEntries(Path folder) throws IOException {
        try (var entries = Files.list(folder)) {
            return entries.findAny().isPresent();
        }
    }

    private static Path nearestExisting(Path path) {
        Path existing = path.toAbsolutePath();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return existing;
    }

    private static Check memory(Path model, String device) throws IOException {
        long largest = 0;
        try (var components = Files.list(model)) {
            for (Path component : components.filter(Files::isDirectory).toList()) {
                largest = Math.max(largest, weightBytes(component));
            }
        }
        long needed = (long) (largest * ROOM) + (1L << 30);
        OptionalLong available = availableOn(device);
        if (available.isEmpty()) {
            return Check.good("memory", "inference.system.memory-unknown", gigabytes(needed));
        }
        return available.getAsLong() >= needed
                ? Check.good("memory", "inference.system.memory", gigabytes(available.getAsLong()), gigabytes(needed))
                : Check.gap(
                        "memory",
                        Message.of("inference.system.memory", gigabytes(available.getAsLong()), gigabytes(needed)),
                        Message.of("inference.system.memory-remedy"),
                        memoryRemedies(device));
    }

    /// On a card blocks can be streamed.
    private static Remedy[] memoryRemedies(String device) {
        Remedy first = device.startsWith("cuda")
                ? Remedy.change(Remedy.Field.OFFLOAD, "stream")
                : Remedy.change(Remedy.Field.DTYPE, "bf16");
        return new Remedy[] {first, Remedy.change(Remedy.Field.VAE_TILING)};
    }

    /// What the device has, or the machine where there is no such device.
    private static OptionalLong availableOn(String device) {
        try {
            return DeviceMemory.available(ComputeDevice.of(device));
        } catch (InferenceException | InvalidRequestException | LinkageError _) {
            return MachineMemory.available();
        }
    }

    private static long weightBytes(Path component) throws IOException {
        long bytes = 0;
        try (var files = Files.list(component)) {
            for (Path file : files.toList()) {
                String name = file.toString();
                if (name.endsWith(".safetensors") || name.endsWith(".bin")) {
                    bytes += Files.size(file);
                }
            }
        }
        return bytes;
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    /// One thing that inference needs.
    ///
    /// @param name   a stable name: `jdk`, `libtorch`, `ffmpeg`, `encoder-mp4`, `device`, `memory`, `disk`, ...
    /// @param found  what is here
    /// @param remedy what to do about it, when it is not enough
    /// @param remedies what helps besides, as values
    public record Check(String name, Message found, Optional<Message> remedy, List<Remedy> remedies) {
        /// Copies the list.
        public Check {
            remedies = List.copyOf(remedies);
        }

        /// Something that is as it should be.
        static Check good(String name, String key, Object... arguments) {
            return new Check(name, Message.of(key, arguments), Optional.empty(), List.of());
        }

        /// Something that is missing.
        static Check gap(String name, Message found, Message remedy, Remedy... remedies) {
            return new Check(name, found, Optional.of(remedy), List.of(remedies));
        }

        /// Whether it is as it should be.
        public boolean isGood() {
            return remedy.isEmpty();
        }
    }
}

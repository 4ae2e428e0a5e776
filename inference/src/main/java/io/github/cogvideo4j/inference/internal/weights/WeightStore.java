package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.checkpoints.internal.source.WeightSet;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Remedy;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.runtime.ComputeDevice;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.options.PipelineOptions.WeightFormat;
import io.github.cogvideo4j.inference.options.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// The weights of one component, wherever they lie: in a model folder, in a training checkpoint that was never
/// converted, or computed from an adapter.
///
/// A tensor that lies in one piece is a view of its mapped file, so it takes no memory of its own and the
/// system may drop its pages. One that is spread over partitions, or has to be computed, is put together in
/// native memory when it is first asked for. All of it lives until the store is closed.
public final class WeightStore implements AutoCloseable {
    private final Place place;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, Tensor> views = new HashMap<>();
    private final Map<Object, List<Tensor>> onDevice = new HashMap<>();
    private final Map<Object, List<Tensor>> inMemory = new HashMap<>();
    private boolean comesAndGoes;
    private final Arena arena = Arena.ofShared();
    private final MappedFiles files = new MappedFiles(arena);

    /// A store of tensors that a reader or planner found.
    ///
    /// @param source  the file or folder that they come from, for messages
    /// @param tensors the tensors; of two with one name the later counts
    public WeightStore(Path source, List<StoredTensor> tensors) {
        this.place = Place.of(source);
        tensors.forEach(tensor -> this.tensors.put(tensor.name(), tensor));
    }

    /// The weights in a component's folder, or in one file. Of a folder that has them in both containers,
    /// those in safetensors count, as for diffusers.
    ///
    /// @throws io.github.cogvideo4j.checkpoints.InvalidCheckpointException when there are none, or several
    public static WeightStore open(Path path) throws IOException {
        if (Files.isDirectory(path) && WeightSet.candidates(path).size() > 1) {
            List<Checkpoint> safe = Checkpoints.openEverySet(path).stream()
                    .filter(WeightStore::isSafetensors)
                    .toList();
            if (safe.size() == 1) {
                return of(path, safe.getFirst());
            }
        }
        return of(path, Checkpoints.open(path, SourceOptions.defaults()));
    }

    /// The weights of a checkpoint that was opened.
    public static WeightStore of(Path source, Checkpoint checkpoint) {
        return new WeightStore(
                source, checkpoint.entries().stream().map(StateEntry::tensor).toList());
    }

    private static boolean isSafetensors(Checkpoint checkpoint) {
        return checkpoint.files().keySet().stream()
                .map(file -> String.valueOf(file.getFileName()))
                .filter(name -> !name.endsWith(".json"))
                .allMatch(name -> name.endsWith(".safetensors"));
    }

    /// The weights as a model sees them.
    ///
    /// @param precision the type in which they are used
    /// @param device    where they are used
    public Weights in(Precision precision, ComputeDevice device) {
        return in(precision, device, WeightFormat.DENSE);
    }

    /// The weights as a model sees them, those of its linear layers in a format of their own.
    public Weights in(Precision precision, ComputeDevice device, WeightFormat format) {
        return new Weights(this, "", precision, device, format, Optional.empty());
    }

    /// The tensor of this name, as it is stored.
    public Optional<StoredTensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /// The names, in the order of the source.
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /// All tensors, as they are stored.
    Collection<StoredTensor> tensors() {
        return tensors.values();
    }

    /// Whether a tensor does not lie in one piece and is put together in memory when it is used.
    static boolean isGathered(StoredTensor tensor) {
        return !(tensor.data() instanceof TensorData.Extents extents
                && extents.parts().size() == 1);
    }

    /// The bytes of all tensors together, as they are stored.
    public long byteLength() {
        return tensors.values().stream().mapToLong(StoredTensor::byteLength).sum();
    }

    /// Where the weights come from, for messages.
    public Place place() {
        return place;
    }

    /// The tensor in its stored type, on the CPU. It belongs to the store.
    synchronized Tensor view(String name) {
        Tensor known = views.get(name);
        if (known != null) {
            return known;
        }
        StoredTensor tensor = find(name).orElseThrow(() -> missing(name));
        try (PointerScope _ = new PointerScope()) {
            long[] shape =
                    tensor.shape().sizes().stream().mapToLong(Long::longValue).toArray();
            Tensor view = NativeMemory.view(memory(tensor), scalarType(tensor), shape);
            view.retainReference();
            views.put(name, view);
            return view;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A copy of a tensor in its stored type, on the CPU, in memory of the current scope.
    Tensor read(String name) {
        StoredTensor tensor = find(name).orElseThrow(() -> missing(name));
        long[] shape =
                tensor.shape().sizes().stream().mapToLong(Long::longValue).toArray();
        Tensor copy = torch.empty(shape, new TensorOptions(scalarType(tensor)), new MemoryFormatOptional());
        try (FileStorageReader reader = new FileStorageReader()) {
            NativeMemory.fill(NativeMemory.of(copy), tensor, reader);
            return copy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The sizes of a tensor.
    List<Long> shape(String name) {
        return find(name).orElseThrow(() -> missing(name)).shape().sizes();
    }

    /// Tensors on the device of use, made when they are not there and kept until they leave it.
    ///
    /// @param owner whose they are
    synchronized List<Tensor> onDevice(Object owner, Supplier<List<Tensor>> making) {
        return kept(onDevice, owner, making);
    }

    /// Tensors in the machine's memory, made when they are not there and kept until they are let go.
    ///
    /// @param owner whose they are
    synchronized List<Tensor> inMemory(Object owner, Supplier<List<Tensor>> making) {
        return kept(inMemory, owner, making);
    }

    private static List<Tensor> kept(Map<Object, List<Tensor>> tensors, Object owner, Supplier<List<Tensor>> making) {
        List<Tensor> there = tensors.get(owner);
        if (there == null) {
            there = Scoped.owned(making);
            tensors.put(owner, there);
        }
        return there;
    }

    /// Lets tensors in the machine's memory go which are on the device now, unless they will have to come back to it.
    synchronized void letGo(Object owner) {
        if (!comesAndGoes) {
            List<Tensor> there = inMemory.remove(owner);
            if (there != null) {
                there.forEach(Tensor::close);
            }
        }
    }

    /// Says whether weights leave the device and come back, so that what was made of them is worth its memory.
    public synchronized void setComesAndGoes(boolean value) {
        comesAndGoes = value;
    }

    /// The bytes of tensors that are on the device now.
    public synchronized long residentBytes() {
        return onDevice.values().stream()
                .flatMap(List::stream)
                .mapToLong(Tensor::nbytes)
                .sum();
    }

    /// Frees what is on another device than the CPU. What is used again comes back.
    public synchronized void leaveDevice() {
        close(onDevice);
    }

    private static void close(Map<Object, List<Tensor>> tensors) {
        tensors.values().forEach(several -> several.forEach(Tensor::close));
        tensors.clear();
    }

    InvalidModelException missing(String name) {
        Problem problem = Problem.of(ProblemCode.MISSING_TENSOR, place.tensor(name), "inference.weights.missing", name);
        return new InvalidModelException(place.file()
                .map(file -> problem.with(new Remedy.Diagnose(file, false)))
                .orElse(problem));
    }

    private MemorySegment memory(StoredTensor tensor) throws IOException {
        Optional<MemorySegment> mapped = mapped(tensor);
        return mapped.isPresent() ? mapped.get() : gathered(tensor);
    }

    /// The tensor's place in its mapped file, when it lies there in one piece, little-endian and aligned.
    private Optional<MemorySegment> mapped(StoredTensor tensor) throws IOException {
        if (tensor.byteLength() > 0
                && tensor.data() instanceof TensorData.Extents extents
                && extents.parts().size() == 1) {
            Extent extent = extents.parts().getFirst();
            if (extent.storage() instanceof Storage.Plain plain
                    && (plain.order() == ByteOrder.LITTLE_ENDIAN
                            || tensor.dtype().bits() <= 8)) {
                MemorySegment range =
                        files.range(plain.file(), Math.addExact(plain.offset(), extent.offset()), extent.length());
                return range.address() % tensor.dtype().bytes() == 0 ? Optional.of(range) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private MemorySegment gathered(StoredTensor tensor) throws IOException {
        MemorySegment memory = arena.allocate(Math.max(1, tensor.byteLength()), 64);
        try (FileStorageReader reader = new FileStorageReader()) {
            NativeMemory.fill(memory, tensor, reader);
        }
        return memory;
    }

    private ScalarType scalarType(StoredTensor tensor) {
        return switch (tensor.dtype()) {
            case F32 -> ScalarType.Float;
            case BF16 -> ScalarType.BFloat16;
            case F16 -> ScalarType.Half;
            case F64 -> ScalarType.Double;
            case DType other ->
                throw new InvalidModelException(
                        ProblemCode.UNSUPPORTED_TENSOR,
                        place.tensor(tensor.name()),
                        "inference.weights.type",
                        tensor.name(),
                        other);
        };
    }

    @Override
    public synchronized void close() {
        views.values().forEach(Tensor::close);
        views.clear();
        close(onDevice);
        close(inMemory);
        arena.close();
    }
}

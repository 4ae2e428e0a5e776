package io.github.cogvideo4j.inference.internal.device;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/// The functions of NVIDIA's runtime library for a second stream, which have no binding that loads without the CUDA
/// presets. libtorch for CUDA is linked with the library, so it is in the process and found by its name.
///
/// Source: the "CUDA Runtime API" of CUDA 13, modules Stream Management, Event Management, Memory Management.
final class CudaRuntime implements Streams {
    private static final List<String> NAMES = List.of("libcudart.so.13", "cudart64_13.dll");
    /// `cudaStreamNonBlocking`: the stream does not wait for the default one.
    private static final int NON_BLOCKING = 1;
    /// `cudaEventDisableTiming`.
    private static final int DISABLE_TIMING = 2;
    /// `cudaMemcpyHostToDevice`.
    private static final int HOST_TO_DEVICE = 1;
    /// `cudaErrorMemoryAllocation`.
    private static final int OUT_OF_MEMORY = 2;

    private final SymbolLookup library;
    private final Linker linker = Linker.nativeLinker();
    private final MethodHandle getDevice;
    private final MethodHandle setDevice;
    private final MethodHandle createStream;
    private final MethodHandle createEvent;
    private final MethodHandle record;
    private final MethodHandle await;
    private final MethodHandle awaitEvent;
    private final MethodHandle copy;
    private final MethodHandle awaitStream;
    private final MethodHandle destroyStream;
    private final MethodHandle destroyEvent;

    private CudaRuntime(SymbolLookup library) {
        this.library = library;
        this.getDevice = function("cudaGetDevice", ADDRESS);
        this.setDevice = function("cudaSetDevice", JAVA_INT);
        this.createStream = function("cudaStreamCreateWithFlags", ADDRESS, JAVA_INT);
        this.createEvent = function("cudaEventCreateWithFlags", ADDRESS, JAVA_INT);
        this.record = function("cudaEventRecord", ADDRESS, ADDRESS);
        this.await = function("cudaStreamWaitEvent", ADDRESS, ADDRESS, JAVA_INT);
        this.awaitEvent = function("cudaEventSynchronize", ADDRESS);
        this.copy = function("cudaMemcpyAsync", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS);
        this.awaitStream = function("cudaStreamSynchronize", ADDRESS);
        this.destroyStream = function("cudaStreamDestroy", ADDRESS);
        this.destroyEvent = function("cudaEventDestroy", ADDRESS);
    }

    /// The library of this process, when there is one that has what is needed.
    static Optional<CudaRuntime> find() {
        return Here.RUNTIME;
    }

    /// Looked for once, after libtorch was loaded.
    private static final class Here {
        private static final Optional<CudaRuntime> RUNTIME =
                NAMES.stream().flatMap(name -> opened(name).stream()).findFirst();
    }

    /// A library by its name; empty when it cannot be opened or lacks a function.
    @SuppressWarnings("restricted") // starting libtorch needs native access anyway
    static Optional<CudaRuntime> opened(String name) {
        try {
            return Optional.of(new CudaRuntime(SymbolLookup.libraryLookup(name, Arena.global())));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// @throws IllegalArgumentException when the library has no such function
    @SuppressWarnings("restricted") // starting libtorch needs native access anyway
    private MethodHandle function(String name, MemoryLayout... parameters) {
        MemorySegment address = library.find(name).orElseThrow(() -> new IllegalArgumentException(name));
        return linker.downcallHandle(address, FunctionDescriptor.of(JAVA_INT, parameters));
    }

    /// A function of the library as it is called.
    @FunctionalInterface
    private interface Call {
        int result() throws Throwable;
    }

    private static void check(String what, Call call) {
        int result;
        try {
            result = call.result();
        } catch (Throwable e) {
            throw new IllegalStateException(what + " cannot be called", e);
        }
        if (result != 0) {
            // In libtorch's words, which OutOfMemory knows.
            throw new IllegalStateException(
                    result == OUT_OF_MEMORY ? "CUDA out of memory: " + what : what + " returned " + result);
        }
    }

    @Override
    public int enter(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment before = arena.allocate(JAVA_INT);
            check("cudaGetDevice", () -> (int) getDevice.invokeExact(before));
            check("cudaSetDevice", () -> (int) setDevice.invokeExact(device));
            return before.get(JAVA_INT, 0);
        }
    }

    @Override
    public MemorySegment stream() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(ADDRESS);
            check("cudaStreamCreateWithFlags", () -> (int) createStream.invokeExact(made, NON_BLOCKING));
            return made.get(ADDRESS, 0);
        }
    }

    @Override
    public MemorySegment event() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment made = arena.allocate(ADDRESS);
            check("cudaEventCreateWithFlags", () -> (int) createEvent.invokeExact(made, DISABLE_TIMING));
            return made.get(ADDRESS, 0);
        }
    }

    @Override
    public void record(MemorySegment event, MemorySegment stream) {
        check("cudaEventRecord", () -> (int) record.invokeExact(event, stream));
    }

    @Override
    public void await(MemorySegment stream, MemorySegment event) {
        check("cudaStreamWaitEvent", () -> (int) await.invokeExact(stream, event, 0));
    }

    @Override
    public void awaitHere(MemorySegment event) {
        check("cudaEventSynchronize", () -> (int) awaitEvent.invokeExact(event));
    }

    @Override
    public void copy(long target, long source, long bytes, MemorySegment stream) {
        check("cudaMemcpyAsync", () -> (int) copy.invokeExact(
                MemorySegment.ofAddress(target), MemorySegment.ofAddress(source), bytes, HOST_TO_DEVICE, stream));
    }

    @Override
    public void finish(MemorySegment stream) {
        check("cudaStreamSynchronize", () -> (int) awaitStream.invokeExact(stream));
    }

    @Override
    public void destroyStream(MemorySegment stream) {
        check("cudaStreamDestroy", () -> (int) destroyStream.invokeExact(stream));
    }

    @Override
    public void destroyEvent(MemorySegment event) {
        check("cudaEventDestroy", () -> (int) destroyEvent.invokeExact(event));
    }
}

package io.github.cogvideo4j.inference.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/// A library that is opened for those that are linked with it, by dlopen(3) of Linux: they find it by its name,
/// wherever it lies.
///
/// Java's own ways keep a library's symbols to itself; with the CUDA runtime opened so, the process crashes at
/// its end, when what libtorch registered with it is taken back. Nor would they tell which other library is
/// missing.
final class SharedLibrary {
    /// `RTLD_NOW | RTLD_GLOBAL`.
    private static final int FLAGS = 0x102;
    private static final long LONGEST_ERROR = 4096;

    private SharedLibrary() {}

    /// Opens a library for good.
    ///
    /// @return why it cannot be opened, in the words of the system's loader
    @SuppressWarnings("restricted") // these are native libraries
    static Optional<String> open(Path file) {
        // Both before the call: what Java looks up in between would be the last error.
        MethodHandle dlopen = function("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        MethodHandle dlerror = function("dlerror", FunctionDescriptor.of(ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment library = (MemorySegment) dlopen.invokeExact(arena.allocateFrom(file.toString()), FLAGS);
            if (library.address() != 0) {
                return Optional.empty();
            }
            MemorySegment error = (MemorySegment) dlerror.invokeExact();
            return Optional.of(
                    error.address() == 0
                            ? file.toString()
                            : error.reinterpret(LONGEST_ERROR).getString(0));
        } catch (Throwable e) {
            throw new IllegalStateException("dlopen cannot be called", e);
        }
    }

    @SuppressWarnings("restricted") // these are native libraries
    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), descriptor);
    }
}

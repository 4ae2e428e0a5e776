package io.github.cogvideo4j.inference.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// NVIDIA's driver, asked directly and without libtorch: which CUDA it is for, and which cards it has.
///
/// @param state   whether it answers
/// @param code    what `cuInit` answered; 0 is well
/// @param version the newest CUDA that it runs, as `1000 * major + 10 * minor`; 0 where it does not say
/// @param cards   its cards, by their number
public record NvidiaDriver(State state, int code, int version, List<Card> cards) {
    /// What libtorch for CUDA is built for needs a driver of the same major version.
    static final int NEEDED = 13_000;

    private static final List<String> NAMES = List.of("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1");
    private static final Path KERNEL_MODULE = Path.of("/proc/driver/nvidia/version");

    private static final int LONGEST_NAME = 256;
    private static final int MOST_CARDS = 1024;
    private static final int CAPABILITY_MAJOR = 75;
    private static final int CAPABILITY_MINOR = 76;
    /// `CUDA_ERROR_NO_DEVICE`.
    private static final int NO_DEVICE = 100;

    /// Copies the list.
    public NvidiaDriver {
        cards = List.copyOf(cards);
    }

    /// Whether a driver answers.
    public enum State {
        /// There is none.
        ABSENT,
        /// The kernel's module is loaded, but this container has no library to reach it.
        KERNEL_ONLY,
        /// It does not start.
        REFUSES,
        /// It lacks functions that every driver for CUDA 13 has.
        INCOMPLETE,
        /// It answers.
        PRESENT
    }

    /// A card.
    ///
    /// @param name        as the driver calls it
    /// @param memoryBytes its memory
    /// @param major       compute capability before the point
    /// @param minor       compute capability behind the point
    public record Card(String name, long memoryBytes, int major, int minor) {
        /// `9.0`.
        public String capability() {
            return major + "." + minor;
        }
    }

    /// The driver of this machine.
    public static NvidiaDriver here() {
        return ask(NvidiaDriver::open, Files.exists(KERNEL_MODULE));
    }

    @SuppressWarnings("restricted") // the driver is native code
    private static Optional<SymbolLookup> open() {
        return NAMES.stream()
                .flatMap(name -> {
                    try {
                        return Stream.of(SymbolLookup.libraryLookup(name, Arena.global()));
                    } catch (IllegalArgumentException _) {
                        return Stream.empty();
                    }
                })
                .findFirst();
    }

    /// Asks a driver.
    ///
    /// @param library the driver's functions
    /// @param module  whether the kernel's module is loaded
    static NvidiaDriver ask(Supplier<Optional<SymbolLookup>> library, boolean module) {
        Optional<SymbolLookup> driver = library.get();
        if (driver.isEmpty()) {
            return new NvidiaDriver(module ? State.KERNEL_ONLY : State.ABSENT, 0, 0, List.of());
        }
        try (Arena arena = Arena.ofConfined()) {
            return ask(driver.get(), arena);
        } catch (NoSuchElementException _) {
            return new NvidiaDriver(State.INCOMPLETE, 0, 0, List.of());
        }
    }

    private static NvidiaDriver ask(SymbolLookup driver, Arena arena) {
        MemorySegment number = arena.allocate(JAVA_INT);
        // Answers without cuInit, which an older driver refuses in a newer container.
        int version = call(driver, "cuDriverGetVersion", number) == 0 ? number.get(JAVA_INT, 0) : 0;
        int code = call(driver, "cuInit", 0);
        if (code == NO_DEVICE) {
            return new NvidiaDriver(State.PRESENT, 0, version, List.of());
        }
        if (code != 0) {
            return new NvidiaDriver(State.REFUSES, code, version, List.of());
        }
        int count = call(driver, "cuDeviceGetCount", number) == 0 ? number.get(JAVA_INT, 0) : 0;
        List<Card> cards = new ArrayList<>();
        for (int i = 0; i < Math.min(count, MOST_CARDS); i++) {
            cards.add(card(driver, i, arena));
        }
        return new NvidiaDriver(State.PRESENT, 0, version, cards);
    }

    private static Card card(SymbolLookup driver, int index, Arena arena) {
        MemorySegment number = arena.allocate(JAVA_INT);
        call(driver, "cuDeviceGet", number, index);
        int device = number.get(JAVA_INT, 0);
        MemorySegment name = arena.allocate(LONGEST_NAME);
        MemorySegment bytes = arena.allocate(JAVA_LONG);
        call(driver, "cuDeviceGetName", name, LONGEST_NAME - 1, device);
        call(driver, "cuDeviceTotalMem_v2", bytes, device);
        return new Card(
                name.getString(0),
                bytes.get(JAVA_LONG, 0),
                attribute(driver, CAPABILITY_MAJOR, device, number),
                attribute(driver, CAPABILITY_MINOR, device, number));
    }

    private static int attribute(SymbolLookup driver, int attribute, int device, MemorySegment number) {
        return call(driver, "cuDeviceGetAttribute", number, attribute, device) == 0 ? number.get(JAVA_INT, 0) : 0;
    }

    /// Calls a function of the driver, all of whose arguments are pointers or ints.
    ///
    /// @throws NoSuchElementException when it has no such function
    @SuppressWarnings("restricted") // the driver is native code
    private static int call(SymbolLookup driver, String function, Object... arguments) {
        MemoryLayout[] layouts = Stream.of(arguments)
                .map(argument -> argument instanceof MemorySegment ? ADDRESS : JAVA_INT)
                .toArray(MemoryLayout[]::new);
        MemorySegment address = driver.find(function).orElseThrow();
        try {
            return (int) Linker.nativeLinker()
                    .downcallHandle(address, FunctionDescriptor.of(JAVA_INT, layouts))
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(function + " cannot be called", e);
        }
    }

    /// Whether this machine has a card, usable or not.
    boolean seesCard() {
        return state == State.KERNEL_ONLY || !cards.isEmpty();
    }
}

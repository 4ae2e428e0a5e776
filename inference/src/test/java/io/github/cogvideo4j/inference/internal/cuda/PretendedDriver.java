package io.github.cogvideo4j.inference.internal.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.cogvideo4j.inference.internal.cuda.NvidiaDriver.Card;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A driver whose functions are Java's: they are called through their addresses, as those of a real one are.
///
/// @param init    what `cuInit` answers
/// @param version what it says that it is for
/// @param cards   its cards
public record PretendedDriver(int init, int version, List<Card> cards) {
    private static final long LARGEST_NAME = 256;

    /// One that works.
    public static PretendedDriver of(int version, Card... cards) {
        return new PretendedDriver(0, version, List.of(cards));
    }

    /// Its functions, without some.
    SymbolLookup functions(Arena arena, String... lacking) {
        Map<String, MemorySegment> functions = new HashMap<>();
        functions.put("cuInit", stub(arena, "cuInit", JAVA_INT));
        functions.put("cuDriverGetVersion", stub(arena, "cuDriverGetVersion", ADDRESS));
        functions.put("cuDeviceGetCount", stub(arena, "cuDeviceGetCount", ADDRESS));
        functions.put("cuDeviceGet", stub(arena, "cuDeviceGet", ADDRESS, JAVA_INT));
        functions.put("cuDeviceGetName", stub(arena, "cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT));
        functions.put("cuDeviceTotalMem_v2", stub(arena, "cuDeviceTotalMem_v2", ADDRESS, JAVA_INT));
        functions.put("cuDeviceGetAttribute", stub(arena, "cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT));
        for (String name : lacking) {
            functions.remove(name);
        }
        return name -> Optional.ofNullable(functions.get(name));
    }

    NvidiaDriver ask(String... lacking) {
        try (Arena arena = Arena.ofConfined()) {
            return NvidiaDriver.ask(() -> Optional.of(functions(arena, lacking)), true);
        }
    }

    private MemorySegment stub(Arena arena, String function, MemoryLayout... layouts) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(JAVA_INT, layouts);
        try {
            MethodType type = descriptor.toMethodType();
            MethodHandle handle = MethodHandles.lookup()
                    .findVirtual(PretendedDriver.class, function, type)
                    .bindTo(this);
            return Linker.nativeLinker().upcallStub(handle, descriptor, arena);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    int cuInit(int flags) {
        return flags == 0 ? init : -1;
    }

    int cuDriverGetVersion(MemorySegment result) {
        result.reinterpret(Integer.BYTES).set(JAVA_INT, 0, version);
        return 0;
    }

    int cuDeviceGetCount(MemorySegment result) {
        result.reinterpret(Integer.BYTES).set(JAVA_INT, 0, cards.size());
        return 0;
    }

    /// Devices have numbers of their own.
    int cuDeviceGet(MemorySegment result, int index) {
        result.reinterpret(Integer.BYTES).set(JAVA_INT, 0, index + 1000);
        return 0;
    }

    int cuDeviceGetName(MemorySegment result, int length, int device) {
        MemorySegment text = result.reinterpret(LARGEST_NAME);
        String name = cards.get(device - 1000).name();
        // As the real one, it ends the name only where there is room.
        byte[] bytes = name.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        for (int i = 0; i < Math.min(length, bytes.length); i++) {
            text.set(JAVA_BYTE, i, bytes[i]);
        }
        return 0;
    }

    int cuDeviceTotalMem_v2(MemorySegment result, int device) {
        result.reinterpret(Long.BYTES)
                .set(JAVA_LONG, 0, cards.get(device - 1000).memoryBytes());
        return 0;
    }

    int cuDeviceGetAttribute(MemorySegment result, int attribute, int device) {
        Card card = cards.get(device - 1000);
        result.reinterpret(Integer.BYTES).set(JAVA_INT, 0, attribute == 75 ? card.major() : card.minor());
        return attribute == 75 || attribute == 76 ? 0 : 1;
    }
}

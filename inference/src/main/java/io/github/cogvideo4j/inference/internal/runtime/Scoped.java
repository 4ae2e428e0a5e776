package io.github.cogvideo4j.inference.internal.runtime;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// The lifetimes of native tensors. A tensor belongs to the innermost scope of its thread and is freed at that
/// scope's end; left to the garbage collector, memory peaks at many times what is needed.
public final class Scoped {
    private Scoped() {}

    /// Runs a computation in a scope of its own: everything it makes is freed, except the result, which passes
    /// to the scope around it.
    public static Tensor tensor(Supplier<Tensor> body) {
        DeviceOwner.pass();
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope _ = new PointerScope()) {
            return handOver(body.get(), outer);
        }
    }

    /// The same for several results.
    public static List<Tensor> tensors(Supplier<List<Tensor>> body) {
        DeviceOwner.pass();
        PointerScope outer = PointerScope.getInnerScope();
        try (PointerScope _ = new PointerScope()) {
            List<Tensor> results = body.get();
            results.forEach(result -> handOver(result, outer));
            return results;
        }
    }

    /// The same for several results that belong to no scope: the caller closes them.
    public static List<Tensor> owned(Supplier<List<Tensor>> body) {
        DeviceOwner.pass();
        try (PointerScope _ = new PointerScope()) {
            List<Tensor> results = body.get();
            results.forEach(Scoped::keep);
            return results;
        }
    }

    /// Runs something that leaves no tensor behind.
    public static void run(Runnable body) {
        DeviceOwner.pass();
        try (PointerScope _ = new PointerScope()) {
            body.run();
        }
    }

    /// Makes something that owns what was made before. When it cannot be made, that is closed.
    public static <T> T orClosed(Runnable close, Supplier<T> body) {
        try {
            return body.get();
        } catch (RuntimeException | Error e) {
            close.run();
            throw e;
        }
    }

    /// Keeps a tensor beyond its scope. Whoever keeps it closes it.
    public static Tensor keep(Tensor tensor) {
        tensor.retainReference();
        return tensor;
    }

    private static <P extends Pointer> P handOver(P result, PointerScope outer) {
        if (outer == null) {
            result.retainReference();
        } else {
            outer.attach(result);
        }
        return result;
    }
}

package io.github.cogvideo4j.cli.command;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// The process that started this one and waits for it. This one is to end with it, however that ends: nobody would know
/// of it any more, and a folder would stay claimed.
public final class ParentProcess {
    private static final String PROPERTY = "cogvideo4j.parent";

    private ParentProcess() {}

    /// The option of a Java that this process starts and waits for.
    static String option() {
        return "-D" + PROPERTY + "=" + ProcessHandle.current().pid();
    }

    /// Has something done when the process that waits for this one ends; nothing where none does.
    public static void whenEnded(Runnable action) {
        Optional.ofNullable(System.getProperty(PROPERTY))
                .map(Long::valueOf)
                .map(pid -> ProcessHandle.of(pid)
                        .<CompletableFuture<?>>map(ProcessHandle::onExit)
                        .orElseGet(() -> CompletableFuture.completedFuture(pid)))
                .ifPresent(end -> Thread.ofPlatform().daemon().start(() -> {
                    end.join();
                    action.run();
                }));
    }
}

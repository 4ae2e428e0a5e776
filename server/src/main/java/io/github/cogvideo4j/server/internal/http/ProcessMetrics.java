package io.github.cogvideo4j.server.internal.http;

import io.github.cogvideo4j.inference.system.MachineMemory;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.SummaryWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.Unit;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// What is measured of the process and its JVM, under the names that Prometheus' own clients use. It is looked at when
/// it is asked for; what the system does not tell is left out.
final class ProcessMetrics {
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");
    private static final double MILLIS = 1e3;
    private static final double NANOS = 1e9;

    private ProcessMetrics() {}

    static void register(PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name("jvm_memory_used_bytes")
                .help("Memory of the JVM.")
                .labelNames("area")
                .callback(told -> {
                    var memory = ManagementFactory.getMemoryMXBean();
                    told.call((double) memory.getHeapMemoryUsage().getUsed(), "heap");
                    told.call((double) memory.getNonHeapMemoryUsage().getUsed(), "nonheap");
                })
                .register(registry);
        gauge(
                registry,
                "jvm_threads_current",
                "Threads of the JVM.",
                () -> OptionalLong.of(ManagementFactory.getThreadMXBean().getThreadCount()));
        SummaryWithCallback.builder()
                .name("jvm_gc_collection_seconds")
                .help("How often garbage was collected, and how long that took.")
                .unit(Unit.SECONDS)
                .labelNames("gc")
                .callback(told -> ManagementFactory.getGarbageCollectorMXBeans()
                        .forEach(collector -> told.call(
                                Math.max(0, collector.getCollectionCount()),
                                Math.max(0, collector.getCollectionTime()) / MILLIS,
                                Quantiles.EMPTY,
                                collector.getName())))
                .register(registry);
        GaugeWithCallback.builder()
                .name("process_start_time_seconds")
                .help("When the process began, in Unix seconds.")
                .callback(told -> told.call(ManagementFactory.getRuntimeMXBean().getStartTime() / MILLIS))
                .register(registry);
        CounterWithCallback.builder()
                .name("process_cpu_seconds_total")
                .help("Time of processors that the process took.")
                .callback(told -> ProcessHandle.current()
                        .info()
                        .totalCpuDuration()
                        .ifPresent(time -> told.call(time.toNanos() / NANOS)))
                .register(registry);
        gauge(registry, "process_open_fds", "Files that are open.", ProcessMetrics::openFiles);
        gauge(registry, "process_resident_memory_bytes", "Memory that the process holds.", MachineMemory::resident);
    }

    private static void gauge(PrometheusRegistry registry, String name, String help, Supplier<OptionalLong> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(told -> value.get().ifPresent(number -> told.call((double) number)))
                .register(registry);
    }

    private static OptionalLong openFiles() {
        if (!Files.isDirectory(OPEN_FILES)) {
            return OptionalLong.empty();
        }
        try (Stream<Path> files = Files.list(OPEN_FILES)) {
            return OptionalLong.of(files.count());
        } catch (IOException _) {
            return OptionalLong.empty();
        }
    }
}

package io.github.cogvideo4j.server.internal.worker;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.pipeline.LoadedModels;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// Models that stay in memory between jobs. When a new one does not fit beside them, the one that was used the longest
/// ago is let go first.
final class ModelPool implements AutoCloseable {
    private final OptionalLong mostBytes;
    private final int mostModels;
    /// In the order of their last use.
    private final Map<Key, Entry> models = new LinkedHashMap<>();
    /// For those who only want to know: loading a model takes long.
    private volatile List<Path> folders = List.of();

    private volatile long weightBytes;
    private int loads;

    /// What is kept apart: another adapter or way to load is another model here. All kinds of input and all schedulers
    /// share one.
    private record Key(Path model, PipelineOptions options) {
        static Key of(GenerationRequest request) {
            return new Key(request.model(), request.options().withOwnScheduler());
        }
    }

    private record Entry(LoadedModels models, long bytes) {}

    /// @param mostBytes  the most bytes of weights, when they are bounded
    /// @param mostModels the most models
    ModelPool(OptionalLong mostBytes, int mostModels) {
        this.mostBytes = mostBytes;
        this.mostModels = Math.max(1, mostModels);
    }

    /// Plans a job; its model stays when the plan is closed. When there is not memory enough, all other models are let
    /// go and it is tried again.
    synchronized PlannedGeneration plan(GenerationRequest request, JobControl control) throws IOException {
        Key key = Key.of(request);
        Entry entry = models.remove(key);
        if (entry == null) {
            long bytes = weights(request.model());
            makeRoom(bytes);
            entry = new Entry(new LoadedModels(), bytes);
        }
        models.put(key, entry);
        note();
        PlannedGeneration plan = plan(entry, request, control);
        if (plan.plan().memory().fits() || models.size() == 1) {
            return plan;
        }
        plan.close();
        letGo(key);
        return plan(entry, request, control);
    }

    private PlannedGeneration plan(Entry entry, GenerationRequest request, JobControl control) throws IOException {
        int before = entry.models().loads();
        try {
            return entry.models().plan(request, control);
        } finally {
            loads += entry.models().loads() - before;
        }
    }

    /// How often a model was opened.
    synchronized int loads() {
        return loads;
    }

    private void makeRoom(long bytes) {
        Iterator<Entry> oldest = models.values().iterator();
        while (oldest.hasNext() && !hasRoom(bytes)) {
            oldest.next().models().close();
            oldest.remove();
        }
    }

    private boolean hasRoom(long bytes) {
        return models.size() < mostModels && (mostBytes.isEmpty() || bytes() + bytes <= mostBytes.getAsLong());
    }

    private void letGo(Key kept) {
        models.entrySet().removeIf(other -> {
            boolean goes = !other.getKey().equals(kept);
            if (goes) {
                other.getValue().models().close();
            }
            return goes;
        });
        note();
    }

    /// Lets all models go: after a failure of the memory or of the device nothing that it left is trusted.
    synchronized void clear() {
        models.values().forEach(entry -> entry.models().close());
        models.clear();
        note();
    }

    private void note() {
        folders = models.keySet().stream().map(Key::model).distinct().toList();
        weightBytes = bytes();
    }

    private long bytes() {
        return models.values().stream().mapToLong(Entry::bytes).sum();
    }

    /// The folders of the models that are in memory.
    List<Path> loaded() {
        return folders;
    }

    /// The bytes of their weights.
    long weightBytes() {
        return weightBytes;
    }

    private static long weights(Path model) throws IOException {
        try (Stream<Path> files = Files.walk(model, 2)) {
            long bytes = 0;
            for (Path file : files.toList()) {
                if (file.toString().matches(".*\\.(safetensors|bin|pt)") && Files.isRegularFile(file)) {
                    bytes += Files.size(file);
                }
            }
            return bytes;
        }
    }

    @Override
    public void close() {
        clear();
    }
}

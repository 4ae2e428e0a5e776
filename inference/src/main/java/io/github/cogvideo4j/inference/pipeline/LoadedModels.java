package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.internal.runtime.DeviceOwner;
import io.github.cogvideo4j.inference.internal.sampling.Components;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A model that stays open from one generation to the next, for callers that carry out many: a batch, a server.
///
/// One model makes videos at a time. A request for another one, or for the same one loaded in another way, closes it
/// and opens that; so does a request for a model whose files have changed since they were opened. A request for another
/// kind of input or another scheduler does not. Safe to use from several threads: a model that a plan still uses is
/// closed when that plan is.
public final class LoadedModels implements AutoCloseable {
    private static final int COMPONENT_DEPTH = 2;

    private final int mostAhead;
    private final Deque<Entry> ahead = new ArrayDeque<>();
    private Optional<Entry> current = Optional.empty();
    private int loads;

    /// One model at a time.
    public LoadedModels() {
        this(0);
    }

    /// For a caller that estimates many generations before it plans the first one: the models that it estimates with
    /// stay open until their turn comes. Their weights are mapped when they are first used, so until then they take
    /// little memory.
    ///
    /// @param mostAhead the most models that wait for their turn; of more, the first to come is closed
    public LoadedModels(int mostAhead) {
        this.mostAhead = mostAhead;
    }

    /// Plans a generation as [GenerationJob#plan] does. Whoever called closes the plan, and the model stays open.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException   when the request cannot be carried out
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException `output-refused` when something is where the
    /// results are to go, or another run is writing there
    public PlannedGeneration plan(GenerationRequest request, JobControl control) throws IOException {
        return PlannedGeneration.of(request, control, this::lease);
    }

    /// What a request comes to, as [GenerationJob#estimate] says; the model stays open.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be carried out
    public GenerationPlan estimate(GenerationRequest request) throws IOException {
        return PlannedGeneration.estimate(request, this::leaseAhead);
    }

    /// Has something done when the virtual machine goes down, while generations still run: it may let them end, or
    /// cancel them, and wait. An ordinary shutdown hook cannot: beside it, every computation is brought to rest for
    /// good.
    ///
    /// @return takes it back
    public static Runnable beforeExit(Runnable first) {
        return DeviceOwner.beforeRest(first);
    }

    /// How often a model was opened.
    public synchronized int loads() {
        return loads;
    }

    /// Closes the models that are open, or lets the plans that use them do so.
    @Override
    public synchronized void close() {
        current.ifPresent(Entry::retire);
        current = Optional.empty();
        ahead.forEach(Entry::retire);
        ahead.clear();
    }

    private synchronized Lease lease(GenerationRequest request) throws IOException {
        Wanted wanted = Wanted.of(request);
        if (current.filter(entry -> entry.serves(wanted)).isEmpty()) {
            // Before the other one computes: together they may not fit into memory.
            current.ifPresent(Entry::retire);
            current = Optional.empty();
            Optional<Entry> planned = waiting(wanted);
            planned.ifPresent(ahead::remove);
            current = Optional.of(planned.isPresent() ? planned.get() : open(wanted, request));
        }
        return lent(current.orElseThrow(), request);
    }

    /// A model that is only looked at. The one that makes videos stays open.
    private synchronized Lease leaseAhead(GenerationRequest request) throws IOException {
        Wanted wanted = Wanted.of(request);
        Optional<Entry> known = current.filter(entry -> entry.serves(wanted)).or(() -> waiting(wanted));
        if (known.isEmpty() && mostAhead == 0) {
            return lease(request);
        }
        return lent(known.isPresent() ? known.get() : openAhead(wanted, request), request);
    }

    private Entry openAhead(Wanted wanted, GenerationRequest request) throws IOException {
        if (ahead.size() == mostAhead) {
            ahead.removeFirst().retire();
        }
        Entry entry = open(wanted, request);
        ahead.add(entry);
        return entry;
    }

    private Optional<Entry> waiting(Wanted wanted) {
        return ahead.stream().filter(entry -> entry.serves(wanted)).findFirst();
    }

    private Entry open(Wanted wanted, GenerationRequest request) throws IOException {
        Entry entry = new Entry(wanted, Components.open(request.model(), wanted.options()));
        loads++;
        return entry;
    }

    private static Lease lent(Entry entry, GenerationRequest request) {
        VideoGenerator generator = sharing(entry.model, request);
        entry.use();
        return new Lease(generator, entry::giveBack, entry::retire);
    }

    private static VideoGenerator sharing(Components model, GenerationRequest request) {
        return VideoGenerator.sharing(model, request.kind(), request.extension().isPresent(), request.options());
    }

    /// Where a plan takes its model from.
    @FunctionalInterface
    interface Source {
        Lease lease(GenerationRequest request) throws IOException;
    }

    /// The use of a model by one plan.
    ///
    /// @param generator makes videos with the model
    /// @param end       ends the use
    /// @param retire    sees to it that no later plan uses the model
    record Lease(VideoGenerator generator, Runnable end, Runnable retire) implements AutoCloseable {
        /// A model that is opened for one plan and closed with it.
        static Lease once(GenerationRequest request) throws IOException {
            Components model = Components.open(request.model(), request.options());
            try {
                return new Lease(sharing(model, request), model::close, () -> {});
            } catch (RuntimeException e) {
                model.close();
                throw e;
            }
        }

        /// Lets no later plan use the model.
        void distrust() {
            retire.run();
        }

        @Override
        public void close() {
            end.run();
        }
    }

    /// What a request wants open.
    ///
    /// @param options how it is loaded, whatever makes videos with it
    /// @param files   the state of the model's files, and of those that are added to it
    private record Wanted(Path model, PipelineOptions options, List<FileState> files) {
        static Wanted of(GenerationRequest request) throws IOException {
            PipelineOptions options = request.options();
            List<FileState> states = new ArrayList<>();
            addStates(request.model(), states);
            if (options.transformer().isPresent()) {
                addStates(options.transformer().get(), states);
            }
            for (PipelineOptions.LoraChoice lora : options.loras()) {
                addStates(lora.path(), states);
            }
            return new Wanted(request.model().toAbsolutePath().normalize(), options.withOwnScheduler(), states);
        }

        /// Nothing where nothing is: opening it says what is missing.
        private static void addStates(Path path, List<FileState> states) throws IOException {
            if (!Files.exists(path)) {
                return;
            }
            try (Stream<Path> files = Files.walk(path, COMPONENT_DEPTH)) {
                for (Path file : files.sorted().toList()) {
                    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                    if (attributes.isRegularFile()) {
                        states.add(new FileState(
                                file,
                                attributes.size(),
                                attributes.lastModifiedTime().toMillis(),
                                String.valueOf(attributes.fileKey())));
                    }
                }
            }
        }
    }

    /// A file as it was when it was opened.
    private record FileState(Path file, long size, long modified, String key) {}

    /// An open model with the number of plans that use it.
    private static final class Entry {
        private final Wanted wanted;
        private final Components model;
        private int users;
        private boolean retired;

        Entry(Wanted wanted, Components model) {
            this.wanted = wanted;
            this.model = model;
        }

        synchronized boolean serves(Wanted other) {
            return !retired && wanted.equals(other);
        }

        synchronized void use() {
            users++;
        }

        synchronized void giveBack() {
            users--;
            if (retired && users == 0) {
                model.close();
            }
        }

        synchronized void retire() {
            if (!retired) {
                retired = true;
                if (users == 0) {
                    model.close();
                }
            }
        }
    }
}

package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.convert.ConversionPlan;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerFolders;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.Strictness;
import io.github.cogvideo4j.formats.internal.container.ContainerKind;
import io.github.cogvideo4j.formats.internal.safetensors.SafetensorsFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Finds out what a path is, and reads it.
final class SubjectReader {

    private static final Set<String> COMPONENTS =
            Set.of("transformer", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler");

    private final Path path;
    private final List<Problem> problems = new ArrayList<>();
    private Optional<ModelFolder> model = Optional.empty();
    private Optional<ComponentFolder> transformer = Optional.empty();
    private Optional<ComponentFolder> loose = Optional.empty();
    private final List<ComponentFolder> elsewhere = new ArrayList<>();
    private final List<Subject.Component> others = new ArrayList<>();
    private final List<Subject.Adapter> adapters = new ArrayList<>();
    private Optional<Checkpoint> checkpoint = Optional.empty();

    SubjectReader(Path path) {
        this.path = path;
    }

    /// Something that fails as reading fails.
    private interface Read {
        void run() throws IOException;
    }

    Subject read() throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        Subject.Kind kind = Subject.Kind.NOTHING;
        if (!Files.isReadable(path)) {
            problems.add(unreadable(path));
        } else if (!Files.isDirectory(path)) {
            kind = readFile();
        } else if (Files.isRegularFile(path.resolve(ModelFolder.INDEX))
                || (Files.isDirectory(path.resolve(ConversionPlan.COMPONENT)) && !TrainerFolders.isCheckpoint(path))) {
            kind = Subject.Kind.PIPELINE;
            readPipeline();
        } else if (isTransformer()) {
            kind = Subject.Kind.TRANSFORMER;
            attempt(path, () -> transformer = Optional.of(ComponentReader.read(path)));
            lookAround(List.of(path.resolve("..")));
        } else {
            kind = readCheckpoint();
        }
        return new Subject(path, kind, model, transformer, loose, elsewhere, others, checkpoint, adapters, problems);
    }

    private boolean isTransformer() throws IOException {
        boolean component = Files.isRegularFile(path.resolve("config.json"))
                || ComponentReader.nameOf(path).equals(ConversionPlan.COMPONENT);
        boolean state = Files.exists(path.resolve("latest"))
                || Files.exists(path.resolve("latest_universal"))
                || DistributedCheckpoint.isStateFolder(path)
                || StateFiles.isTagFolder(path);
        return component && !state;
    }

    private Subject.Kind readFile() throws IOException {
        attempt(path, () -> readAdapter(path));
        if (!adapters.isEmpty()) {
            return Subject.Kind.ADAPTER;
        }
        problems.clear();
        attempt(path, () -> checkpoint = Optional.of(Checkpoints.open(path, SourceOptions.defaults())));
        return Subject.Kind.CHECKPOINT;
    }

    private Subject.Kind readCheckpoint() throws IOException {
        Path lora = path.resolve(WeightFileName.ADAPTER);
        if (Files.isRegularFile(lora)) {
            attempt(lora, () -> readAdapter(lora));
        }
        int before = problems.size();
        attempt(path, () -> checkpoint = Optional.of(Checkpoints.open(path, SourceOptions.defaults())));
        if (checkpoint.isPresent()) {
            return Subject.Kind.CHECKPOINT;
        }
        if (!adapters.isEmpty()
                && problems.size() > before
                && problems.getLast().code() == ProblemCode.NOT_A_CHECKPOINT) {
            problems.removeLast();
            return Subject.Kind.ADAPTER;
        }
        return problems.size() > before && readTrainedAdapter() ? Subject.Kind.ADAPTER : Subject.Kind.NOTHING;
    }

    /// A run that trained an adapter is no checkpoint to convert, and nothing is wrong with it.
    private boolean readTrainedAdapter() throws IOException {
        Problem refusal = problems.getLast();
        Optional<Path> place = refusal.place().file();
        if (refusal.code() != ProblemCode.NOT_A_CHECKPOINT || place.isEmpty()) {
            return false;
        }
        Path file = Files.isDirectory(place.get()) ? place.get().resolve(WeightFileName.PEFT_ADAPTER) : place.get();
        if (Files.isRegularFile(file)) {
            attempt(file, () -> readAdapter(file));
        }
        if (adapters.isEmpty()) {
            return false;
        }
        problems.remove(refusal);
        problems.add(new Problem(ProblemCode.CHOICE, refusal.place(), refusal.message()));
        return true;
    }

    private void readPipeline() throws IOException {
        attempt(path.resolve(ModelFolder.INDEX), () -> model = Optional.of(ModelFolder.read(path)));
        Path folder = path.resolve(ConversionPlan.COMPONENT);
        if (Files.isDirectory(folder)) {
            attempt(folder, () -> transformer = Optional.of(ComponentReader.read(folder)));
        }
        attempt(path, () -> loose = Optional.of(ComponentReader.readFlat(path)));
        lookAround(around());
        Path lora = path.resolve(WeightFileName.ADAPTER);
        if (Files.isRegularFile(lora)) {
            attempt(lora, () -> readAdapter(lora));
        }
        for (ModelFolder known : model.stream().toList()) {
            for (Map.Entry<String, ModelFolder.ListedComponent> component :
                    known.components().entrySet()) {
                if (!component.getKey().equals(ConversionPlan.COMPONENT)) {
                    readOther(component.getKey(), component.getValue().folder());
                }
            }
        }
    }

    /// Where weights land by mistake: the folder above, and those beside `transformer/` that are no component.
    private List<Path> around() throws IOException {
        List<Path> folders = new ArrayList<>(List.of(path.resolve("..")));
        for (Path child : ComponentReader.children(path)) {
            boolean component = COMPONENTS.contains(ComponentReader.nameOf(child))
                    || model.filter(known -> known.components().containsKey(ComponentReader.nameOf(child)))
                            .isPresent();
            if (!component
                    && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)
                    && Files.isReadable(child)
                    && !ComponentReader.nameOf(child).startsWith(".")) {
                folders.add(child);
            }
        }
        return folders;
    }

    /// Looks for a transformer's weights where the transformer has none, and there are none right beside it.
    private void lookAround(List<Path> folders) throws IOException {
        boolean bare = transformer
                        .filter(folder -> folder.groups().isEmpty()
                                && folder.nested().isEmpty()
                                && folder.rawCheckpoints().isEmpty()
                                && folder.unreadable().isEmpty())
                        .isPresent()
                && loose.stream().allMatch(beside -> beside.groups().isEmpty());
        if (!bare) {
            return;
        }
        for (Path folder : folders) {
            Path place = folder.toAbsolutePath().normalize();
            int before = problems.size();
            attempt(place, () -> {
                ComponentFolder found = ComponentReader.readFlat(place);
                if (found.groups().stream().anyMatch(WeightGroup::isTransformer)) {
                    elsewhere.add(found);
                }
            });
            // What else is wrong there is not what was asked.
            problems.subList(before, problems.size()).clear();
        }
    }

    private void readOther(String name, Path folder) throws IOException {
        boolean exists = Files.isDirectory(folder);
        boolean config = exists && Files.isRegularFile(folder.resolve("config.json"));
        List<Problem> found = new ArrayList<>();
        Optional<Checkpoint> weights = Optional.empty();
        if (exists && !Files.isReadable(folder)) {
            found.add(unreadable(folder));
        } else if (config) {
            try {
                weights = Optional.of(Checkpoints.open(folder, SourceOptions.defaults()));
            } catch (FormatException e) {
                found.add(e.problem());
            } catch (CheckpointException e) {
                found.add(e.problem());
            } catch (AccessDeniedException e) {
                found.add(unreadable(Path.of(e.getFile())));
            }
        }
        others.add(new Subject.Component(name, folder, exists, config, weights, found));
    }

    private void readAdapter(Path file) throws IOException {
        if (ContainerKind.of(file) != ContainerKind.SAFETENSORS) {
            return;
        }
        SafetensorsFile opened = SafetensorsFile.open(file, Strictness.LENIENT, new Problems());
        List<StoredTensor> down = opened.tensors().stream()
                .filter(tensor -> tensor.name().endsWith(".lora_A.weight")
                        || tensor.name().endsWith(".lora_down.weight"))
                .toList();
        if (down.isEmpty()
                || opened.tensors().stream().anyMatch(tensor -> tensor.name().contains(".base_layer."))) {
            return;
        }
        boolean alpha =
                opened.metadata().getOrDefault("lora_adapter_metadata", "").contains("lora_alpha")
                        || opened.tensors().stream()
                                .anyMatch(tensor -> tensor.name().endsWith(".alpha"));
        long rank = down.getFirst().shape().rank() == 0
                ? 0
                : down.getFirst().shape().size(0);
        boolean empty = opened.tensors().stream().allMatch(tensor -> tensor.byteLength() == 0);
        adapters.add(new Subject.Adapter(file, rank, alpha, empty));
    }

    /// Does a piece of reading; whatever is wrong with the files becomes a problem.
    private void attempt(Path place, Read read) throws IOException {
        try {
            read.run();
        } catch (FormatException e) {
            problems.add(e.problem());
        } catch (CheckpointException e) {
            problems.add(e.problem());
        } catch (AccessDeniedException e) {
            problems.add(unreadable(e.getFile() == null ? place : Path.of(e.getFile())));
        }
    }

    static Problem unreadable(Path file) {
        return Problem.of(ProblemCode.UNREADABLE, Place.of(file), "checkpoints.doctor.unreadable");
    }
}

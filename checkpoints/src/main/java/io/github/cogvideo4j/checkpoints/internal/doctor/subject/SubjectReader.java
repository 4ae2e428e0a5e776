package io.github.cogvideo4j.checkpoints.internal.doctor.subject;

import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.internal.layout.WeightFileName;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterReader;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.AdapterPart;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.checkpoints.internal.source.TrainerFolders;
import io.github.cogvideo4j.checkpoints.internal.source.deepspeed.StateFiles;
import io.github.cogvideo4j.checkpoints.internal.source.distributed.DistributedCheckpoint;
import io.github.cogvideo4j.checkpoints.internal.table.Families;
import io.github.cogvideo4j.checkpoints.layout.Component;
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
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The reader of a subject, which finds out what a path is.
final class SubjectReader {

    /// The factors whose first size is the rank.
    private static final Set<AdapterPart> RANKED =
            EnumSet.of(AdapterPart.LORA_A, AdapterPart.HADA_W1_B, AdapterPart.LOKR_W2_B);

    private final Path path;
    private final List<Problem> problems = new ArrayList<>();
    private Optional<ModelFolder> model = Optional.empty();
    private final List<Part> parts = new ArrayList<>();
    private final List<Path> absent = new ArrayList<>();
    private final List<Path> small = new ArrayList<>();
    private Optional<ComponentFolder> loose = Optional.empty();
    private final List<ComponentFolder> elsewhere = new ArrayList<>();
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
                || (!trainedFolders().isEmpty() && !TrainerFolders.isCheckpoint(path))) {
            kind = Subject.Kind.PIPELINE;
            readPipeline();
        } else if (isComponent()) {
            kind = Subject.Kind.COMPONENT;
            attempt(path, () -> parts.add(Part.of(path, true)));
            lookAround(List.of(path.resolve("..")));
        } else {
            kind = readCheckpoint();
        }
        return new Subject(path, kind, model, parts, absent, small, loose, elsewhere, checkpoint, adapters, problems);
    }

    /// Folders that only a pipeline has.
    private List<Path> trainedFolders() throws IOException {
        return ComponentReader.children(path).stream()
                .filter(child -> Families.isTrained(ComponentReader.nameOf(child)) && Files.isDirectory(child))
                .toList();
    }

    private boolean isComponent() throws IOException {
        boolean component = Files.isRegularFile(path.resolve(ComponentReader.CONFIG))
                || Families.isTrained(ComponentReader.nameOf(path));
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

    /// A run that trained an adapter is not a checkpoint to convert; that is not an error.
    private boolean readTrainedAdapter() throws IOException {
        Problem refusal = problems.getLast();
        Optional<Path> place = refusal.place().file();
        if (refusal.code() != ProblemCode.NOT_A_CHECKPOINT || place.isEmpty()) {
            return false;
        }
        List<Path> files = Files.isDirectory(place.get())
                ? List.of(
                        place.get().resolve(WeightFileName.PEFT_ADAPTER),
                        place.get().resolve(WeightFileName.ADAPTER))
                : List.of(place.get());
        for (Path file : files) {
            if (adapters.isEmpty() && Files.isRegularFile(file)) {
                attempt(file, () -> readAdapter(file));
            }
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
        if (model.filter(known -> !known.components().isEmpty()).isPresent()) {
            for (Map.Entry<String, ModelFolder.ListedComponent> listed :
                    model.get().components().entrySet()) {
                readListed(listed.getKey(), listed.getValue());
            }
        } else {
            for (Path folder : trainedFolders()) {
                attempt(folder, () -> parts.add(Part.of(folder, true)));
            }
        }
        attempt(path, () -> loose = Optional.of(ComponentReader.readFlat(path, trained())));
        lookAround(around());
        Path lora = path.resolve(WeightFileName.ADAPTER);
        if (Files.isRegularFile(lora)) {
            attempt(lora, () -> readAdapter(lora));
        }
    }

    private void readListed(String name, ModelFolder.ListedComponent listed) throws IOException {
        if (!Files.isDirectory(listed.folder())) {
            absent.add(listed.folder());
        } else if (!Files.isReadable(listed.folder())) {
            problems.add(unreadable(listed.folder()));
        } else if (Component.mayHaveWeights(name)) {
            attempt(listed.folder(), () -> parts.add(Part.of(name, listed)));
        } else {
            small.add(listed.folder());
        }
    }

    /// The kind of thing that misplaced weights are taken for.
    private Component trained() {
        return parts.stream()
                .filter(Part::trained)
                .map(Part::component)
                .findFirst()
                .orElse(Component.TRANSFORMER);
    }

    /// Where weights land by mistake: the folder above, and those beside the components' that are no component.
    private List<Path> around() throws IOException {
        List<Path> folders = new ArrayList<>(List.of(path.resolve("..")));
        for (Path child : ComponentReader.children(path)) {
            String name = ComponentReader.nameOf(child);
            boolean component =
                    model.filter(known -> known.components().containsKey(name)).isPresent()
                            || Families.isComponent(name)
                            || !Component.mayHaveWeights(name);
            if (!component
                    && Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)
                    && Files.isReadable(child)
                    && !name.startsWith(".")) {
                folders.add(child);
            }
        }
        return folders;
    }

    /// Looks for weights around the one component that has none, where there are none right beside it.
    private void lookAround(List<Path> folders) throws IOException {
        List<Part> bare =
                parts.stream().filter(part -> part.trained() && part.isBare()).toList();
        if (bare.size() != 1
                || !loose.stream().allMatch(beside -> beside.groups().isEmpty())) {
            return;
        }
        Part home = bare.getFirst();
        for (Path folder : folders) {
            Path place = folder.toAbsolutePath().normalize();
            int before = problems.size();
            attempt(place, () -> {
                ComponentFolder found = ComponentReader.readFlat(place, home.component());
                if (found.groups().stream().anyMatch(group -> !group.families().isEmpty() && home.mayOwn(group))) {
                    elsewhere.add(found);
                }
            });
            // What else is wrong there is not what was asked.
            problems.subList(before, problems.size()).clear();
        }
    }

    private void readAdapter(Path file) throws IOException {
        if (ContainerKind.of(file) != ContainerKind.SAFETENSORS) {
            return;
        }
        SafetensorsFile opened = SafetensorsFile.open(file, Strictness.LENIENT, new Warnings());
        List<StoredTensor> factors = opened.tensors().stream()
                .filter(tensor -> partOf(tensor).filter(RANKED::contains).isPresent())
                .toList();
        if (factors.isEmpty()
                || opened.tensors().stream().anyMatch(tensor -> tensor.name().contains(".base_layer."))) {
            return;
        }
        boolean alpha = AdapterReader.settings(file).alpha().isPresent()
                || opened.tensors().stream().anyMatch(tensor -> partOf(tensor).equals(Optional.of(AdapterPart.ALPHA)));
        long rank = factors.getFirst().shape().rank() == 0
                ? 0
                : factors.getFirst().shape().size(0);
        boolean empty = opened.tensors().stream().allMatch(tensor -> tensor.byteLength() == 0);
        adapters.add(new Subject.Adapter(file, rank, alpha, empty));
    }

    private static Optional<AdapterPart> partOf(StoredTensor tensor) {
        return Dialects.read(tensor.name()).map(reading -> reading.key().part());
    }

    /// Runs a piece of reading; any error in the files becomes a problem.
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

package io.github.cogvideo4j.checkpoints.internal.source;

import io.github.cogvideo4j.checkpoints.internal.source.distributed.HubStorage;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The trainer that wrote a checkpoint, recognised by what only it leaves: the layout of its folder, files beside
/// the weights, what it wraps around the names.
public final class Trainers {
    private static final String HUB_STORAGE = "torch.distributed (NeMo AutoModel, torchtitan)";

    private Trainers() {}

    /// The checkpoint with its trainer and step, and a warning that says so.
    public static Checkpoint name(Checkpoint checkpoint) throws IOException {
        Optional<String> found = of(checkpoint);
        OptionalLong step = TrainerFolders.step(checkpoint.folder());
        if (found.isEmpty()) {
            return checkpoint.kind() == CheckpointKind.DISTRIBUTED
                    ? checkpoint.withTraining(checkpoint.training().at(step))
                    : checkpoint;
        }
        TrainingState training = checkpoint.training().at(step).by(found.get());
        Warnings warnings = new Warnings();
        if (training.step().isPresent()) {
            warnings.report(
                    ProblemCode.CHOICE,
                    Place.of(checkpoint.folder()),
                    "checkpoints.location.trainer-step",
                    found.get(),
                    training.step().getAsLong());
        } else {
            warnings.report(
                    ProblemCode.CHOICE, Place.of(checkpoint.folder()), "checkpoints.location.trainer", found.get());
        }
        return checkpoint.withTraining(training).withWarnings(warnings.all());
    }

    private static Optional<String> of(Checkpoint checkpoint) throws IOException {
        Optional<String> said = checkpoint.training().trainer();
        if (said.isPresent()) {
            return said;
        }
        List<String> names = checkpoint.entries().stream().map(StateEntry::name).toList();
        return switch (checkpoint.kind()) {
            case DISTRIBUTED -> ofDistributed(checkpoint.folder(), names);
            case HUB_STORAGE -> Optional.of(HUB_STORAGE);
            case RANK_FILES -> Optional.of("FSDP2 (verl)");
            case PIPELINE_LAYERS -> Optional.of("diffusion-pipe");
            case DEEPSPEED_ZERO, DEEPSPEED_MODULE, DEEPSPEED_UNIVERSAL -> videoxFun(checkpoint.folder());
            case PLAIN_WEIGHTS -> ofPlain(checkpoint.folder());
            default -> Optional.empty();
        };
    }

    private static Optional<String> ofDistributed(Path folder, List<String> names) {
        if (name(folder).startsWith("finetrainers_step_")) {
            return Optional.of("finetrainers");
        }
        if (names.stream().allMatch(name -> name.startsWith("app.model."))) {
            boolean adapter = names.stream().allMatch(name -> name.contains(".lora_"));
            return Optional.of(adapter ? "CogKit LoRA" : "CogKit SFT");
        }
        return videoxFun(folder);
    }

    private static Optional<String> ofPlain(Path folder) throws IOException {
        Path here = Files.isDirectory(folder) ? folder : parent(folder);
        if (parent(parent(here)).endsWith("model_weights")) {
            return Optional.of("finetrainers");
        }
        if (name(here).matches("(epoch|step)\\d+")
                && Files.isDirectory(parent(here))
                && hasPipelineState(parent(here))) {
            return Optional.of("diffusion-pipe");
        }
        Path pieces = here.resolve("sharded");
        if (Files.isDirectory(pieces) && HubStorage.isStateFolder(pieces)) {
            return Optional.of(HUB_STORAGE);
        }
        Optional<String> videoxFun = videoxFun(here);
        if (videoxFun.isPresent()) {
            return videoxFun;
        }
        boolean component = TrainerFolders.COMPONENTS.contains(name(here));
        return component
                        && name(parent(here)).startsWith("checkpoint-")
                        && (Files.exists(parent(here).resolve("optimizer.bin"))
                                || Files.exists(parent(here).resolve("random_states_0.pkl")))
                ? Optional.of("diffusers")
                : Optional.empty();
    }

    private static boolean hasPipelineState(Path run) {
        return Files.exists(run.resolve("latest")) || name(run).matches("\\d{8}_\\d{2}-\\d{2}-\\d{2}");
    }

    /// The position of its sampler, which VideoX-Fun saves in the checkpoint's folder whatever the mode.
    private static Optional<String> videoxFun(Path folder) {
        return Files.exists(folder.resolve("sampler_pos_start.pkl"))
                        || Files.exists(parent(folder).resolve("sampler_pos_start.pkl"))
                ? Optional.of("VideoX-Fun")
                : Optional.empty();
    }

    private static String name(Path folder) {
        return String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    }

    private static Path parent(Path folder) {
        return Optional.ofNullable(folder.toAbsolutePath().normalize().getParent())
                .orElse(folder);
    }
}

package io.github.cogvideo4j.checkpoints.source;

/// The kind of checkpoint that a path holds.
public enum CheckpointKind {
    /// Partitioned training state of DeepSpeed ZeRO, stages 1 to 3.
    DEEPSPEED_ZERO("DeepSpeed ZeRO"),
    /// The `module` of a DeepSpeed model-states file: stage 0, or on request where the optimizer files are
    /// gone.
    DEEPSPEED_MODULE("DeepSpeed module"),
    /// A DeepSpeed checkpoint made independent of the number of ranks: a folder for each parameter.
    DEEPSPEED_UNIVERSAL("DeepSpeed universal"),
    /// A `torch.distributed.checkpoint`, as FSDP writes it.
    DISTRIBUTED("torch.distributed checkpoint"),
    /// A `torch.distributed.checkpoint` in Hugging Face storage: safetensors files with pieces of every rank.
    HUB_STORAGE("torch.distributed checkpoint in Hugging Face storage"),
    /// One file of `DTensor`s for every rank, as FSDP2 trainings save their state dict.
    RANK_FILES("rank files of distributed tensors"),
    /// The layers of DeepSpeed's pipeline engine, a file each.
    PIPELINE_LAYERS("DeepSpeed pipeline layers"),
    /// A plain state dict: one file, or shards with an index.
    PLAIN_WEIGHTS("plain weights"),
    /// A state dict of SAT, CogVideo's own trainer, under the names that diffusers has.
    SAT("SAT"),
    /// A model into which LoRA adapters are fused as it is read.
    FUSED_LORA("model with LoRA adapters"),
    /// Several checkpoints of one model, merged as they are read.
    MERGED("merged checkpoints");

    private final String title;

    CheckpointKind(String title) {
        this.title = title;
    }

    /// Whether such a checkpoint is the state of a training, of which a model has yet to be made.
    public boolean isTraining() {
        return switch (this) {
            case PLAIN_WEIGHTS, SAT, FUSED_LORA, MERGED -> false;
            case DEEPSPEED_ZERO,
                    DEEPSPEED_MODULE,
                    DEEPSPEED_UNIVERSAL,
                    DISTRIBUTED,
                    HUB_STORAGE,
                    RANK_FILES,
                    PIPELINE_LAYERS -> true;
        };
    }

    /// Its name for people.
    public String title() {
        return title;
    }
}

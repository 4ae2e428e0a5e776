package io.github.cogvideo4j.checkpoints.internal.source.sat;

import io.github.cogvideo4j.checkpoints.internal.source.NamingScheme;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/// The names and files of SAT, CogVideo's own trainer: a training state of one rank with its `module`, or the
/// autoencoder's own file.
public final class SatNaming implements NamingScheme {
    /// The name that published SAT checkpoints give their only state.
    private static final String TAG = "1";

    private static final String AUTOENCODER = "3d-vae.pt";

    @Override
    public CheckpointKind kind() {
        return CheckpointKind.SAT;
    }

    @Override
    public boolean recognises(Collection<String> names) {
        return SatCheckpoint.recognises(names);
    }

    @Override
    public boolean isStandalone(String fileName) {
        return fileName.equals(AUTOENCODER);
    }

    @Override
    public Checkpoint toDiffusers(Checkpoint raw) {
        return SatCheckpoint.plan(raw);
    }

    @Override
    public Checkpoint toDiffusers(Checkpoint raw, Component component) {
        return SatCheckpoint.plan(raw, SatPart.of(component));
    }

    /// SAT saves no alpha.
    @Override
    public Problem unrecorded(Checkpoint adapter) {
        Shape first = adapter.entries().getFirst().tensor().shape();
        // The rank is the shorter side of a low-rank matrix.
        return Problem.of(
                ProblemCode.LORA_ALPHA,
                Place.of(adapter.folder()),
                "checkpoints.sat.adapter-alpha",
                Math.min(first.size(0), first.size(1)));
    }

    @Override
    public Export export(Checkpoint checkpoint) {
        SatPart part = SatExport.requirePart(checkpoint);
        Checkpoint renamed = SatExport.plan(checkpoint);
        SequencedMap<String, String> files = new LinkedHashMap<>();
        if (part == SatPart.VAE) {
            return new Export(renamed, AUTOENCODER, "state_dict", files);
        }
        files.put("latest", TAG);
        return new Export(renamed, TAG + "/mp_rank_00_model_states.pt", "module", files);
    }

    @Override
    public boolean writes(String path) {
        return path.endsWith(".pt");
    }
}

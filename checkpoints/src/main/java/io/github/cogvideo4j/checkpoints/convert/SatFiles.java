package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.internal.source.sat.SatPart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The files that SAT loads: a training state of one rank with its `module`, or the autoencoder's own file.
final class SatFiles {
    /// Published SAT checkpoints call their only state so.
    private static final String TAG = "1";

    private SatFiles() {}

    /// The folder of the weights below the output.
    static String folder(SatPart part) {
        return part == SatPart.VAE ? "" : TAG;
    }

    static WeightFile weights(SatPart part, List<PlannedTensor> tensors) {
        return part == SatPart.VAE
                ? WeightFile.Torch.of("3d-vae.pt", tensors, Optional.of("state_dict"))
                : WeightFile.Torch.of(TAG + "/mp_rank_00_model_states.pt", tensors, Optional.of("module"));
    }

    /// Text files by path below the output.
    static SequencedMap<String, String> small(SatPart part) {
        SequencedMap<String, String> files = new LinkedHashMap<>();
        if (part != SatPart.VAE) {
            files.put("latest", TAG);
        }
        return files;
    }
}

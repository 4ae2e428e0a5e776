package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.lora.LoraAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion;
import io.github.cogvideo4j.checkpoints.lora.LoraFusion.AppliedAdapter;
import io.github.cogvideo4j.checkpoints.lora.LoraTarget;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The source that a fused model is compared with: its base and its adapters, fused again.
final class FusedSource {
    private FusedSource() {}

    /// Opens it. Scales and alphas are those of the manifest; the files are those that the user names, as a
    /// manifest is no reason to open a file.
    ///
    /// @param folder   the fused model
    /// @param base     the base model
    /// @param manifest the fused model's manifest
    /// @param given    the adapters' files, in the same order
    /// @throws InvalidRequestException `request` when they are not as many as the manifest's
    static Checkpoint open(Path folder, Path base, Manifest manifest, List<Path> given) throws IOException {
        List<Manifest.Adapter> recorded = manifest.source().adapters();
        if (given.size() != recorded.size()) {
            throw new InvalidRequestException(
                    ProblemCode.REQUEST,
                    Place.of(folder),
                    "checkpoints.verify.adapters",
                    folder,
                    recorded.size(),
                    recorded.stream().map(Manifest.Adapter::path).toList());
        }
        List<AppliedAdapter> adapters = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            Manifest.Adapter known = recorded.get(i);
            adapters.add(new AppliedAdapter(LoraAdapter.open(given.get(i)), known.scale(), known.alpha()));
        }
        String component = component(manifest);
        boolean pipeline = !component.isEmpty() && Files.isDirectory(base.resolve(component));
        LoraTarget target = LoraTarget.choose(
                base,
                adapters.stream().map(AppliedAdapter::adapter).toList(),
                pipeline ? Optional.of(component) : Optional.empty());
        return LoraFusion.fuse(target.weights(), adapters, false);
    }

    /// The component of a model into which adapters were fused: the folder of the weights that were written.
    /// Empty where the weights lie in the model's own folder.
    static String component(Manifest manifest) {
        return manifest.files().stream()
                .filter(file -> file.origin() == Manifest.Origin.WEIGHTS)
                .map(Manifest.FileEntry::path)
                .filter(path -> path.indexOf('/') > 0)
                .map(path -> path.substring(0, path.indexOf('/')))
                .findFirst()
                .orElse("");
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.Version;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.internal.convert.WeightWriter;
import io.github.cogvideo4j.checkpoints.internal.manifest.Digests;
import io.github.cogvideo4j.checkpoints.internal.source.SourceFiles;
import io.github.cogvideo4j.checkpoints.internal.source.SourceRecord;
import io.github.cogvideo4j.checkpoints.internal.staging.NamedFailure;
import io.github.cogvideo4j.checkpoints.internal.staging.Staging;
import io.github.cogvideo4j.checkpoints.internal.verify.SourceComparison;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.manifest.Manifest;
import io.github.cogvideo4j.checkpoints.manifest.ManifestJson;
import io.github.cogvideo4j.formats.internal.tensor.FileIdentity;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.tensor.FileStorageReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The executor of a conversion's plan. Until the last step, a rename, nothing exists under the output's name;
/// when anything fails, nothing ever does.
public final class Converter {
    private final ConversionPlan plan;
    private final JobControl control;

    private Converter(ConversionPlan plan, JobControl control) {
        this.plan = plan;
        this.control = control;
    }

    /// The result of a conversion.
    ///
    /// @param output   the folder
    /// @param manifest what is in it
    /// @param warnings what the values say
    public record Result(Path output, Manifest manifest, List<Problem> warnings) {
        /// Copies the list.
        public Result {
            warnings = List.copyOf(warnings);
        }
    }

    /// Converts.
    ///
    /// @throws io.github.cogvideo4j.formats.FormatException when the source turns out to be damaged
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when it changed meanwhile, or the output
    /// cannot be written
    public static Result convert(ConversionPlan plan, JobControl control) throws IOException {
        return new Converter(plan, control).convert();
    }

    private Result convert() throws IOException {
        Map<Path, FileIdentity> inputs = sourceFiles();
        for (BaseModel base : plan.base().stream().toList()) {
            for (BaseModel.BaseFile file : base.files()) {
                inputs.put(file.file(), FileIdentity.of(file.file()));
            }
        }
        SourceFiles.requireUnchanged(inputs);
        OutputPlace.requireRoom(plan.output(), plan.diskBytes() + OutputPlace.copiesInsteadOfLinks(plan));
        try (Staging staging = Staging.create(plan.output(), plan.options().overwrite())) {
            Result result = fill(staging.folder());
            SourceFiles.requireUnchanged(inputs);
            if (plan.options().verify()) {
                for (ConversionPlan.PlannedPart part : plan.parts()) {
                    SourceComparison.requireEqual(
                            staging.folder().resolve(part.path()),
                            plan.output().resolve(part.path()),
                            part.checkpoint(),
                            plan.options().threads(),
                            control);
                }
            }
            staging.publish();
            return result;
        }
    }

    /// The files of every source.
    private Map<Path, FileIdentity> sourceFiles() {
        Map<Path, FileIdentity> files = new TreeMap<>();
        plan.parts().forEach(part -> files.putAll(part.checkpoint().files()));
        return files;
    }

    private Result fill(Path folder) throws IOException {
        List<Manifest.FileEntry> files = new ArrayList<>();
        if (plan.base().isPresent()) {
            files.addAll(new BaseFiles(folder, plan.output(), plan.options().link(), control)
                    .bring(plan.base().get()));
        }
        List<String> made = new ArrayList<>(plan.smallFiles().keySet());
        plan.weightFiles().forEach(file -> made.add(file.path()));
        for (String path : made) {
            Files.createDirectories(folder.resolve(path.substring(0, Math.max(0, path.lastIndexOf('/')))));
        }
        List<WeightWriter.Written> written;
        try (FileStorageReader reader = new FileStorageReader();
                WeightWriter writer = new WeightWriter(reader, control, plan.output())) {
            written = writer.write(
                    plan.tensors(), plan.weightFiles(), folder, plan.options().threads());
        }
        for (WeightFile file : plan.weightFiles()) {
            files.add(new Manifest.FileEntry(
                    file.path(), Manifest.Origin.WEIGHTS, file.size(), Optional.empty(), file.structureSha256()));
        }
        for (Map.Entry<String, String> file : plan.smallFiles().entrySet()) {
            byte[] bytes = file.getValue().getBytes(StandardCharsets.UTF_8);
            NamedFailure.naming(
                    plan.output().resolve(file.getKey()), () -> Files.write(folder.resolve(file.getKey()), bytes));
            files.add(new Manifest.FileEntry(
                    file.getKey(),
                    Manifest.Origin.WRITTEN,
                    bytes.length,
                    Optional.empty(),
                    Optional.of(Digests.sha256(bytes))));
        }
        Manifest manifest = manifest(files, written);
        NamedFailure.naming(
                plan.output().resolve(Manifest.FILE_NAME),
                () -> Files.writeString(folder.resolve(Manifest.FILE_NAME), ManifestJson.format(manifest)));
        return new Result(plan.output(), manifest, warnings(written));
    }

    /// What the values say. A bias of zeros is how training begins; a matrix of zeros is a layer that does
    /// nothing.
    private List<Problem> warnings(List<WeightWriter.Written> written) {
        return written.stream()
                .flatMap(tensor ->
                        tensor
                                .values()
                                .problems(Place.of(plan.output())
                                        .tensor(tensor.tensor().name()))
                                .stream()
                                .filter(problem -> problem.code() != ProblemCode.ALL_ZERO
                                        || tensor.tensor()
                                                        .entry()
                                                        .tensor()
                                                        .shape()
                                                        .rank()
                                                > 1))
                .toList();
    }

    private Manifest manifest(List<Manifest.FileEntry> files, List<WeightWriter.Written> written) {
        Map<String, Manifest.TensorEntry> tensors = new LinkedHashMap<>();
        Set<String> shared = sharedNames();
        for (WeightWriter.Written tensor : written) {
            String name = tensor.tensor().name();
            tensors.put(
                    shared.contains(name) ? tensor.tensor().folder() + "/" + name : name,
                    new Manifest.TensorEntry(
                            tensor.tensor().dtype(),
                            tensor.tensor().entry().tensor().shape(),
                            tensor.sha256()));
        }
        return new Manifest(
                "cogvideo4j " + Version.current(),
                SourceRecord.of(plan.checkpoint(), sourceFiles()),
                new Manifest.Options(
                        plan.dtype().id(),
                        plan.options().files().maxShardBytes(),
                        plan.options().files().format().toString(),
                        plan.checkpoint().options().excludeFrozen(),
                        plan.checkpoint().options().fromModule(),
                        plan.options().files().variant()),
                files,
                tensors,
                names());
    }

    /// Names that more than one component has.
    private Set<String> sharedNames() {
        Map<String, String> folders = new HashMap<>();
        Set<String> shared = new HashSet<>();
        for (WeightFile.PlannedTensor tensor : plan.tensors()) {
            String other = folders.putIfAbsent(tensor.name(), tensor.folder());
            if (other != null && !other.equals(tensor.folder())) {
                shared.add(tensor.name());
            }
        }
        return shared;
    }

    private List<Manifest.Names> names() {
        return plan.parts().stream()
                .flatMap(part -> part.names().stream()
                        .map(names ->
                                new Manifest.Names(part.path(), names.by().id(), names.models(), names.removed())))
                .toList();
    }
}

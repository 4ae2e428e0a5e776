package io.github.cogvideo4j.checkpoints.verify;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.internal.verify.AdapterComparison;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderComparison;
import io.github.cogvideo4j.checkpoints.internal.verify.FolderVerification;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.checkpoints.layout.ModelFolder;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// A request to prove a folder intact, by its manifest or, where it has none, by its structure and values; or
/// to prove it equal, to the bit, to the checkpoint it was made from.
///
/// @param model    what is verified: a folder, a name in the hub's cache, or the file of an adapter that has a
///                 manifest beside it
/// @param against  the checkpoint that it has to equal; of a fused model, the base; of a merged one, its first
///                 source or the run of its sources
/// @param adapters the adapters that were fused into it, in order; only with `against`
/// @param others   the further sources of a merged model, in order; only with `against`
/// @param base     the model that the changes of a merged model were taken against: a folder, or a name in the
///                 hub's cache
/// @param source   which of the checkpoint's weights are meant; when absent, those that the folder's manifest
///                 says
/// @param deep     whether linked files are hashed, too, instead of being compared by size and time; only
///                 without `against`
/// @param threads  how many tensors are read at once
public record VerificationRequest(
        String model,
        Optional<Path> against,
        List<Path> adapters,
        List<Path> others,
        Optional<String> base,
        Optional<SourceOptions> source,
        boolean deep,
        int threads)
        implements JobRequest<JobPlan<VerificationReport>> {
    private static final String JOB = "verify";
    private static final int VERSION = 1;

    /// Copies the list.
    ///
    /// @throws InvalidRequestException `request` for fields that do not go together
    public VerificationRequest {
        adapters = List.copyOf(adapters);
        others = List.copyOf(others);
        RequestText.requireBeside(!others.isEmpty(), "others", against.isPresent(), "against");
        RequestText.requireBeside(base.isPresent(), "base", against.isPresent(), "against");
        RequestText.requireBeside(!adapters.isEmpty(), "adapters", against.isPresent(), "against");
        RequestText.requireBeside(source.isPresent(), "source", against.isPresent(), "against");
        RequestText.requireOne(deep, "deep", against.isPresent(), "against");
    }

    /// A request about a model that was not merged.
    public VerificationRequest(
            String model,
            Optional<Path> against,
            List<Path> adapters,
            Optional<SourceOptions> source,
            boolean deep,
            int threads) {
        this(model, against, adapters, List.of(), Optional.empty(), source, deep, threads);
    }

    /// A request to verify a folder by its manifest.
    public static VerificationRequest of(Path folder) {
        return new VerificationRequest(
                folder.toString(), Optional.empty(), List.of(), Optional.empty(), false, RequestText.usualThreads());
    }

    /// The same request, with linked files hashed or not.
    public VerificationRequest withDeep(boolean value) {
        return new VerificationRequest(model, against, adapters, others, base, source, value, threads);
    }

    /// The same request, as a comparison with a checkpoint.
    public VerificationRequest withAgainst(Path checkpoint) {
        return new VerificationRequest(model, Optional.of(checkpoint), adapters, others, base, source, deep, threads);
    }

    @Override
    public String job() {
        return JOB;
    }

    @Override
    public JobPlan<VerificationReport> plan(JobControl control) throws IOException {
        control.check();
        Path named = Path.of(model);
        Path folder = Files.isRegularFile(named) && AdapterManifest.find(named).isPresent()
                ? named
                : ModelFolder.locate(model, Map.copyOf(System.getenv()));
        if (against.isEmpty()) {
            return running -> FolderVerification.verify(folder, deep, threads, running);
        }
        List<Path> sources = new ArrayList<>(others);
        sources.addFirst(against.get());
        Optional<Path> changed = base.isPresent()
                ? Optional.of(ModelFolder.locate(base.get(), Map.copyOf(System.getenv())))
                : Optional.empty();
        if (sources.size() == 1 && adapters.isEmpty() && changed.isEmpty()) {
            Optional<AdapterComparison> adapter =
                    AdapterComparison.open(folder, sources.getFirst(), source.orElseGet(SourceOptions::defaults));
            if (adapter.isPresent()) {
                return adapter.get();
            }
        }
        FolderComparison comparison = FolderComparison.open(folder, sources, adapters, changed, source, threads);
        comparison.parts().forEach(part -> part.source().warnings().forEach(control::notice));
        return comparison;
    }

    @Override
    public ObjectNode toJson() {
        ObjectNode json = RequestText.begin(JOB, VERSION);
        json.put("model", model);
        RequestText.text(json, "against", against);
        RequestText.paths(json, "adapters", adapters);
        RequestText.paths(json, "others", others);
        RequestText.text(json, "base", base);
        source.ifPresent(options -> RequestText.options(json.putObject("source"), options));
        RequestText.flag(json, "deep", deep);
        RequestText.threads(json, threads);
        return json;
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws InvalidRequestException `request` for anything else
    public static VerificationRequest read(ObjectNode json) {
        RequestFields fields = RequestFields.of(json, JOB, VERSION);
        Optional<SourceOptions> source = Optional.empty();
        if (fields.has("source")) {
            RequestFields options = fields.object("source");
            source = Optional.of(RequestText.options(options));
            options.end();
        }
        VerificationRequest request = new VerificationRequest(
                fields.requiredText("model"),
                fields.path("against"),
                RequestText.paths(fields, "adapters"),
                RequestText.paths(fields, "others"),
                fields.text("base"),
                source,
                fields.flag("deep"),
                RequestText.threads(fields));
        fields.end();
        return request;
    }
}

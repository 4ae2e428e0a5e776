package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.formats.problem.CarriesProblem;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRecord;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationResult;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.job.Continuation;
import io.github.cogvideo4j.inference.internal.job.JobInput;
import io.github.cogvideo4j.inference.internal.job.ModelIdentity;
import io.github.cogvideo4j.inference.internal.job.OutputCheck;
import io.github.cogvideo4j.inference.internal.job.OutputClaims;
import io.github.cogvideo4j.inference.internal.job.StepFiles;
import io.github.cogvideo4j.inference.internal.job.UsedRequest;
import io.github.cogvideo4j.inference.internal.sampling.Planning;
import io.github.cogvideo4j.inference.internal.sampling.TensorProbe;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.output.OutputFile;
import io.github.cogvideo4j.inference.system.MachineMemory;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.inference.video.VideoCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/// A generation that is planned and whose model is open: its videos, each with its record, are made by
/// [#run(JobControl)]. Each prompt is planned once, the first when the job is. Until it is closed, no other run can
/// begin with the same names.
///
/// Results appear under their names when they are whole. What exists is replaced only when the request says so,
/// also when two processes write at the same time.
public final class PlannedGeneration implements JobPlan<GenerationResult> {
    private final GenerationRequest request;
    private final LoadedModels.Lease lease;
    private final VideoGenerator generator;
    private final Turn first;
    private final OutputClaims claims;

    private PlannedGeneration(GenerationRequest request, LoadedModels.Lease lease, Turn first, OutputClaims claims) {
        this.request = request;
        this.lease = lease;
        this.generator = lease.generator();
        this.first = first;
        this.claims = claims;
    }

    /// Opens the model, and refuses places where results cannot go.
    static PlannedGeneration of(GenerationRequest request, JobControl control) throws IOException {
        return of(request, control, LoadedModels.Lease::once);
    }

    /// The same with a model that may be open already.
    static PlannedGeneration of(GenerationRequest request, JobControl control, LoadedModels.Source models)
            throws IOException {
        OutputCheck.check(request);
        Continuation.check(request);
        OutputClaims claims = OutputClaims.of(request);
        try {
            control.check();
            LoadedModels.Lease lease = models.lease(request);
            try {
                return new PlannedGeneration(request, lease, turn(lease.generator(), request, 0), claims);
            } catch (RuntimeException | IOException e) {
                lease.close();
                throw e;
            }
        } catch (RuntimeException | IOException e) {
            claims.close();
            throw e;
        }
    }

    /// What a request comes to; results may be there already.
    static GenerationPlan estimate(GenerationRequest request, LoadedModels.Source models) throws IOException {
        Continuation.check(request);
        GenerationRequest plain = request.withOutputs(
                GenerationOutputs.of(request.outputs().of(1, request.videos()).video()));
        try (LoadedModels.Lease lease = models.lease(plain);
                Turn turn = turn(lease.generator(), plain, 0)) {
            return turn.plan();
        }
    }

    /// What the videos of the first prompt come to.
    public GenerationPlan plan() {
        return first.plan();
    }

    /// What was asked for.
    public GenerationRequest request() {
        return request;
    }

    /// What of the model or the input is no longer as a record says.
    public List<String> differences(GenerationRecord record) throws IOException {
        return record.differences(
                ModelIdentity.of(request.model(), request.prompts().getFirst()));
    }

    /// Makes the videos.
    ///
    /// @param control receives every [Stage], its steps and pieces, and the events of a generation
    ///                ([GenerationEvent]); asked at each of them whether to stop
    /// @return the files, which are in place
    /// @throws io.github.cogvideo4j.checkpoints.CancelledException when it was asked to stop. The videos of
    /// earlier prompts stay; of the one that was being made nothing but the previews does
    @Override
    public GenerationResult run(JobControl control) throws IOException {
        List<GeneratedVideo> videos = new ArrayList<>();
        List<Problem> warnings = new ArrayList<>();
        try {
            for (int i = 0; i < request.prompts().size(); i++) {
                try (Turn turn = i == 0 ? first : turn(generator, request, i)) {
                    make(turn, control, videos, warnings);
                }
            }
        } catch (RuntimeException | Error e) {
            distrustAfter(e);
            throw e;
        }
        return new GenerationResult(videos, warnings);
    }

    /// One prompt with its input and its plan.
    ///
    /// @param clips   how many clips continue the input; 0 when nothing is continued
    /// @param overlap how many frames a clip begins with that are there already
    /// @param before how many videos the prompts before it make
    private record Turn(PromptInput prompt, JobInput input, Planning planning, int clips, int overlap, int before)
            implements AutoCloseable {
        GenerationPlan plan() {
            return clips == 0
                    ? planning.plan()
                    : Continuation.plan(
                            planning.plan(), input.video().orElseThrow(), clips, overlap, planning.modelRate());
        }

        @Override
        public void close() {
            input.close();
        }
    }

    private static Turn turn(VideoGenerator generator, GenerationRequest request, int index) throws IOException {
        PromptInput prompt = request.prompts().get(index);
        int clips = Continuation.clips(request);
        JobInput input = clips == 0 ? JobInput.read(prompt, request.kind()) : JobInput.continued(prompt);
        try {
            PipelineRequestBuilder asked = PipelineRequest.builder()
                    .prompt(prompt.text())
                    .settings(request.settings())
                    .seed(request.seed());
            request.negativePrompt().ifPresent(asked::negativePrompt);
            input.image().ifPresent(asked::image);
            int overlap = clips == 0
                    ? 0
                    : Continuation.overlap(generator, request, input.video().orElseThrow());
            if (clips == 0) {
                input.video().ifPresent(asked::video);
            } else {
                asked.framesPerSecond(request.settings()
                        .framesPerSecond()
                        .orElse(input.video().get().framesPerSecond()));
            }
            input.lastImage().ifPresent(asked::lastImage);
            input.mask().ifPresent(asked::mask);
            Planning planning = clips == 0
                    ? request.trial() ? generator.planTrial(asked.build()) : generator.plan(asked.build())
                    : Continuation.planned(
                            generator, asked.build(), input.video().get(), overlap, request.trial());
            int perPrompt = request.settings().videosPerPrompt();
            for (int i = 1; i <= perPrompt; i++) {
                OutputCheck.check(request.outputs().of(index * perPrompt + i, request.videos()), planning.plan());
            }
            return new Turn(prompt, input, planning, clips, overlap, index * perPrompt);
        } catch (RuntimeException | IOException e) {
            input.close();
            throw e;
        }
    }

    private void make(Turn turn, JobControl control, List<GeneratedVideo> videos, List<Problem> warnings)
            throws IOException {
        if (turn.clips() > 0) {
            extend(turn, control, videos, warnings);
            return;
        }
        try (StepFiles files = steps(turn, control);
                PipelineResult result = generator.generate(turn.planning(), files.control(control), TensorProbe.NONE)) {
            videos.addAll(written(turn, files, result, control));
            warnings.addAll(result.warnings());
        }
    }

    private StepFiles steps(Turn turn, JobControl control) {
        return new StepFiles(control.listener(), index -> files(turn, index));
    }

    private List<GeneratedVideo> written(Turn turn, StepFiles files, PipelineResult result, JobControl control)
            throws IOException {
        ObjectNode identity = ModelIdentity.of(request.model(), turn.prompt());
        List<GeneratedVideo> videos = new ArrayList<>();
        for (int i = 0; i < result.videos().size(); i++) {
            control.check();
            files.saveLatents(i, result.latents());
            GeneratedVideo video = write(turn, identity, result, i, i);
            videos.add(video);
            control.detail(new GenerationEvent.VideoWritten(video));
        }
        return videos;
    }

    /// The memory of a pass that makes the videos of several plans like this one at once, as [#runTogether] does.
    public MemoryPlan memoryTogether(int plans) {
        return first.planning().together(plans);
    }

    /// Whether [#runTogether] can make this plan's video and another's in one pass: they differ in prompt, input, seed
    /// and files alone, and have one video each, without a step cache, windows or a continued input.
    public boolean joins(PlannedGeneration other) {
        GenerationPlan own = plan();
        GenerationPlan theirs = other.plan();
        return isPlain()
                && other.isPlain()
                && request.model().equals(other.request.model())
                && request.kind() == other.request.kind()
                && request.options().equals(other.request.options())
                && request.settings().equals(other.request.settings())
                && request.trial() == other.request.trial()
                && own.width() == theirs.width()
                && own.height() == theirs.height()
                && own.frames() == theirs.frames()
                && own.latentFrames() == theirs.latentFrames()
                && own.steps() == theirs.steps();
    }

    private boolean isPlain() {
        return request.videos() == 1
                && request.extension().isEmpty()
                && request.settings().cache().isEmpty()
                && first.plan().windows().isEmpty();
    }

    /// A plan that is carried out together with others. It is told once how it ended, while the others may go on.
    ///
    /// @param plan    what is made
    /// @param control as in [PlannedGeneration#run]; a plan that is cancelled leaves the pass within a step
    /// @param done    receives the result, whose files are in place
    /// @param failed  receives the exception that ended this plan alone
    public record Member(
            PlannedGeneration plan, JobControl control, Consumer<GenerationResult> done, Consumer<Exception> failed) {}

    /// Makes the videos of several plans in one pass of the model, which takes less time than one after the other.
    /// They equal those of single runs but for the last digits: products of larger matrices round otherwise.
    ///
    /// @param members plans that [#joins] each other
    /// @throws io.github.cogvideo4j.inference.InferenceException when the members that had not ended came to
    /// nothing: `memory` for one
    public static void runTogether(List<Member> members) {
        PlannedGeneration leader = members.getFirst().plan();
        if (!members.stream().allMatch(member -> leader.joins(member.plan()))) {
            throw new IllegalArgumentException("plans that differ in more than prompt, input and seed");
        }
        List<StepFiles> files = new ArrayList<>();
        try {
            List<VideoGenerator.Joint> joint = new ArrayList<>();
            for (Member member : members) {
                StepFiles own = member.plan().steps(member.plan().first, member.control());
                files.add(own);
                joint.add(new VideoGenerator.Joint(
                        member.plan().first.planning(),
                        own.control(member.control()),
                        TensorProbe.NONE,
                        result -> member.plan().ended(own, result, member),
                        member.failed()::accept));
            }
            leader.generator.generate(joint);
        } catch (RuntimeException | Error e) {
            leader.distrustAfter(e);
            throw e;
        } finally {
            files.forEach(StepFiles::close);
        }
    }

    private void ended(StepFiles files, PipelineResult result, Member member) {
        GenerationResult written;
        try (result) {
            written = new GenerationResult(written(first, files, result, member.control()), result.warnings());
        } catch (RuntimeException | IOException e) {
            member.failed().accept(e);
            return;
        }
        member.done().accept(written);
    }

    /// What a device is like after an error of its own nobody knows.
    private void distrustAfter(Throwable thrown) {
        if (!(thrown instanceof CarriesProblem)) {
            lease.distrust();
        }
    }

    /// Continues the input, once for each video that the prompt is to have.
    private void extend(Turn turn, JobControl control, List<GeneratedVideo> videos, List<Problem> warnings)
            throws IOException {
        ObjectNode identity = ModelIdentity.of(request.model(), turn.prompt());
        Continuation continuation = new Continuation(
                generator, turn.planning(), turn.input().video().orElseThrow(), turn.clips(), turn.overlap());
        turn.plan().warnings().forEach(control::notice);
        for (int i = 0; i < request.settings().videosPerPrompt(); i++) {
            int index = i;
            try (StepFiles files = new StepFiles(control.listener(), _ -> files(turn, index));
                    PipelineResult result = continuation.run(request.seed() + i, files.control(control))) {
                control.check();
                warnings.addAll(result.warnings());
                files.saveLatents(0, result.latents());
                GeneratedVideo video = write(turn, identity, result, 0, i);
                videos.add(video);
                control.detail(new GenerationEvent.VideoWritten(video));
            }
        }
    }

    private GenerationOutputs files(Turn turn, int index) {
        return request.outputs().of(turn.before() + index + 1, request.videos());
    }

    /// @param index  which of the result's videos
    /// @param number which of the prompt's videos, counted from 0
    private GeneratedVideo write(Turn turn, ObjectNode identity, PipelineResult result, int index, int number)
            throws IOException {
        GenerationOutputs files = files(turn, number);
        Video video = result.videos().get(index);
        video.save(files.video(), files.overwrite());
        if (files.contactSheet().isPresent()) {
            try (Image sheet = video.contactSheet()) {
                sheet.savePng(files.contactSheet().get(), files.overwrite());
            }
        }
        GeneratedVideo written = new GeneratedVideo(
                files,
                result.seeds().get(index),
                video.frames(),
                video.height(),
                video.width(),
                video.framesPerSecond(),
                result.times(),
                MachineMemory.peak(),
                request.trial() ? Optional.of(VideoCheck.of(video)) : Optional.empty(),
                result.cache());
        GenerationRequest used = request.withExtension(request.extension()
                .map(asked -> new GenerationRequest.Extension(asked.clips(), OptionalInt.of(turn.overlap()))));
        GenerationRecord record = new GenerationRecord(
                UsedRequest.of(used, turn.prompt(), turn.planning(), generator.compute(), written.seed()), identity);
        OutputFile.write(
                files.record(), files.overwrite(), unfinished -> Files.writeString(unfinished, record.text(written)));
        return written;
    }

    @Override
    public void close() {
        first.close();
        lease.close();
        claims.close();
    }
}

package io.github.cogvideo4j.inference.internal.watch;

import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.CheckpointException;
import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.inspect.compare.Comparison;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch;
import io.github.cogvideo4j.checkpoints.internal.watch.RunWatch.CheckpointWeights;
import io.github.cogvideo4j.checkpoints.internal.watch.TrainerFacts;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.FormatException;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GeneratedVideo;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.PromptInput;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.pipeline.GenerationJob;
import io.github.cogvideo4j.inference.pipeline.PlannedGeneration;
import io.github.cogvideo4j.inference.quality.ScoreRequest;
import io.github.cogvideo4j.inference.quality.VideoScore;
import io.github.cogvideo4j.inference.quality.VideoScore.Measure;
import io.github.cogvideo4j.inference.video.VideoCheck.VideoSymptom;
import io.github.cogvideo4j.inference.watch.WatchReport;
import io.github.cogvideo4j.inference.watch.WatchReport.Score;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Drift;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Sample;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.State;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Training;
import io.github.cogvideo4j.inference.watch.WatchedCheckpoint.Values;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/// The examination of a checkpoint: its weights are read and compared, then a video is made of each prompt and
/// scored. Each piece is kept when it is done.
final class CheckpointExamination implements CheckpointWork {
    private final GenerationRequest sampling;
    private final ReportFolder folder;
    private final Supplier<WatchReport> report;
    private final WeightCheck weights;

    /// @param sampling what is made of each checkpoint
    /// @param folder   where the videos go
    /// @param report   what is known of all checkpoints
    CheckpointExamination(GenerationRequest sampling, ReportFolder folder, Supplier<WatchReport> report) {
        this.sampling = sampling;
        this.folder = folder;
        this.report = report;
        this.weights =
                new WeightCheck(sampling.model(), sampling.options().compute().threads());
    }

    @Override
    public WatchedCheckpoint examine(
            WatchedCheckpoint entry, Path path, Optional<Before> before, Keeper keeper, JobControl control)
            throws IOException {
        WatchedCheckpoint now = entry;
        CheckpointWeights opened = RunWatch.open(path);
        if (now.values().isEmpty()) {
            now = weighed(now, path, opened, before, control);
            keeper.keep(now);
        }
        now = new Sampling(now, path, opened, keeper, control).run();
        return now.in(State.DONE, now.deleted(), Optional.empty(), now.mark());
    }

    @Override
    public String digest(Path path, JobControl control) throws IOException {
        return weights.digest(RunWatch.open(path), control);
    }

    private WatchedCheckpoint weighed(
            WatchedCheckpoint entry, Path path, CheckpointWeights opened, Optional<Before> before, JobControl control)
            throws IOException {
        Checkpoint whole = weights.whole(opened);
        Comparison comparison = weights.withBase(whole, control);
        Drift base = WeightCheck.drift(comparison, component(comparison.base()));
        Optional<Drift> previous = before.isEmpty() ? Optional.empty() : previous(whole, before.get(), control);
        Values values = weights.values(opened, whole, comparison, control);
        OptionalLong step = step(whole, entry);
        TrainerFacts facts = TrainerFacts.of(path, whole, step);
        Training training = new Training(step, whole.training().trainer(), facts.learningRate(), facts.loss());
        return alarmed(entry.weighed(training, base, previous, values));
    }

    /// The comparison with the checkpoint before; none when that is deleted meanwhile, or is no longer whole.
    private Optional<Drift> previous(Checkpoint whole, Before before, JobControl control) throws IOException {
        try {
            return Optional.of(WeightCheck.drift(weights.with(whole, before.path(), control), before.name()));
        } catch (CancelledException e) {
            throw e;
        } catch (CheckpointException | FormatException | NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /// The step that a trainer's files tell, or the name, unless that counts epochs.
    private static OptionalLong step(Checkpoint whole, WatchedCheckpoint entry) {
        OptionalLong told = whole.training().step();
        return told.isPresent() || entry.kind().startsWith("epoch") ? told : OptionalLong.of(entry.number());
    }

    /// The name of the folder that base weights lie in.
    private static String component(Path weights) {
        Path folder =
                Files.isDirectory(weights) ? weights : weights.toAbsolutePath().getParent();
        return folder == null ? "" : String.valueOf(folder.getFileName());
    }

    private WatchedCheckpoint alarmed(WatchedCheckpoint entry) {
        return entry.withAlarms(Alarms.of(entry, report.get()));
    }

    /// The videos of one checkpoint that are not there yet.
    private final class Sampling {
        private final Path path;
        private final CheckpointWeights opened;
        private final Keeper keeper;
        private final JobControl control;
        private final List<Integer> missing = new ArrayList<>();
        private WatchedCheckpoint entry;

        Sampling(WatchedCheckpoint entry, Path path, CheckpointWeights opened, Keeper keeper, JobControl control) {
            this.entry = entry;
            this.path = path;
            this.opened = opened;
            this.keeper = keeper;
            this.control = control;
            for (int i = 0; i < sampling.prompts().size(); i++) {
                int prompt = i;
                if (entry.samples().stream().noneMatch(sample -> sample.prompt() == prompt)) {
                    missing.add(i);
                }
            }
        }

        WatchedCheckpoint run() throws IOException {
            if (missing.isEmpty()) {
                return entry;
            }
            try (PlannedGeneration job = new GenerationJob(request()).plan(control)) {
                List<GeneratedVideo> written = new ArrayList<>();
                job.run(new JobControl(
                        event -> {
                            control.listener().on(event);
                            if (event instanceof GenerationEvent.VideoWritten video) {
                                take(video.video(), missing.get(written.size()));
                                written.add(video.video());
                            }
                        },
                        control.cancellation()));
            }
            return entry;
        }

        private GenerationRequest request() {
            PipelineOptions options = sampling.options();
            List<LoraChoice> loras = new ArrayList<>(options.loras());
            if (opened instanceof CheckpointWeights.Adapter) {
                loras.add(new LoraChoice(path, 1));
                options = options.withLoras(loras);
            } else {
                options = options.withTransformer(path);
            }
            List<PromptInput> prompts =
                    missing.stream().map(sampling.prompts()::get).toList();
            return sampling.withOptions(options)
                    .withPrompts(sampling.kind(), prompts)
                    .withOutputs(new GenerationOutputs(
                            folder.unfinished().resolve("video.mp4"), Optional.empty(), Optional.empty(), 0, true));
        }

        /// Scores a video and puts it in its place.
        private void take(GeneratedVideo video, int prompt) {
            String name = ReportFolder.VIDEOS + "/" + entry.name() + "/" + (prompt + 1) + ".mp4";
            try {
                Sample sample = scored(video, prompt, name);
                folder.put(video.files().record(), name + ".json");
                folder.put(video.files().video(), name);
                List<Sample> samples = new ArrayList<>(entry.samples());
                samples.add(sample);
                samples.sort(Comparator.comparingInt(Sample::prompt));
                entry = alarmed(entry.withSamples(samples));
                keeper.keep(entry);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private Sample scored(GeneratedVideo video, int prompt, String name) throws IOException {
            Map<Score, Double> scores = new EnumMap<>(Score.class);
            Set<VideoSymptom> symptoms = EnumSet.noneOf(VideoSymptom.class);
            video.check().ifPresent(check -> symptoms.addAll(check.symptoms()));
            try {
                VideoScore score = ScoreRequest.of(video.files().video())
                        .plan(control)
                        .run(new JobControl(_ -> {}, control.cancellation()))
                        .videos()
                        .getFirst();
                symptoms.addAll(score.check().symptoms());
                score.temporalFlickering().ifPresent(value -> scores.put(Score.TEMPORAL_FLICKERING, value));
                for (Score each : Score.values()) {
                    if (each != Score.TEMPORAL_FLICKERING) {
                        score.of(Measure.valueOf(each.name()))
                                .ifPresent(frames -> scores.put(each, frames.getAverage()));
                    }
                }
                scores.values().removeIf(value -> !Double.isFinite(value));
            } catch (InvalidRequestException e) {
                // Too small for FFmpeg's filters.
                if (e.problem().code() != ProblemCode.VIDEO) {
                    throw e;
                }
            }
            return new Sample(prompt, name, scores, symptoms);
        }
    }
}

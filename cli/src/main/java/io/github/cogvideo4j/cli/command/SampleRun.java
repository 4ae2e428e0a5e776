package io.github.cogvideo4j.cli.command;

import io.github.cogvideo4j.checkpoints.convert.ConversionOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest;
import io.github.cogvideo4j.checkpoints.convert.MergeRequest.Arithmetic;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergeMethod;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.cli.arguments.PromptFile;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.ShellWord;
import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.cli.report.WatchDisplay;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationOutputs;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.watch.WatchRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/// The run that `cogvideo demo --run` watches: three checkpoints on the line from the base model through the sample
/// checkpoint, laid out as VideoX-Fun does without DeepSpeed. The first has half of what the fine-tuning changed, the
/// second all of it, the third so much more that nothing of the model is left: what an alarm is for.
///
/// @param sample the sample checkpoint
/// @param base   the model that it was trained from
record SampleRun(Path sample, Path base) {
    private static final List<Moment> MOMENTS =
            List.of(new Moment(100, 0.5, 1e-4, 0.21), new Moment(200, 1, 7e-5, 0.17), new Moment(300, 40, 2e-5, 0.62));
    private static final List<String> PROMPTS = List.of(
            "a lighthouse on a cliff, waves below, clouds moving at dusk",
            "a red kite over a wide beach",
            "rain on a window at night, city lights behind");
    private static final int STEPS = 5;

    /// A checkpoint of the run.
    ///
    /// @param step   its step
    /// @param change how much of the sample's change it has
    /// @param rate   the learning rate that its trainer would have written down
    /// @param loss   the loss, likewise
    private record Moment(int step, double change, double rate, double loss) {
        String name() {
            return "checkpoint-" + step;
        }

        /// What transformers' trainer keeps beside a checkpoint.
        ObjectNode state() {
            ObjectNode state = JsonFile.newObject();
            state.put("global_step", step);
            state.putArray("log_history")
                    .addObject()
                    .put("step", step)
                    .put("learning_rate", rate)
                    .put("loss", loss);
            return state;
        }
    }

    /// Makes the run, watches it once, and tells where the page is.
    ///
    /// @param run       the run's folder
    /// @param report    the report's folder
    /// @param overwrite whether checkpoints of an earlier demo are replaced
    ExitCode watch(Console console, Path run, Path report, boolean overwrite) throws IOException {
        console.print("cli.demo.run", ShellWord.of(run));
        for (Moment moment : MOMENTS) {
            write(moment, run.resolve(moment.name()), overwrite);
        }
        Path prompts = run.resolve("prompts.txt");
        Files.write(prompts, PROMPTS);
        console.print(
                "cli.demo.watch", ShellWord.of(run), ShellWord.of(base), ShellWord.of(prompts), ShellWord.of(report));
        GenerationRequest sampling = GenerationRequest.of(base, "", Path.of(GenerationOutputs.USUAL_VIDEO))
                .withPrompts(GenerationKind.T2V, PromptFile.read(prompts))
                .withSettings(GenerationSettings.defaults().withSteps(STEPS))
                .withSeed(GenerationRequest.DEFAULT_SEED)
                .withTrial(true);
        WatchRequest request = WatchRequest.of(run, sampling, report).withOnce(true);
        try (WatchDisplay display = new WatchDisplay(console, request);
                JobPlan<WatchRequest.Result> plan = request.plan(display.control())) {
            display.show(plan.run(display.control()));
        }
        console.print("cli.demo.open-page");
        return ExitCode.DONE;
    }

    private void write(Moment moment, Path checkpoint, boolean overwrite) throws IOException {
        MergeRequest merge = new MergeRequest(
                List.of(sample),
                checkpoint,
                Optional.of(base.resolve("transformer").toString()),
                Arithmetic.of(MergeMethod.TASK, moment.change()),
                SourceOptions.defaults(),
                ConversionOptions.defaults().withLink(LinkMode.COPY).withOverwrite(overwrite));
        try (MergeRequest.Plan plan = merge.plan(JobControl.none())) {
            plan.run(JobControl.none());
        }
        Files.writeString(checkpoint.resolve("trainer_state.json"), JsonFile.format(moment.state()));
    }
}

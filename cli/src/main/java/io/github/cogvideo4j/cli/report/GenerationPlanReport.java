package io.github.cogvideo4j.cli.report;

import io.github.cogvideo4j.cli.console.ByteSize;
import io.github.cogvideo4j.cli.console.Console;
import io.github.cogvideo4j.cli.console.TextTable;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.MemoryPlan;
import io.github.cogvideo4j.inference.options.ComputeOptions.Offload;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The report of `--dry-run`: what would run, and the memory of each stage.
///
/// @param plan   the plan of one video
/// @param videos how many there would be
public record GenerationPlanReport(GenerationPlan plan, int videos) {
    /// For people.
    public void print(Console console) {
        console.print(
                "cli.generate.plan",
                videos,
                plan.frames(),
                plan.width(),
                plan.height(),
                plan.framesPerSecond(),
                plan.steps(),
                plan.scheduler(),
                plan.device());
        plan.extended()
                .ifPresent(whole -> console.print(
                        "cli.generate.plan-extended",
                        whole.sourceFrames(),
                        whole.clips(),
                        whole.clipFrames(),
                        whole.frames()));
        plan.windows()
                .ifPresent(windows -> console.print(
                        "cli.generate.plan-windows",
                        windows.options().schedule(),
                        windows.options().size().orElseThrow(),
                        windows.options().overlap().orElseThrow(),
                        windows.atFirst(),
                        windows.calls()));
        TextTable table = new TextTable("lrr");
        for (MemoryPlan.StageMemory stage : plan.memory().stages()) {
            table.row(List.of(stage.stage().id(), ByteSize.of(stage.neededBytes()), ByteSize.of(stage.mappedBytes())));
        }
        console.print("cli.generate.plan-memory");
        table.lines().forEach(line -> console.line("  " + line));
        plan.cacheBytes().ifPresent(bytes -> console.print("cli.generate.plan-cache", ByteSize.of(bytes)));
        if (!plan.memory().choices().isEmpty()) {
            printChoices(console);
        }
        long peak = plan.memory().peak().neededBytes();
        if (plan.memory().availableBytes().isEmpty()) {
            console.print("cli.generate.plan-peak", ByteSize.of(peak));
        } else {
            String available = ByteSize.of(plan.memory().availableBytes().getAsLong());
            console.print(
                    plan.memory().fits() ? "cli.generate.plan-fits" : "cli.generate.plan-too-large",
                    ByteSize.of(peak),
                    available);
        }
    }

    private void printChoices(Console console) {
        TextTable table = new TextTable("lrrl");
        for (MemoryPlan.Choice choice : plan.memory().choices()) {
            table.row(List.of(
                    word(choice.offload()),
                    ByteSize.of(choice.deviceBytes()),
                    ByteSize.of(choice.hostBytes()),
                    choice.offload() == plan.memory().offload() ? "*" : ""));
        }
        console.print("cli.generate.plan-offload");
        table.lines().forEach(line -> console.line("  " + line));
    }

    private static String word(Offload offload) {
        return offload.name().toLowerCase(Locale.ROOT);
    }

    /// For machines.
    public ObjectNode json() {
        ObjectNode json = JsonFile.newObject();
        json.put("videos", videos);
        json.put("frames", plan.frames());
        json.put("requested_frames", plan.requestedFrames());
        json.put("latent_frames", plan.latentFrames());
        json.put("width", plan.width());
        json.put("height", plan.height());
        json.put("fps", plan.framesPerSecond());
        json.put("steps", plan.steps());
        json.put("scheduler", plan.scheduler());
        json.put("device", plan.device());
        ArrayNode stages = json.putArray("stages");
        plan.memory().stages().forEach(stage -> {
            ObjectNode node = stages.addObject();
            node.put("stage", stage.stage().id());
            node.put("needed_bytes", stage.neededBytes());
            node.put("mapped_bytes", stage.mappedBytes());
        });
        plan.cacheBytes().ifPresent(bytes -> json.put("cache_bytes", bytes));
        plan.extended().ifPresent(whole -> {
            ObjectNode node = json.putObject("extend");
            node.put("source_frames", whole.sourceFrames());
            node.put("clips", whole.clips());
            node.put("clip_frames", whole.clipFrames());
            node.put("frames", whole.frames());
        });
        plan.windows().ifPresent(windows -> {
            ObjectNode node = json.putObject("windows");
            node.put("schedule", windows.options().schedule().toString());
            windows.options().size().ifPresent(frames -> node.put("size", frames));
            windows.options().stride().ifPresent(frames -> node.put("stride", frames));
            windows.options().overlap().ifPresent(frames -> node.put("overlap", frames));
            node.put("latent_frames", windows.latentFrames());
            node.put("at_first_step", windows.atFirst());
            node.put("predictions", windows.calls());
        });
        plan.memory().availableBytes().ifPresent(bytes -> json.put("available_bytes", bytes));
        json.put("releases_text_encoder", plan.memory().releasesTextEncoder());
        if (!plan.memory().choices().isEmpty()) {
            json.put("offload", word(plan.memory().offload()));
            ArrayNode choices = json.putArray("offload_choices");
            plan.memory().choices().forEach(choice -> {
                ObjectNode node = choices.addObject();
                node.put("offload", word(choice.offload()));
                node.put("device_bytes", choice.deviceBytes());
                node.put("host_bytes", choice.hostBytes());
                node.put("fits", choice.fits());
            });
        }
        json.put("fits", plan.memory().fits());
        return json;
    }
}

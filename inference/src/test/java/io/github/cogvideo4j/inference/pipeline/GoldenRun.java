package io.github.cogvideo4j.inference.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.GenerationStep;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineRequestBuilder;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.sampling.TensorProbe;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.VaeOptions;
import io.github.cogvideo4j.inference.options.WindowOptions;
import io.github.cogvideo4j.inference.options.WindowOptions.Schedule;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import tools.jackson.databind.JsonNode;

/// A whole run of a pipeline as a golden file describes it, with everything that the pipeline shows on its way.
/// Tensors belong to the scope around it.
final class GoldenRun implements AutoCloseable {
    private final Golden golden;
    private final JsonNode call;
    private final Path model;
    private final PipelineOptions options;
    private final Optional<CacheChoice> cache;
    private final Optional<Golden> inpainted;
    private final boolean masked;
    private final boolean inCompany;
    private final Map<String, List<Tensor>> seen = new HashMap<>();
    private final List<AutoCloseable> inputs = new ArrayList<>();
    private final List<Double> timesteps = new ArrayList<>();
    private final PipelineResult result;

    /// Runs with the golden pipeline itself.
    static GoldenRun of(Golden golden) throws IOException {
        String pipeline = golden.meta().path("pipeline").stringValue();
        return new GoldenRun(golden, Resources.golden("pipelines/" + pipeline), options(golden.meta()));
    }

    /// Runs with another model or other options.
    GoldenRun(Golden golden, Path model, PipelineOptions options) throws IOException {
        this(golden, model, options, Optional.empty());
    }

    /// Runs with a step cache.
    GoldenRun(Golden golden, Path model, PipelineOptions options, Optional<CacheChoice> cache) throws IOException {
        this(golden, model, options, cache, Optional.empty(), false, false);
    }

    /// Runs with the golden pipeline itself, between one that leaves after the first step and another one that goes on.
    static GoldenRun inCompany(Golden golden) throws IOException {
        Path pipeline =
                Resources.golden("pipelines/" + golden.meta().path("pipeline").stringValue());
        return new GoldenRun(golden, pipeline, options(golden.meta()), Optional.empty(), Optional.empty(), false, true);
    }

    /// Runs with an inpainting model.
    ///
    /// @param inpainted where the inputs are, if there are any
    /// @param masked    whether they are given as a video with a mask, and not as its first and last frame
    GoldenRun(
            Golden golden,
            Path model,
            PipelineOptions options,
            Optional<CacheChoice> cache,
            Optional<Golden> inpainted,
            boolean masked)
            throws IOException {
        this(golden, model, options, cache, inpainted, masked, false);
    }

    private GoldenRun(
            Golden golden,
            Path model,
            PipelineOptions options,
            Optional<CacheChoice> cache,
            Optional<Golden> inpainted,
            boolean masked,
            boolean inCompany)
            throws IOException {
        this.inCompany = inCompany;
        this.golden = golden;
        this.inpainted = inpainted;
        this.masked = masked;
        this.cache = cache;
        this.call = golden.meta().path("call");
        this.model = model;
        this.options = options;
        try (VideoPipeline pipeline = load()) {
            this.result = generate(pipeline);
        }
    }

    /// The options that the sidecar describes.
    static PipelineOptions options(JsonNode meta) {
        Precision precision = precision(meta.path("dtype").stringValue());
        PipelineOptions options = PipelineOptions.defaults().withCompute(new ComputeOptions(precision, "cpu", 1));
        if (meta.path("vae").isString()) {
            options = options.withVae(new VaeOptions(true, true));
        }
        JsonNode scheduler = meta.path(meta.has("scheduler_override") ? "scheduler_override" : "scheduler");
        if (scheduler.isString()) {
            JsonNode override = meta.path("override");
            options = options.withScheduler(SchedulerChoice.ofClass(
                            override.has("algorithm_type")
                                    ? "DPM++ 2M SDE"
                                    : scheduler.stringValue().split(" ")[0]))
                    .withSampler(new SamplerOptions(
                            override.path("use_karras_sigmas").asBoolean(false), OptionalInt.empty(), false, true));
        }
        JsonNode lora = meta.path("lora");
        if (lora.isObject()) {
            JsonNode passed = meta.path("call").path("attention_kwargs").path("scale");
            JsonNode set = lora.path("set_adapters_weight");
            double scale =
                    (passed.isNumber() ? passed : set.isNumber() ? set : lora.path("fuse_lora_scale")).doubleValue();
            Path file = Resources.golden("lora/" + lora.path("file").stringValue());
            options = options.withLoras(List.of(new LoraChoice(file, scale)));
        }
        return options;
    }

    static Precision precision(String name) {
        return switch (name) {
            case "fp32" -> Precision.FP32;
            case "bf16" -> Precision.BF16;
            case "fp16" -> Precision.FP16;
            default -> throw new IllegalArgumentException(name);
        };
    }

    private VideoPipeline load() throws IOException {
        return switch (golden.meta().path("class").asString("CogVideoXPipeline").split(" ")[0]) {
            case "CogVideoXPipeline" -> TextToVideoPipeline.load(model, options);
            case "CogVideoXImageToVideoPipeline" -> ImageToVideoPipeline.load(model, options);
            case "CogVideoXFunControlPipeline" -> ControlToVideoPipeline.load(model, options);
            case "CogVideoXVideoToVideoPipeline" -> VideoToVideoPipeline.load(model, options);
            case "CogVideoXFunInpaintPipeline" -> loadInpainting();
            case String other -> throw new IllegalArgumentException(other);
        };
    }

    private VideoPipeline loadInpainting() throws IOException {
        if (inpainted.isEmpty()) {
            return TextToVideoPipeline.load(model, options);
        }
        return masked ? VideoToVideoPipeline.load(model, options) : ImageToVideoPipeline.load(model, options);
    }

    private PipelineResult generate(VideoPipeline pipeline) throws IOException {
        PipelineRequest request = builder().build();
        JobControl control = JobControl.of(event -> {
            if (event instanceof GenerationEvent.Stepped(GenerationStep step) && step.round() == 0) {
                timesteps.add(step.timestep());
            }
        });
        TensorProbe probe = (name, tensor) ->
                seen.computeIfAbsent(name, _ -> new ArrayList<>()).add(Scoped.keep(tensor.clone()));
        if (inCompany && pipeline instanceof LoadedPipeline loaded) {
            return generate(loaded.generator(), request, control, probe);
        }
        return switch (pipeline) {
            case TextToVideoPipeline text -> text.generateAll(request, control, probe);
            case ImageToVideoPipeline image -> image.generateAll(request, control, probe);
            case VideoToVideoPipeline video -> video.generateAll(request, control, probe);
            case ControlToVideoPipeline led -> led.generateAll(request, control, probe);
        };
    }

    private PipelineResult generate(
            VideoGenerator generator, PipelineRequest request, JobControl control, TensorProbe probe)
            throws IOException {
        Cancellation early = new Cancellation();
        JobControl leaving = new JobControl(
                event -> {
                    if (event instanceof GenerationEvent.Stepped) {
                        early.cancel();
                    }
                },
                early);
        List<PipelineResult> own = new ArrayList<>();
        List<String> ends = new ArrayList<>();
        generator.generate(List.of(
                new VideoGenerator.Joint(
                        generator.plan(builder().prompt("a dog").seed(11).build()),
                        leaving,
                        TensorProbe.NONE,
                        _ -> ends.add("done"),
                        why -> ends.add(why.getClass().getSimpleName())),
                new VideoGenerator.Joint(
                        generator.plan(request), control, probe, own::add, why -> ends.add(why.toString())),
                new VideoGenerator.Joint(
                        generator.plan(builder().prompt("two cats").seed(12).build()),
                        JobControl.none(),
                        TensorProbe.NONE,
                        result -> {
                            result.close();
                            ends.add("done");
                        },
                        why -> ends.add(why.toString()))));
        assertThat(ends).containsExactly("CancelledException", "done");
        return own.getFirst();
    }

    private PipelineRequestBuilder builder() throws IOException {
        int steps = call.path("num_inference_steps").intValue();
        PipelineRequestBuilder builder = PipelineRequest.builder()
                .prompts(strings(call.path("prompt")))
                .steps(golden.meta().path("num_inference_steps").asInt(steps))
                .guidanceScale(call.path("guidance_scale").doubleValue())
                .dynamicCfg(call.path("use_dynamic_cfg").asBoolean(false))
                .height(call.path("height").intValue())
                .width(call.path("width").intValue())
                .numVideosPerPrompt(call.path("num_videos_per_prompt").asInt(1));
        if (call.path("num_frames").isNumber()) {
            builder.numFrames(call.path("num_frames").intValue());
        }
        if (call.has("negative_prompt")) {
            builder.negativePrompts(strings(call.path("negative_prompt")));
        }
        List<Long> seeds = new ArrayList<>();
        golden.meta().path("generator_seeds").forEach(seed -> seeds.add(seed.longValue()));
        if (golden.meta().path("generator_seed").isNumber()) {
            seeds.add(golden.meta().path("generator_seed").longValue());
        }
        builder.seeds(seeds);
        JsonNode input = golden.meta().path("image").isString() ? golden.meta().path("image") : call.path("image");
        if (input.isString()) {
            Image image = Image.read(Resources.golden("preprocess/" + input.stringValue()));
            inputs.add(image);
            builder.image(image);
        }
        if (inpainted.isPresent()) {
            addInpainted(builder, inpainted.get());
        } else if (call.has("strength")) {
            Video video = video(golden.in("video_frames_u8"));
            inputs.add(video);
            builder.video(video).strength(call.path("strength").doubleValue());
        }
        if (golden.hasInput("control_frames_u8")) {
            Video video = video(golden.in("control_frames_u8"));
            inputs.add(video);
            builder.video(video);
        }
        cache.ifPresent(builder::cache);
        if (golden.meta().has("context_schedule")) {
            builder.numFrames(golden.meta().path("num_frames").intValue()).windows(windows(golden.meta()));
        }
        return builder;
    }

    private void addInpainted(PipelineRequestBuilder builder, Golden from) throws IOException {
        Video video = video(from.in("video_u8"));
        inputs.add(video);
        Tensor grey = from.in("mask_u8");
        if (masked) {
            Video mask = video(grey.unsqueeze(3).expand(-1, -1, -1, Video.CHANNELS));
            inputs.add(mask);
            builder.video(video).mask(mask).strength(call.path("strength").asDouble(1));
            return;
        }
        int last = video.frames() - 1;
        builder.image(video.image(0));
        if (grey.select(0, last).max().item_int() == 0) {
            builder.lastImage(video.image(last));
        }
    }

    /// The windows of a sidecar, which gives their sizes in latent frames.
    private static WindowOptions windows(JsonNode meta) {
        return WindowOptions.of(Schedule.named(meta.path("context_schedule").stringValue())
                        .orElseThrow())
                .withSizes(
                        OptionalInt.of(4 * meta.path("context_frames_latents").intValue()),
                        OptionalInt.of(4 * meta.path("context_stride_latents").intValue()),
                        OptionalInt.of(4 * meta.path("context_overlap_latents").intValue()))
                .withFreeNoise(meta.path("freenoise").booleanValue());
    }

    static Video video(Tensor frames) {
        Video video = Video.allocate((int) frames.size(0), (int) frames.size(1), (int) frames.size(2), 8);
        try (PointerScope _ = new PointerScope()) {
            NativeMemory.view(video.pixels(), ScalarType.Byte, frames.shape()).copy_(frames);
        }
        return video;
    }

    static List<String> strings(JsonNode value) {
        List<String> strings = new ArrayList<>();
        if (value.isString()) {
            strings.add(value.stringValue());
        }
        value.forEach(one -> strings.add(one.stringValue()));
        return strings;
    }

    Golden golden() {
        return golden;
    }

    PipelineResult result() {
        return result;
    }

    List<Double> timesteps() {
        return timesteps;
    }

    boolean saw(String name) {
        return seen.containsKey(name);
    }

    /// What the pipeline showed under a name first.
    Tensor first(String name) {
        return seen.get(name).getFirst();
    }

    /// The latents after each step of the first round, `[steps, batch, ...]`.
    Tensor stepLatents() {
        List<Tensor> steps = new ArrayList<>();
        for (int i = 0; saw("step_latents." + i); i++) {
            steps.add(first("step_latents." + i));
        }
        return torch.stack(new TensorVector(steps.toArray(Tensor[]::new)));
    }

    /// The decoded frames of the first video, `[1, frames, 3, height, width]`, from 0 to 1.
    Tensor video() {
        Tensor all = torch.cat(new TensorVector(seen.get("decoded.0").toArray(Tensor[]::new)), 1);
        return io.github.cogvideo4j.inference.internal.preprocess.FrameTensors.unitRange(all)
                .permute(1, 0, 2, 3)
                .unsqueeze(0);
    }

    /// The pixels of the first videos, `[videos, frames, height, width, 3]`.
    Tensor pixels(int videos) {
        List<Tensor> all = new ArrayList<>();
        for (Video video : result.videos().subList(0, videos)) {
            all.add(NativeMemory.view(
                    video.pixels(), ScalarType.Byte, video.frames(), video.height(), video.width(), Video.CHANNELS));
        }
        return torch.stack(new TensorVector(all.toArray(Tensor[]::new)));
    }

    @Override
    public void close() throws IOException {
        result.close();
        seen.values().forEach(tensors -> tensors.forEach(Tensor::close));
        for (AutoCloseable input : inputs) {
            try {
                input.close();
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }
}

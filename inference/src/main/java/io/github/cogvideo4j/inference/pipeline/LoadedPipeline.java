package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.sampling.TensorProbe;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;

/// The part that all pipelines have in common: everything but the first latents.
abstract sealed class LoadedPipeline implements VideoPipeline
        permits TextToVideoPipeline, ImageToVideoPipeline, VideoToVideoPipeline, ControlToVideoPipeline {
    private final VideoGenerator generator;

    LoadedPipeline(VideoGenerator generator) {
        this.generator = generator;
    }

    @Override
    public PipelineResult generateAll(PipelineRequest request, JobControl control) {
        return generateAll(request, control, TensorProbe.NONE);
    }

    PipelineResult generateAll(PipelineRequest request, JobControl control, TensorProbe probe) {
        return generator.generate(generator.plan(request), control, probe);
    }

    VideoGenerator generator() {
        return generator;
    }

    @Override
    public GenerationPlan plan(PipelineRequest request) {
        return generator.plan(request).plan();
    }

    @Override
    public void close() {
        generator.close();
    }
}

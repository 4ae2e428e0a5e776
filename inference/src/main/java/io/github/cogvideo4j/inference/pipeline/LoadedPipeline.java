package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationProgress;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.sampling.Probe;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;

/// What the pipelines have in common: all but where the first latents come from.
abstract sealed class LoadedPipeline implements VideoPipeline
        permits TextToVideoPipeline, ImageToVideoPipeline, VideoToVideoPipeline {
    private final VideoGenerator generator;

    LoadedPipeline(VideoGenerator generator) {
        this.generator = generator;
    }

    @Override
    public PipelineResult generateAll(PipelineRequest request, GenerationProgress progress) {
        return generateAll(request, progress, Probe.NONE);
    }

    PipelineResult generateAll(PipelineRequest request, GenerationProgress progress, Probe probe) {
        return generator.generate(generator.plan(request), progress, probe);
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

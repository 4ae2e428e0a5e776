package io.github.cogvideo4j.inference.pipeline;

import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobRequest;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.inference.generation.GenerationPlan;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.ModelTraits;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.internal.sampling.VideoGenerator;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.databind.node.ObjectNode;

/// A generation as a job: a [GenerationRequest], which is plain values, with the way to carry it out.
///
/// @param request what is asked for
public record GenerationJob(GenerationRequest request) implements JobRequest<PlannedGeneration> {
    @Override
    public String job() {
        return RequestJson.JOB;
    }

    @Override
    public ObjectNode toJson() {
        return RequestJson.write(request);
    }

    /// Reads what [#toJson()] wrote.
    ///
    /// @throws io.github.cogvideo4j.formats.MalformedFileException `request` for anything else
    public static GenerationJob read(ObjectNode json) {
        return new GenerationJob(RequestJson.read(json, Place.nowhere()));
    }

    /// Opens the model and plans the first prompt. Whoever called closes the plan.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException   when the request cannot be carried out
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException `output-refused` when something is where the
    /// results are to go, or another run is writing there
    @Override
    public PlannedGeneration plan(JobControl control) throws IOException {
        return PlannedGeneration.of(request, control);
    }

    /// What the request comes to; nothing is computed or written, and results may be there already.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when it cannot be carried out
    public GenerationPlan estimate() throws IOException {
        return PlannedGeneration.estimate(request, LoadedModels.Lease::once);
    }

    /// What a model was trained for. Its parts are opened, which reads headers only, and closed again.
    ///
    /// @throws io.github.cogvideo4j.inference.InferenceException when the folder is no model that makes videos
    public static ModelTraits traits(Path model, PipelineOptions options) throws IOException {
        return VideoGenerator.traits(model, options);
    }
}

package io.github.cogvideo4j.checkpoints.job;

import java.io.IOException;
import tools.jackson.databind.node.ObjectNode;

/// A request for work: plain values that a front end fills in, a file beside a result keeps, and a queue carries.
/// Implementations are records, and each has a static `read(ObjectNode)` that is the inverse of [#toJson()] and refuses
/// fields and values that it does not know.
///
/// @param <P> the plan that becomes of it
public interface JobRequest<P extends JobPlan<?>> {
    /// The stable name of the kind of job: `convert`.
    String job();

    /// The JSON form: `job`, `version`, and the fields that differ from their defaults.
    ObjectNode toJson();

    /// Decides what will be done, without writing anything. Of weights only headers are read.
    ///
    /// @param control receives warnings; asked whether to stop
    /// @throws io.github.cogvideo4j.checkpoints.CheckpointException when the job cannot be done
    /// @throws io.github.cogvideo4j.formats.FormatException when a file is damaged or unsafe
    P plan(JobControl control) throws IOException;
}

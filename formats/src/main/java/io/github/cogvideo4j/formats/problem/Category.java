package io.github.cogvideo4j.formats.problem;

/// The kind of a problem, from which a front end's answer follows: a process's exit code, an HTTP status.
public enum Category {
    /// The request contradicts itself or asks for something that does not exist.
    USAGE,
    /// A file or folder that was given cannot be used.
    INPUT,
    /// The machine lacks something: space, memory, a device, a library.
    ENVIRONMENT,
    /// A bug in this program.
    DEFECT,
    /// A check did its work and found this.
    FINDING,
    /// The work was stopped because someone asked for it.
    CANCELLED
}

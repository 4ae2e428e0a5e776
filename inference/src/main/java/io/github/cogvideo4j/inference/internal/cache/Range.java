package io.github.cogvideo4j.inference.internal.cache;

/// An open interval of timesteps.
///
/// @param from what they are above
/// @param to   what they are below
record Range(double from, double to) {
    boolean holds(double timestep) {
        return from < timestep && timestep < to;
    }
}

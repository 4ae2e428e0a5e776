package io.github.cogvideo4j.server.internal.job;

import java.util.List;

/// How the engine is.
///
/// @param workersAlive   whether every worker's thread runs
/// @param modelReady     whether the folder of a model can be read
/// @param storeWritable  whether the store takes changes
/// @param spaceLeft      whether the disk is above the floor
/// @param draining       whether it is about to stop
/// @param queue          the queue
/// @param counts         jobs in each state
/// @param storeBytes     the store's own size
/// @param fileBytes      the size of all files of jobs
/// @param freeBytes      what is free where they are
/// @param loadedModels   the names of models in memory
/// @param modelBytes     the weights in memory
public record EngineStatus(
        boolean workersAlive,
        boolean modelReady,
        boolean storeWritable,
        boolean spaceLeft,
        boolean draining,
        QueueState queue,
        Counts counts,
        long storeBytes,
        long fileBytes,
        long freeBytes,
        List<String> loadedModels,
        long modelBytes) {
    /// Copies the list.
    public EngineStatus {
        loadedModels = List.copyOf(loadedModels);
    }

    /// Whether jobs are taken and worked on.
    public boolean ready() {
        return workersAlive && modelReady && storeWritable && spaceLeft && !draining;
    }

    /// Jobs by state.
    public record Counts(long queued, long inProgress, long completed, long failed) {}
}

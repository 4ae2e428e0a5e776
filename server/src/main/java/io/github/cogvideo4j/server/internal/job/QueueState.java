package io.github.cogvideo4j.server.internal.job;

/// The queue.
///
/// @param paused        whether no job is handed out
/// @param queued        how many jobs wait
/// @param running       how many jobs run
/// @param oldestSeconds how long the oldest has been waiting; 0 when none waits
/// @param workSeconds   how long all of them will take, as far as that can be told
public record QueueState(boolean paused, int queued, int running, long oldestSeconds, long workSeconds) {}

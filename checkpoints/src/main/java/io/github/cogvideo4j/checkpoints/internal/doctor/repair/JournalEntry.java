package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

/// One rename of a repair. Paths are relative to the mended folder, with `/`.
///
/// @param from   where the file was
/// @param to     where it went
/// @param size   its bytes
/// @param sha256 of all of them
/// @param ours   whether the repair made the file, so that undoing ends with removing it
record JournalEntry(String from, String to, long size, String sha256, boolean ours) {}

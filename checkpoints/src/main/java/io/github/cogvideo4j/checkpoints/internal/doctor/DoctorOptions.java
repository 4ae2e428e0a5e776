package io.github.cogvideo4j.checkpoints.internal.doctor;

/// How closely to look.
///
/// @param deep    whether every value and every checksum is read, not only headers
/// @param threads how many tensors are read at once
public record DoctorOptions(boolean deep, int threads) {}

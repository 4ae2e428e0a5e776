package io.github.cogvideo4j.checkpoints.doctor;

/// How closely to look.
///
/// @param deep    whether every value and every checksum is read, not only headers
/// @param threads how many tensors are read at once
public record DoctorOptions(boolean deep, int threads) {
    /// Headers only.
    public static DoctorOptions headersOnly() {
        return new DoctorOptions(false, Runtime.getRuntime().availableProcessors());
    }

    /// Everything.
    public static DoctorOptions everything() {
        return new DoctorOptions(true, Runtime.getRuntime().availableProcessors());
    }
}

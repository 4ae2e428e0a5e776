package io.github.cogvideo4j.checkpoints.internal.model;

import java.util.List;

/// Values that weights cannot tell, as the published CogVideoX models have them.
///
/// @param title         the family, for messages
/// @param exact         whether the sizes are that family's, not merely alike
/// @param rotary        whether positions are rotary
/// @param patchesInTime whether a patch spans two latent frames (CogVideoX1.5)
/// @param sample        the default size of picture
record KnownModel(String title, boolean exact, boolean rotary, boolean patchesInTime, SampleSize sample) {
    /// Height, width and, where there is one, depth of a patch in every published model.
    static final int PATCH = 2;

    static final long VOLUME_OF_PATCH_IN_TIME = (long) PATCH * PATCH * PATCH;

    /// Video frames in a latent frame in every published model.
    static final int COMPRESSION = 4;

    /// Tokens of text in every published model.
    private static final int TOKENS = 226;

    private static final SampleSize FIRST = new SampleSize(60, 90, 49, TOKENS);
    private static final SampleSize SECOND = new SampleSize(300, 300, 81, TOKENS);

    /// A key of the configuration that has one value in every published model.
    record Field(String name, Object value) {}

    static final List<Field> SHARED_FIELDS = List.of(
            new Field("activation_fn", "gelu-approximate"),
            new Field("dropout", 0.0),
            new Field("flip_sin_to_cos", true),
            new Field("freq_shift", 0),
            new Field("max_text_seq_length", TOKENS),
            new Field("norm_eps", 1e-5),
            new Field("spatial_interpolation_scale", 1.875),
            new Field("temporal_compression_ratio", COMPRESSION),
            new Field("temporal_interpolation_scale", 1.0),
            new Field("timestep_activation_fn", "silu"));

    /// The published model that weights resemble. Only the 2B model, of 30 heads and 30 layers, adds a fixed
    /// table to its tokens; the larger ones, those with images as input and those with patches in time are
    /// rotary.
    static KnownModel resembling(int heads, int layers, boolean patchesInTime, boolean imageToVideo) {
        boolean large = heads == 48 && layers == 42;
        boolean small = heads == 30 && layers == 30;
        if (patchesInTime) {
            return new KnownModel(imageToVideo ? "CogVideoX1.5-5B-I2V" : "CogVideoX1.5-5B", large, true, true, SECOND);
        }
        if (imageToVideo) {
            return new KnownModel("CogVideoX-5b-I2V", large, true, false, FIRST);
        }
        if (large) {
            return new KnownModel("CogVideoX-5b", true, true, false, FIRST);
        }
        return new KnownModel("CogVideoX-2b", small, false, false, FIRST);
    }
}

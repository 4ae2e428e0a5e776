package io.github.cogvideo4j.formats.internal.index;

/// The names of the files of one set of weights.
///
/// @param stem      what all names begin with: `diffusion_pytorch_model`
/// @param extension what all end with, without its dot: `safetensors`
public record ShardNames(String stem, String extension) {
    /// A diffusers component's weights: `diffusion_pytorch_model.safetensors`.
    public static final ShardNames DIFFUSERS = new ShardNames("diffusion_pytorch_model", "safetensors");

    /// The name when there is but one file.
    public String single() {
        return stem + "." + extension;
    }

    /// The name of one of several files.
    ///
    /// @param number which one, from 1
    /// @param count  how many there are
    public String shard(int number, int count) {
        return "%s-%05d-of-%05d.%s".formatted(stem, number, count, extension);
    }

    /// The name of the index beside several files.
    public String index() {
        return single() + ".index.json";
    }
}

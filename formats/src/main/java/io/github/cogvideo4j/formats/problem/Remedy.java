package io.github.cogvideo4j.formats.problem;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A way out of a problem, as a value. A front end words it for its users: a command line in a terminal, a
/// button on a page, a field in JSON. Paths and names come from files and are not cleaned.
public sealed interface Remedy {
    /// Asking again with a field of the request set differently.
    ///
    /// @param field the field
    /// @param value the value that helps, where there is one
    record SetField(Field field, Optional<String> value) implements Remedy {}

    /// Converting a checkpoint.
    ///
    /// @param source   the checkpoint
    /// @param withBase whether the model that was fine-tuned has to supply the other components
    /// @param dtype    the dtype that helps, where it matters
    record Convert(Path source, boolean withBase, Optional<String> dtype) implements Remedy {}

    /// Mending a folder: renaming, rewriting small files.
    ///
    /// @param folder    the folder
    /// @param rewriting whether weights have to be written anew
    /// @param keep      the file to keep of several that contradict each other
    record RepairFolder(Path folder, boolean rewriting, Optional<String> keep) implements Remedy {}

    /// Diagnosing a path.
    ///
    /// @param path what to look at
    /// @param deep whether every value has to be read
    record Diagnose(Path path, boolean deep) implements Remedy {}

    /// Taking an adapter out of the training state that holds it.
    ///
    /// @param checkpoint the training state
    record ExportAdapter(Path checkpoint) implements Remedy {}

    /// Fusing an adapter with its base model.
    ///
    /// @param adapter   the adapter; unknown when it has to be exported first
    /// @param withAlpha whether the alpha of its training has to be given
    record FuseAdapter(Optional<Path> adapter, boolean withAlpha) implements Remedy {}

    /// Taking a file or folder from the base model.
    ///
    /// @param path   its path in the base model, with slashes
    /// @param target the folder to copy it into, or the folder to make
    /// @param folder whether it is a folder
    record CopyFromBase(String path, Path target, boolean folder) implements Remedy {}

    /// Moving files into a folder.
    ///
    /// @param files  the files
    /// @param folder where they belong
    record Move(List<Path> files, Path folder) implements Remedy {
        /// Copies the list.
        public Move {
            files = List.copyOf(files);
        }
    }

    /// Downloading what Git LFS pointers stand for.
    ///
    /// @param folder the clone, or a folder in it
    record PullLargeFiles(Path folder) implements Remedy {}

    /// Making a file readable for this user.
    ///
    /// @param path the file
    record MakeReadable(Path path) implements Remedy {}

    /// Checking whether the machine can make videos.
    ///
    /// @param device the device that is to compute: `cuda`
    record CheckSystem(String device) implements Remedy {}

    /// Fetching what computing on an NVIDIA card needs, once for this user.
    record SetUpCuda() implements Remedy {}

    /// Starting the program with another option of the Java virtual machine.
    ///
    /// @param option the option: `-Xmx2048m`
    record JvmOption(String option) implements Remedy {}

    /// Encoding a video into latents.
    record EncodeVideo() implements Remedy {}

    /// Asking again with another value of the field.
    static Remedy change(Field field) {
        return new SetField(field, Optional.empty());
    }

    /// Asking again with this value of the field.
    static Remedy change(Field field, String value) {
        return new SetField(field, Optional.of(value));
    }

    /// A field of a request.
    enum Field {
        /// Whether an existing result may be replaced.
        OVERWRITE,
        /// The name of the result.
        OUTPUT,
        /// The model that was fine-tuned.
        BASE,
        /// The dtype of weights or of the computation.
        DTYPE,
        /// The container that weights are written in.
        FORMAT,
        /// How large a weight file may be.
        MAX_SHARD_SIZE,
        /// How the base's weights come into the result.
        LINK,
        /// The state to take of several.
        TAG,
        /// Whether the weights of the module are taken instead of the optimizer's.
        FROM_MODULE,
        /// What the weights are of.
        COMPONENT,
        /// Whether the text encoder is written, too.
        TEXT_ENCODER,
        /// The autoencoder's scaling factor.
        SCALING_FACTOR,
        /// The alpha that an adapter was trained with.
        LORA_ALPHA,
        /// The page that a comparison is written to.
        PAGE,
        /// The device that computes.
        DEVICE,
        /// Which weights stay on the device.
        OFFLOAD,
        /// How the weights of linear layers are kept.
        WEIGHTS,
        /// The kernel that computes attention.
        ATTENTION,
        /// The sampler.
        SCHEDULER,
        /// Whether the autoencoder works in tiles.
        VAE_TILING,
        /// The windows in which a long video is denoised.
        WINDOWS,
        /// The size and the number of frames.
        SIZE;

        /// Its stable name: `max-shard-size`.
        public String id() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}

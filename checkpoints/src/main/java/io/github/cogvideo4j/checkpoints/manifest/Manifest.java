package io.github.cogvideo4j.checkpoints.manifest;

import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;

/// What a converted folder is made of and where it comes from: enough to prove it intact, and, with the source,
/// equal.
///
/// @param software the version that wrote it
/// @param source   the checkpoint
/// @param options  what was asked for
/// @param files    every file of the folder but this one
/// @param tensors  the written tensors by name, in the order of the state dict; where components share names,
///                 by `COMPONENT/NAME`
/// @param names    how the names of each written component were settled; older manifests do not tell
public record Manifest(
        String software,
        Source source,
        Options options,
        List<FileEntry> files,
        Map<String, TensorEntry> tensors,
        List<Names> names) {
    /// Its name in the folder.
    public static final String FILE_NAME = "cogvideo4j.json";

    /// The checkpoint that was converted.
    ///
    /// @param path      where it was
    /// @param kind      what it was
    /// @param step      optimizer steps
    /// @param zeroStage the ZeRO stage
    /// @param worldSize the number of ranks
    /// @param tag       the state's folder
    /// @param versions  the software that wrote it
    /// @param files     its files
    /// @param adapters  the LoRA adapters that were fused into it, in order
    /// @param merge     what it was merged of, where it was
    public record Source(
            String path,
            String kind,
            OptionalLong step,
            OptionalInt zeroStage,
            OptionalInt worldSize,
            Optional<String> tag,
            SortedMap<String, String> versions,
            List<SourceFile> files,
            List<Adapter> adapters,
            Optional<Merge> merge) {}

    /// How several checkpoints, or several adapters, became one.
    ///
    /// @param method  the arithmetic
    /// @param density the share of changes that [MergeMethod#TIES] keeps
    /// @param ema     the decay of an exponential average, whose weights are those of the sources
    /// @param sources the checkpoints or adapters, in order
    /// @param base    the model that changes were taken against, where the method takes them
    /// @param rank    the rank that adapters were merged to, where one was asked for
    public record Merge(
            MergeMethod method,
            OptionalDouble density,
            OptionalDouble ema,
            List<MergedSource> sources,
            Optional<String> base,
            OptionalInt rank) {
        /// Copies the list.
        public Merge {
            sources = List.copyOf(sources);
        }

        /// The weights of the sources.
        public List<Double> weights() {
            return sources.stream().map(MergedSource::weight).toList();
        }
    }

    /// One of the checkpoints or adapters that were merged.
    ///
    /// @param path   where it was
    /// @param weight what it, or its change against the base, was multiplied by
    /// @param step   its optimizer steps
    /// @param alpha  the alpha that was given for an adapter, which went before what it records
    public record MergedSource(String path, double weight, OptionalLong step, OptionalDouble alpha) {}

    /// The arithmetic by which checkpoints are merged.
    public enum MergeMethod {
        /// The weighted sum of the sources.
        AVERAGE,
        /// The straight line from the base through one source.
        LINEAR,
        /// The arc from the base to one source, or from one source to another.
        SLERP,
        /// The base and the largest changes of the sources whose signs agree.
        TIES,
        /// The base and the weighted sum of the sources' changes.
        TASK;

        /// The word of the command line and the manifest.
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A LoRA adapter that was fused into the source.
    ///
    /// @param path  where it was
    /// @param scale how strongly it was applied
    /// @param alpha the alpha that was given, which went before what the adapter records
    public record Adapter(String path, double scale, OptionalDouble alpha) {}

    /// A file of the checkpoint as it was.
    ///
    /// @param path     relative to the checkpoint
    /// @param size     bytes
    /// @param modified when it was written
    public record SourceFile(String path, long size, Instant modified) {}

    /// What was asked for.
    ///
    /// @param dtype         the dtype
    /// @param maxShardBytes the limit of a shard
    /// @param format        the containers
    /// @param excludeFrozen whether frozen parameters were left out
    /// @param fromModule    whether the `module` was taken instead of the fp32 master copies
    /// @param variant       the variant in file names
    public record Options(
            String dtype,
            long maxShardBytes,
            String format,
            boolean excludeFrozen,
            boolean fromModule,
            Optional<String> variant) {}

    /// How a file came into the folder.
    public enum Origin {
        /// Weights, written by the conversion; its contents are proven by the tensors.
        WEIGHTS,
        /// A small file, written by the conversion.
        WRITTEN,
        /// Copied from the base.
        COPIED,
        /// A hard link to the base's file.
        HARD_LINK,
        /// A symbolic link to the base's file.
        SYMBOLIC_LINK
    }

    /// A file of the folder.
    ///
    /// @param path     relative to the folder, with `/`
    /// @param origin   how it came there
    /// @param size     bytes
    /// @param modified when it was last written, for linked files
    /// @param sha256   of all its bytes; of the header alone for weights
    public record FileEntry(
            String path, Origin origin, long size, Optional<Instant> modified, Optional<String> sha256) {}

    /// How the names of a component were settled.
    ///
    /// @param component its folder
    /// @param knownBy   what knew them: `base`, `configuration`, `family`, or `nothing` when they were written
    ///                  unchecked
    /// @param model     the class, or the classes that share the names; empty when nothing knew them
    /// @param removed   what was removed from before every name
    public record Names(String component, String knownBy, String model, String removed) {
        /// @param models the classes that share the names
        public Names(String component, String knownBy, List<String> models, String removed) {
            this(component, knownBy, String.join(", ", models), removed);
        }

        /// Whether they were written without anything that knows them.
        public boolean unchecked() {
            return knownBy.equals("nothing");
        }
    }

    /// A written tensor.
    ///
    /// @param dtype  the dtype it was written in
    /// @param shape  its sizes
    /// @param sha256 of its bytes, row-major and little-endian
    public record TensorEntry(DType dtype, Shape shape, String sha256) {}
}

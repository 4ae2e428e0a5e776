package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.WeightFile.PlannedTensor;
import io.github.cogvideo4j.checkpoints.internal.placement.SettledNames;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobPlan;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.formats.problem.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// Everything that a conversion will do, decided before the first byte is written.
///
/// @param checkpoint  the source
/// @param output      the folder to make
/// @param dtype       what elements become
/// @param options     what was asked for
/// @param base        the model that supplies the other components
/// @param parts       what is made, each from its source
/// @param tensors     the tensors, in the order of the state dict
/// @param weightFiles the weight files
/// @param smallFiles  text files to write, by path relative to the output
/// @param warnings     what is worth saying before it starts
public record ConversionPlan(
        Checkpoint checkpoint,
        Path output,
        TargetDType dtype,
        ConversionOptions options,
        Optional<BaseModel> base,
        List<PlannedPart> parts,
        List<PlannedTensor> tensors,
        List<WeightFile> weightFiles,
        SequencedMap<String, String> smallFiles,
        List<Problem> warnings)
        implements JobPlan<Converter.Result> {
    /// The transformer's folder in the output.
    public static final String COMPONENT = "transformer";

    /// A state dict of the result.
    ///
    /// @param path       its folder or file below the output
    /// @param checkpoint its source, under the names that it is written with
    /// @param names      how those names were settled; absent for layouts of their own (SAT, adapters)
    public record PlannedPart(String path, Checkpoint checkpoint, Optional<SettledNames> names) {
        /// A part whose layout settles its names.
        public PlannedPart(String path, Checkpoint checkpoint) {
            this(path, checkpoint, Optional.empty());
        }
    }

    /// Copies the collections.
    public ConversionPlan {
        parts = List.copyOf(parts);
        tensors = List.copyOf(tensors);
        weightFiles = List.copyOf(weightFiles);
        smallFiles = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(smallFiles));
        warnings = List.copyOf(warnings);
    }

    @Override
    public Converter.Result run(JobControl control) throws IOException {
        return Converter.convert(this, control);
    }

    /// Bytes that will be written at most: weights, small files, and what of the base has to be copied.
    public long diskBytes() {
        return weightFiles.stream().mapToLong(WeightFile::size).sum()
                + smallFiles.values().stream().mapToLong(String::length).sum()
                + base.stream()
                        .flatMap(model -> model.files().stream())
                        .filter(file -> !file.weights() || options.link() == LinkMode.COPY)
                        .mapToLong(BaseModel.BaseFile::size)
                        .sum();
    }
}

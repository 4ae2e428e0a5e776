package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Conversions as tests ask for them.
final class Conversions {
    private Conversions() {}

    static ConversionOptions options(TargetDType dtype, long shardLimit, OutputFormat format) {
        return ConversionOptions.defaults()
                .withDType(dtype)
                .withFiles(new FileOptions(format, shardLimit, Optional.empty()));
    }

    static Converter.Result convert(
            Path source, Path output, Optional<Path> base, SourceOptions sourceOptions, ConversionOptions options)
            throws IOException {
        Checkpoint checkpoint = Checkpoints.open(source, sourceOptions);
        Optional<BaseModel> model = base.isPresent() ? Optional.of(BaseModel.read(base.get())) : Optional.empty();
        ConversionPlan plan = ConversionPlanner.plan(checkpoint, output, model, options);
        return Converter.convert(plan, JobControl.none());
    }
}

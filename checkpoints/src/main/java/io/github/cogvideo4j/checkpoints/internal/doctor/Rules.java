package io.github.cogvideo4j.checkpoints.internal.doctor;

import io.github.cogvideo4j.checkpoints.internal.doctor.rule.AdapterScaleRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.AmbiguousWeightsRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.BrowserNamesRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.CheckpointModelRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.ConfigRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.EqualComponentsRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.FitsConfigRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.HalfPrecisionRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.IndexContentsRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.IndexNameRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.InputChannelsRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.LeftoversRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.OpensAsCheckpointRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.PartiallyRenamedRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.PipelineClassRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.PipelinePartsRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.RawCheckpointRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.ReadableFilesRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.Rule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.SchedulerRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.ShardedBinRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.StaleIndexRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.UnreadableRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.ValuesRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.VariantOnlyRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.WrongDirectoryRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.WrongNameRule;
import io.github.cogvideo4j.checkpoints.internal.doctor.rule.WrongPrefixRule;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import java.util.ArrayList;
import java.util.List;

/// All rules, in the order in which they look.
public final class Rules {
    private Rules() {}

    /// The rules.
    ///
    /// @param deep     whether every value is read, not only headers
    /// @param threads  how many tensors are read at once
    /// @param control receives the number of bytes that were read
    public static List<Rule> all(boolean deep, int threads, JobControl control) {
        List<Rule> rules = new ArrayList<>(List.of(
                new OpensAsCheckpointRule(),
                new CheckpointModelRule(),
                new UnreadableRule(),
                new ReadableFilesRule(),
                new PipelinePartsRule(),
                new PipelineClassRule(),
                new InputChannelsRule(),
                new SchedulerRule(),
                new WrongDirectoryRule(),
                new RawCheckpointRule(),
                WrongPrefixRule.MISSING,
                WrongPrefixRule.DOUBLE,
                new BrowserNamesRule(),
                new WrongNameRule(),
                new PartiallyRenamedRule(),
                new VariantOnlyRule(),
                new IndexNameRule(),
                new StaleIndexRule(),
                new IndexContentsRule(),
                new AmbiguousWeightsRule(deep, threads),
                new ShardedBinRule(),
                new ConfigRule(),
                new FitsConfigRule(),
                new HalfPrecisionRule(),
                new AdapterScaleRule(),
                new LeftoversRule()));
        if (deep) {
            rules.add(new EqualComponentsRule(threads));
            rules.add(new ValuesRule(threads, control));
        }
        return List.copyOf(rules);
    }
}

package io.github.cogvideo4j.checkpoints.internal.doctor.rule;

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
    /// @param control told the bytes that were read
    public static List<Rule> all(boolean deep, int threads, JobControl control) {
        List<Rule> rules = new ArrayList<>(List.of(
                new OpensAsCheckpointRule(),
                new UnreadableRule(),
                new ReadableFilesRule(),
                new PipelinePartsRule(),
                new PipelineClassRule(),
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

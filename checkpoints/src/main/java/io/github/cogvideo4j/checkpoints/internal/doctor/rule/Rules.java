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
                new OpensAsCheckpoint(),
                new Unreadable(),
                new ReadableFiles(),
                new PipelineParts(),
                new PipelineClass(),
                new SchedulerRule(),
                new WrongDirectory(),
                new RawCheckpoint(),
                WrongPrefix.MISSING,
                WrongPrefix.DOUBLE,
                new BrowserNames(),
                new WrongName(),
                new PartiallyRenamed(),
                new VariantOnly(),
                new IndexName(),
                new StaleIndex(),
                new IndexContents(),
                new SeveralSets(deep, threads),
                new ShardedBin(),
                new TransformerConfigRule(),
                new FitsConfig(),
                new HalfPrecision(),
                new AdapterScale(),
                new Leftovers()));
        if (deep) {
            rules.add(new Values(threads, control));
        }
        return List.copyOf(rules);
    }
}

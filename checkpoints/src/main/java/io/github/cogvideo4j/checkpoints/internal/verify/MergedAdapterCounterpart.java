package io.github.cogvideo4j.checkpoints.internal.verify;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterBinding;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterContent;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterManifest;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterReader;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSource;
import io.github.cogvideo4j.checkpoints.internal.lora.AdapterSum;
import io.github.cogvideo4j.checkpoints.internal.lora.ModelNames;
import io.github.cogvideo4j.checkpoints.internal.merge.MergeSources;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.Merge;
import io.github.cogvideo4j.checkpoints.manifest.Manifest.MergedSource;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The source that a merged adapter is compared with: its adapters, merged again.
///
/// @param counterpart the adapter's file and the sum that it has to equal
/// @param threads     how many tensors of it there is memory for at once
record MergedAdapterCounterpart(Counterpart counterpart, int threads) {
    /// Opens it. Rank, weights and alphas are those of the manifest; the adapters are those that the user names.
    /// Their names are found among those of the merged adapter, so that no model is needed.
    ///
    /// @param shown   what the user called the merged adapter
    /// @param merged  the merged adapter
    /// @param merge   what its manifest records of the merge
    /// @param given   the sources in the same order, or their run
    /// @param base    a base, which such a merge does not have
    /// @param threads how many tensors are wanted at once
    /// @throws InvalidRequestException `request` when they are not as many as the manifest's, or a base is named
    static MergedAdapterCounterpart open(
            Path shown, AdapterManifest merged, Merge merge, List<Path> given, Optional<Path> base, int threads)
            throws IOException {
        List<Path> sources =
                MergedCounterpart.merged(MergeSources.of(given), merge).paths();
        MergedCounterpart.requireAsRecorded(shown, merge, sources.size(), base.isPresent());
        AdapterContent written = AdapterReader.read(merged.file());
        ModelNames names = ModelNames.of(written);
        List<AdapterSum.Addend> addends = new ArrayList<>();
        for (int i = 0; i < sources.size(); i++) {
            MergedSource known = merge.sources().get(i);
            AdapterContent source = AdapterSource.openWhole(sources.get(i), SourceOptions.defaults())
                    .content();
            addends.add(new AdapterSum.Addend(
                    AdapterBinding.of(source, names).requireBound().adapter(), known.weight(), known.alpha()));
        }
        AdapterSum sum = AdapterSum.of(written.component(), addends, merge.rank());
        return new MergedAdapterCounterpart(
                new Counterpart(merged.file(), sum.checkpoint(sources.getFirst(), merge)), sum.threads(threads, shown));
    }
}

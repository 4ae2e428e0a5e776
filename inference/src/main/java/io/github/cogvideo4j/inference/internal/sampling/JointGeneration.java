package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.device.OutOfMemory;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/// Several generations in one pass: their predictions are computed together, one row after the other; all else is done
/// for each by itself, as if it were alone. One that fails or is cancelled leaves the pass, and the others go on.
final class JointGeneration {
    private final List<Member> members;

    /// @param members of one model, with the same sizes, steps and guidance, and without windows or step caches
    JointGeneration(List<Member> members) {
        this.members = List.copyOf(members);
    }

    /// One of the generations. Each is told once how it ended.
    ///
    /// @param done   receives the result, and closes it
    /// @param failed receives the exception of this generation alone
    record Member(
            Session session, Generation generation, Consumer<PipelineResult> done, Consumer<RuntimeException> failed) {}

    /// Generates. When this throws, the generations that have not ended have come to nothing.
    void run() {
        Map<Member, Generation.Begun> begun = Map.of();
        try (var _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope()) {
            Map<Member, Tensor> text =
                    each(members, member -> member.generation().text());
            members.getFirst().session().promptsEncoded();
            begun = each(text.keySet(), member -> member.generation().begin(0));
            Map<Member, Generation.Begun> starts = begun;
            Map<Member, Denoising.Run> runs =
                    each(starts.keySet(), member -> member.generation().run(starts.get(member), text.get(member)));
            if (!runs.isEmpty()) {
                denoise(runs, starts);
            }
        } finally {
            begun.values().forEach(Generation.Begun::close);
        }
    }

    private void denoise(Map<Member, Denoising.Run> runs, Map<Member, Generation.Begun> begun) {
        List<Member> going = List.copyOf(runs.keySet());
        Member first = going.getFirst();
        Denoising denoising = first.generation()
                .denoising(first.session()
                        .components()
                        .predictor(
                                StepCache.NONE, new BlockWork(), first.session().probe()));
        List<Denoising.Ended> ended = denoising.run(List.copyOf(runs.values()));
        List<Tensor> open = new ArrayList<>();
        ended.forEach(end -> {
            if (end instanceof Denoising.Ended.Clean(Tensor latents)) {
                open.add(latents);
            }
        });
        try {
            for (int i = 0; i < going.size(); i++) {
                Member member = going.get(i);
                switch (ended.get(i)) {
                    case Denoising.Ended.Failed(RuntimeException why) ->
                        member.failed().accept(why);
                    case Denoising.Ended.Clean(Tensor latents) ->
                        each(List.of(member), one -> one.generation().result(begun.get(one), latents))
                                .forEach((one, result) -> one.done().accept(result));
                }
            }
        } finally {
            open.forEach(Tensor::close);
        }
    }

    /// Does something for each of them; one for which it fails is told so and is left out.
    private static <T> Map<Member, T> each(Iterable<Member> members, Function<Member, T> work) {
        Map<Member, T> results = new LinkedHashMap<>();
        for (Member member : members) {
            try {
                results.put(member, work.apply(member));
            } catch (RuntimeException e) {
                if (OutOfMemory.is(e)) {
                    throw e; // the others' memory too
                }
                member.failed().accept(e);
            }
        }
        return results;
    }
}

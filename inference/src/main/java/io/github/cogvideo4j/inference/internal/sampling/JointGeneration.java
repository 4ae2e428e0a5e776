package io.github.cogvideo4j.inference.internal.sampling;

import io.github.cogvideo4j.inference.generation.PipelineResult;
import io.github.cogvideo4j.inference.internal.cache.StepCache;
import io.github.cogvideo4j.inference.internal.device.OutOfMemory;
import io.github.cogvideo4j.inference.internal.prediction.NoisePredictor;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.transformer.BlockWork;
import java.util.ArrayList;
import java.util.List;
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

    private record Encoded(Member member, Tensor text) {}

    private record Ready(Member member, Tensor text, Generation.Begun begun) {}

    private record Running(Member member, Generation.Begun begun, Denoising.Run run) {}

    private record Clean(Running of, Tensor latents) {}

    /// Generates. When this throws, the generations that have not ended have come to nothing.
    void run() {
        List<Generation.Begun> open = new ArrayList<>();
        try (var _ = Torch.inferenceMode();
                PointerScope _ = new PointerScope()) {
            List<Encoded> encoded = each(
                    members,
                    member -> member,
                    member -> new Encoded(member, member.generation().text()));
            members.getFirst().session().promptsEncoded();
            List<Ready> ready = each(encoded, Encoded::member, one -> {
                Generation.Begun begun = one.member().generation().begin(0);
                open.add(begun);
                return new Ready(one.member(), one.text(), begun);
            });
            List<Running> running = each(
                    ready,
                    Ready::member,
                    one -> new Running(
                            one.member(), one.begun(), one.member().generation().run(one.begun(), one.text())));
            if (!running.isEmpty()) {
                decode(denoised(running));
            }
        } finally {
            open.forEach(Generation.Begun::close);
        }
    }

    /// Denoises all of them, and tells those that failed.
    private static List<Clean> denoised(List<Running> running) {
        Member first = running.getFirst().member();
        NoisePredictor rows = first.session()
                .components()
                .predictor(StepCache.NONE, new BlockWork(), first.session().probe());
        List<Denoising.Ended> ended = first.generation()
                .denoising(rows)
                .run(running.stream().map(Running::run).toList());
        List<Clean> clean = new ArrayList<>();
        for (int i = 0; i < ended.size(); i++) {
            switch (ended.get(i)) {
                case Denoising.Ended.Clean(Tensor latents) -> clean.add(new Clean(running.get(i), latents));
                case Denoising.Ended.Failed(RuntimeException why) ->
                    running.get(i).member().failed().accept(why);
            }
        }
        return clean;
    }

    private static void decode(List<Clean> clean) {
        try {
            for (Clean one : clean) {
                Member member = one.of().member();
                each(
                                List.of(one),
                                _ -> member,
                                _ -> member.generation().result(one.of().begun(), one.latents()))
                        .forEach(member.done());
            }
        } finally {
            clean.forEach(one -> one.latents().close());
        }
    }

    /// Does something for each of them; one for which it fails is told so and is left out.
    private static <T, R> List<R> each(List<T> all, Function<T, Member> whose, Function<T, R> work) {
        List<R> results = new ArrayList<>();
        for (T one : all) {
            try {
                results.add(work.apply(one));
            } catch (RuntimeException e) {
                if (OutOfMemory.is(e)) {
                    throw e; // the others' memory too
                }
                whose.apply(one).failed().accept(e);
            }
        }
        return results;
    }
}

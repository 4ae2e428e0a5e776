package io.github.cogvideo4j.checkpoints.internal.table;

import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// What tells a family's models of one size from each other, by the name of a model and by its tensors: adapters of
/// attention layers fit all of them.
///
/// @param named  what the names of the family's models have
/// @param patches the tensor that patches of latents go in by, whose first size is the model's width
/// @param output  the tensor that they come out by, `[elements of a patch, width]`
/// @param kinds   the questions that tell them apart
public record ModelKinds(Pattern named, String patches, String output, List<Kind> kinds) {
    /// A question to which a model's name and its tensors each have an answer.
    ///
    /// @param yes      what to call a model of which it is true
    /// @param no       what to call another
    /// @param saysYes  what in a name says that it is true
    /// @param saysNo   what in a name says that it is not; where this is absent, every other name does
    /// @param rank     the dimensions of the first tensor of those of which it is true
    /// @param ratio    how many times more goes in than comes out of those of which it is true
    public record Kind(
            String yes, String no, Pattern saysYes, Optional<Pattern> saysNo, OptionalInt rank, OptionalDouble ratio) {
        private Optional<Boolean> ofName(String name) {
            if (saysYes.matcher(name).find()) {
                return Optional.of(true);
            }
            return saysNo.isEmpty() || saysNo.get().matcher(name).find() ? Optional.of(false) : Optional.empty();
        }

        private boolean ofTensors(Shape patches, Shape output) {
            double in = (double) patches.numel() / Math.max(1, patches.size(0));
            return rank.isPresent() ? patches.rank() == rank.getAsInt() : in == ratio.orElse(0) * output.size(0);
        }
    }

    /// Copies the list.
    public ModelKinds {
        kinds = List.copyOf(kinds);
    }

    /// Whether a name, in lower case, is that of one of the family's models.
    public boolean isNamed(String name) {
        return named.matcher(name).find();
    }

    /// What to call a model where it is not of the kinds that a name says; empty where it is, where the name does not
    /// say, and where the tensors are not such a model's.
    ///
    /// @param name    in lower case
    /// @param tensors the model's names and shapes
    public Optional<String> unlike(String name, Map<String, Shape> tensors) {
        Shape in = tensors.get(patches);
        Shape out = tensors.get(output);
        if (in == null || out == null || in.rank() < 2 || out.rank() != 2) {
            return Optional.empty();
        }
        List<Boolean> found =
                kinds.stream().map(kind -> kind.ofTensors(in, out)).toList();
        boolean differs = IntStream.range(0, kinds.size())
                .anyMatch(i -> kinds.get(i)
                        .ofName(name)
                        .filter(said -> !said.equals(found.get(i)))
                        .isPresent());
        List<String> titles = new ArrayList<>();
        for (int i = 0; i < kinds.size(); i++) {
            titles.add(found.get(i) ? kinds.get(i).yes() : kinds.get(i).no());
        }
        return differs
                ? Optional.of(titles.stream().filter(title -> !title.isEmpty()).collect(Collectors.joining(" ")))
                : Optional.empty();
    }
}

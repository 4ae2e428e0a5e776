package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.checkpoints.internal.lora.dialect.Dialects;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.util.List;
import java.util.Optional;

/// The names of a model for an adapter that is written anew, so that no name is written that would bind
/// nothing.
public final class AdapterNames {
    private AdapterNames() {}

    /// The adapter under a model's own names: the base's; else those of the model that its training state
    /// holds; else CogVideoX's own.
    ///
    /// @param source  the adapter
    /// @param base    the names of the model that it is for
    /// @param warnings takes what was bound, or that nothing could be checked
    /// @throws InvalidCheckpointException `extra-tensor`, `shape-mismatch` when it is for another model;
    ///     `extra-tensor` when there is no model and its names are no known ones
    public static AdapterContent resolve(AdapterSource source, Optional<ModelNames> base, Warnings warnings) {
        AdapterContent content = source.content();
        if (base.isPresent()) {
            AdapterBinding binding = AdapterBinding.of(content, base.get()).require(base.get());
            AdapterWarnings.tellBinding(binding, warnings);
            return binding.adapter();
        }
        Optional<AdapterBinding> known = KnownNames.bind(content);
        if (known.isPresent()) {
            AdapterWarnings.tellBinding(known.get(), warnings);
            return known.get().adapter();
        }
        if (!source.model().isEmpty()) {
            ModelNames model = ModelNames.of(source.model());
            AdapterBinding binding = AdapterBinding.of(content, model).require(model);
            AdapterWarnings.tellBinding(binding, warnings);
            return binding.adapter();
        }
        if (List.of(Dialects.DIFFUSERS.id(), Dialects.PEFT.id()).contains(content.dialect())) {
            warnings.report(
                    ProblemCode.ASSUMED,
                    Place.of(content.file()),
                    "checkpoints.lora.names-unchecked",
                    content.modules().size());
            return content;
        }
        throw new InvalidCheckpointException(
                ProblemCode.EXTRA_TENSOR,
                Place.of(content.file()),
                "checkpoints.lora.names-unknown",
                Message.first(content.modules().keySet()));
    }
}

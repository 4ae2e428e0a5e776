package io.github.cogvideo4j.checkpoints.internal.doctor.finding;

import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The symptom of a problem: how people meet it in other software. Source: what diffusers' `from_pretrained`,
/// safetensors, `torch.load` and `zero_to_fp32.py` say to such files.
public final class Symptom {
    /// The codes for which the bundle has a sentence.
    private static final Set<ProblemCode> KNOWN = Arrays.stream(ProblemCode.values())
            .filter(code ->
                    Message.of("checkpoints.doctor.symptom." + code.id()).exists())
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(ProblemCode.class)));

    private Symptom() {}

    /// The symptom of a weight file's name, which the libraries say differently.
    public static Optional<Message> ofName(ProblemCode code, Component component) {
        return component.transformers()
                ? Optional.of(Message.of("checkpoints.doctor.symptom.transformers-name"))
                : of(code);
    }

    /// The symptom of a problem, where it has one of its own. Where it names a file, dots stand for the name.
    public static Optional<Message> of(ProblemCode code) {
        return of(code, "...");
    }

    /// The symptom of a problem whose text names the file that the software looks for.
    public static Optional<Message> of(ProblemCode code, String file) {
        return KNOWN.contains(code)
                ? Optional.of(Message.of("checkpoints.doctor.symptom." + code.id(), file))
                : Optional.empty();
    }
}

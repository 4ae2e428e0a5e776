package io.github.cogvideo4j.checkpoints.internal.doctor.repair;

import io.github.cogvideo4j.checkpoints.internal.doctor.subject.WeightGroup;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.formats.problem.Problem;
import java.nio.file.Path;
import java.util.List;

/// The plan of a repair, to be shown before it is carried out.
///
/// @param root      the folder that is mended
/// @param steps     in order
/// @param questions what has to be decided by the user, and with which option; what is not mended and why
public record RepairPlan(Path root, List<Step> steps, List<Problem> questions) {
    /// Copies the lists.
    public RepairPlan {
        steps = List.copyOf(steps);
        questions = List.copyOf(questions);
    }

    /// Whether there is nothing to do.
    public boolean isEmpty() {
        return steps.isEmpty();
    }

    /// One thing that a repair does. Paths are relative to the folder that is mended, with `/`.
    public sealed interface Step {
        /// A file gets another name, or another place in the folder.
        ///
        /// @param from the file
        /// @param to   what it becomes; nothing is there, or an earlier step moves it away
        record Rename(String from, String to) implements Step {}

        /// A file moves to the undo folder.
        ///
        /// @param path the file
        record SetAside(String path) implements Step {}

        /// A small file is written.
        ///
        /// @param path     where; nothing is there, or an earlier step moves it away
        /// @param contents its text
        record Write(String path, String contents) implements Step {}

        /// Weights are written anew from others, without changing a value, and those move to the undo folder.
        ///
        /// @param source    what they are made from
        /// @param component what they are weights of
        /// @param target    the folder that gets them
        record Convert(Source source, Component component, String target) implements Step {}

        /// What weights are made from.
        sealed interface Source {
            /// A set of weight files.
            ///
            /// @param group the set
            record WeightsSource(WeightGroup group) implements Source {}

            /// A training checkpoint.
            ///
            /// @param folder its folder
            record Training(Path folder) implements Source {}
        }

        /// The step in a sentence.
        default Message message() {
            return switch (this) {
                case Rename rename -> Message.of("checkpoints.repair.step.rename", rename.from(), rename.to());
                case SetAside aside -> Message.of("checkpoints.repair.step.set-aside", aside.path());
                case Write write -> Message.of("checkpoints.repair.step.write", write.path());
                case Convert convert ->
                    Message.of(
                            "checkpoints.repair.step.convert",
                            switch (convert.source()) {
                                case Source.WeightsSource weights ->
                                    weights.group().label();
                                case Source.Training training ->
                                    String.valueOf(training.folder().getFileName());
                            },
                            convert.target());
            };
        }
    }
}

package io.github.cogvideo4j.checkpoints.internal.inspect;

import io.github.cogvideo4j.checkpoints.inspect.Contents.ListedTensor;
import io.github.cogvideo4j.formats.UnsafeFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.formats.internal.torch.DistributedTensorValue;
import io.github.cogvideo4j.formats.internal.torch.TensorValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/// Every tensor in what a torch file holds, wherever it is: named by the keys and positions on the way to it.
final class TorchTensors {
    // The largest model has 1,100 tensors, an optimizer's file a few for each.
    private static final int MOST = 100_000;
    private static final int LONGEST_NAME = 1_000;

    private final Path file;
    private final Warnings warnings;
    private final List<ListedTensor> found = new ArrayList<>();
    private final Deque<Step> pending = new ArrayDeque<>();

    /// A value and how it was reached.
    private record Step(String name, PickleValue value) {}

    private TorchTensors(Path file, Warnings warnings) {
        this.file = file;
        this.warnings = warnings;
    }

    /// The tensors in order. One that cannot be read (sparse, quantized) is left out with a warning.
    static List<ListedTensor> of(Path file, PickleValue root, Warnings warnings) {
        TorchTensors tensors = new TorchTensors(file, warnings);
        tensors.pending.push(new Step("", root));
        while (!tensors.pending.isEmpty()) {
            tensors.visit(tensors.pending.pop());
        }
        return tensors.found;
    }

    private void visit(Step step) {
        if (step.value() instanceof TensorValue tensor) {
            add(step.name().isEmpty() ? "tensor" : step.name(), tensor);
            return;
        }
        if (step.value() instanceof DistributedTensorValue part) {
            add(step.name().isEmpty() ? "tensor" : step.name(), part.local());
            return;
        }
        List<Step> inside = new ArrayList<>();
        switch (step.value()) {
            case PickleValue.Dict dict -> {
                for (Map.Entry<PickleValue, PickleValue> entry : dict.entries().entrySet()) {
                    inside.add(new Step(name(step, key(entry.getKey())), entry.getValue()));
                }
            }
            case PickleValue.Instance instance ->
                instance.children().forEach(child -> inside.add(new Step(step.name(), child)));
            default -> {
                List<PickleValue> elements = step.value().asElements().orElse(List.of());
                for (int i = 0; i < elements.size(); i++) {
                    inside.add(new Step(name(step, Integer.toString(i)), elements.get(i)));
                }
            }
        }
        inside.reversed().forEach(pending::push);
    }

    private void add(String name, TensorValue tensor) {
        if (found.size() >= MOST) {
            throw new UnsafeFileException(
                    ProblemCode.PICKLE_LIMIT, Place.of(file), "checkpoints.inspect.too-many-tensors", MOST);
        }
        try {
            found.add(ListedTensor.of(tensor.stored(name)));
        } catch (UnsupportedFileException e) {
            warnings.report(e.problem());
        }
    }

    private static String key(PickleValue key) {
        return switch (key) {
            case PickleValue.Text text -> text.value();
            case PickleValue.Int number -> number.value().toString();
            default -> "(" + key + ")";
        };
    }

    private static String name(Step parent, String step) {
        String name = parent.name().isEmpty() ? step : parent.name() + "." + step;
        return name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "…";
    }
}

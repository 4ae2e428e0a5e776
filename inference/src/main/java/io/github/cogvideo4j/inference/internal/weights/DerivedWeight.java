package io.github.cogvideo4j.inference.internal.weights;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/// A weight in another form, made when it is first used and kept until the store is closed: in the machine's memory
/// on the CPU and where weights come and go, else on the device. The weight itself is read for that purpose and let
/// go again, so that there are never two models in memory.
public final class DerivedWeight implements StreamedWeight {
    private final Weight weight;
    private final Function<Tensor, List<Tensor>> derivation;
    private final List<Form> forms;

    DerivedWeight(Weight weight, Function<Tensor, List<Tensor>> derivation, List<Form> forms) {
        this.weight = weight;
        this.derivation = derivation;
        this.forms = forms;
    }

    /// What the derivation made, on the device of use. It belongs to the store, or to the block that computes.
    public List<Tensor> tensors() {
        WeightStore store = weight.store();
        if (weight.block().filter(BlockStream.Block::streams).isPresent()) {
            return weight.block().orElseThrow().tensors(this);
        }
        if (weight.device().isCpu()) {
            return made();
        }
        List<Tensor> there = store.onDevice(
                this,
                () -> made().stream()
                        .map(tensor -> tensor.to(weight.device().torchDevice(), tensor.scalar_type()))
                        .toList());
        store.letGo(this);
        return there;
    }

    private List<Tensor> made() {
        return weight.store().inMemory(this, () -> derivation.apply(weight.read()));
    }

    @Override
    public List<Form> forms() {
        return forms;
    }

    @Override
    public void write(List<Tensor> into) {
        List<Tensor> made = made();
        for (int i = 0; i < made.size(); i++) {
            into.get(i).copy_(made.get(i));
        }
    }
}

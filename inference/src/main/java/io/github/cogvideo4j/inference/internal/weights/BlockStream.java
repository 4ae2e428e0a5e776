package io.github.cogvideo4j.inference.internal.weights;

import io.github.cogvideo4j.inference.internal.device.CopyLane;
import io.github.cogvideo4j.inference.internal.runtime.Scoped;
import io.github.cogvideo4j.inference.internal.weights.StreamedWeight.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/// The blocks of a model whose weights come to the device one after the other. While one computes, those of the next
/// are copied; after the last comes the first again.
///
/// Until it is started, and after it was stopped, weights are where they are without it.
public final class BlockStream {
    /// How weights lie in a place: where every type may begin.
    private static final long ALIGNMENT = 256;

    private static final int NOTHING = -1;

    private final List<Block> blocks = new ArrayList<>();
    private final int[] held = new int[CopyLane.PLACES];
    private Optional<CopyLane> lane = Optional.empty();
    private int latest;

    /// The weights of one block.
    public final class Block {
        private final List<StreamedWeight> members = new ArrayList<>();
        private final Map<StreamedWeight, List<Tensor>> present = new HashMap<>();

        private Block() {}

        void add(StreamedWeight weight) {
            members.add(weight);
        }

        /// Puts a weight in the place of another form of it.
        void replace(StreamedWeight weight, StreamedWeight by) {
            members.replaceAll(member -> member.equals(weight) ? by : member);
        }

        /// Whether its weights come and go.
        boolean streams() {
            return lane.isPresent();
        }

        /// A weight on the device.
        List<Tensor> tensors(StreamedWeight weight) {
            List<Tensor> tensors = present.get(weight);
            if (tensors == null) {
                throw new IllegalStateException("a weight is used outside of its block");
            }
            return tensors;
        }

        private long bytes() {
            long bytes = 0;
            for (StreamedWeight member : members) {
                for (Form form : member.forms()) {
                    bytes = aligned(Math.addExact(bytes, form.byteLength()));
                }
            }
            return bytes;
        }

        private Map<StreamedWeight, List<Tensor>> views(Tensor memory) {
            Map<StreamedWeight, List<Tensor>> views = new HashMap<>();
            long offset = 0;
            for (StreamedWeight member : members) {
                List<Tensor> parts = new ArrayList<>();
                for (Form form : member.forms()) {
                    parts.add(form.view(memory, offset));
                    offset = aligned(offset + form.byteLength());
                }
                views.put(member, parts);
            }
            return views;
        }

        private void fill(Tensor staging) {
            Scoped.run(() -> views(staging).forEach(StreamedWeight::write));
        }

        private void show(Tensor place) {
            Scoped.owned(() -> {
                present.putAll(views(place));
                return present.values().stream().flatMap(List::stream).toList();
            });
        }

        private void hide() {
            present.values().forEach(tensors -> tensors.forEach(Tensor::close));
            present.clear();
        }
    }

    private static long aligned(long offset) {
        return Math.addExact(offset, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /// A block after those that there are.
    public Block add() {
        Block block = new Block();
        blocks.add(block);
        return block;
    }

    /// The bytes of a place, which holds any of the blocks.
    public long placeBytes() {
        return blocks.stream().mapToLong(Block::bytes).max().orElse(0);
    }

    /// Begins: the memory of two places is taken.
    public void start(CopyLane.Maker maker) {
        stop();
        if (!blocks.isEmpty()) {
            lane = Optional.of(maker.open(placeBytes()));
            Arrays.fill(held, NOTHING);
            latest = 0;
        }
    }

    /// Ends: the memory is given back.
    public void stop() {
        lane.ifPresent(CopyLane::close);
        lane = Optional.empty();
    }

    /// Computes a block with its weights, then starts the copy of those that follow.
    ///
    /// @param index which block, from 0
    public void run(int index, Runnable body) {
        if (lane.isEmpty()) {
            body.run();
            return;
        }
        CopyLane way = lane.get();
        Block block = blocks.get(index);
        int place = bring(index, way);
        block.show(way.arrived(place));
        try {
            body.run();
        } finally {
            way.done(place);
            block.hide();
        }
        bring((index + 1) % blocks.size(), way);
    }

    private int bring(int index, CopyLane way) {
        for (int place = 0; place < held.length; place++) {
            if (held[place] == index) {
                latest = place;
                return place;
            }
        }
        int place = (latest + 1) % held.length;
        held[place] = NOTHING;
        blocks.get(index).fill(way.staging(place));
        way.send(place);
        held[place] = index;
        latest = place;
        return place;
    }
}

package io.github.cogvideo4j.checkpoints.internal.lora;

import io.github.cogvideo4j.checkpoints.internal.lora.AdapterMetadata.Strength;
import io.github.cogvideo4j.checkpoints.internal.lora.delta.Kronecker;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The settings from which PEFT finds the sizes of LoKr's matrices again. Its files do not name them: a reader
/// makes matrices from a layer's sizes, the rank and these two, and only then loads the file into them.
///
/// Source: `factorization` and `update_layer` of PEFT's LoKr.
///
/// @param factor the first size to try, or -1 for the two that are closest to each other
/// @param both   whether the outer matrix may be a product as well
record KroneckerSizes(long factor, boolean both) {
    private record Sizes(Kronecker product, int rank) {}

    /// The settings that give every module the sizes that it has; empty where there are none.
    ///
    /// @param ranks the rank of each module, by name
    static Optional<KroneckerSizes> of(AdapterContent adapter, Map<String, Strength> ranks) {
        List<Sizes> modules = new ArrayList<>();
        Set<Long> factors = new LinkedHashSet<>(List.of(-1L));
        adapter.modules()
                .forEach((name, module) -> module.weight().forEach(change -> {
                    if (change.delta() instanceof Kronecker product) {
                        modules.add(new Sizes(
                                product,
                                Objects.requireNonNull(ranks.get(name), name).rank()));
                        factors.add(product.first().shape().size(0));
                        factors.add(product.first().shape().size(1));
                    }
                }));
        for (boolean both : new boolean[] {false, true}) {
            for (long factor : factors) {
                KroneckerSizes sizes = new KroneckerSizes(factor, both);
                if (modules.stream().allMatch(sizes::give)) {
                    return Optional.of(sizes);
                }
            }
        }
        return Optional.empty();
    }

    /// A rank that is too large for the inner matrix to be a product.
    static int fullRank(Kronecker product) {
        Shape inner = product.second().shape();
        return Math.toIntExact(Math.max(inner.size(0), inner.size(1)));
    }

    private boolean give(Sizes module) {
        Shape outer = module.product.first().shape();
        Shape inner = module.product.second().shape();
        boolean thinOuter = both && module.rank < Math.max(outer.size(0), outer.size(1)) / 2.0;
        boolean thinInner = module.rank < Math.max(inner.size(0), inner.size(1)) / 2.0;
        return first(outer.size(0) * inner.size(0)) == outer.size(0)
                && first(outer.size(1) * inner.size(1)) == outer.size(1)
                && thinOuter == module.product.first() instanceof Kronecker.Product
                && thinInner == module.product.second() instanceof Kronecker.Product;
    }

    /// The smaller of the two sizes whose product is a layer's.
    private long first(long size) {
        if (factor > 0 && size % factor == 0) {
            return factor;
        }
        long limit = factor < 0 ? size : factor;
        long first = 1;
        for (long next = 2; next <= limit && next <= size / next; next++) {
            if (size % next == 0) {
                first = next;
            }
        }
        return first;
    }
}

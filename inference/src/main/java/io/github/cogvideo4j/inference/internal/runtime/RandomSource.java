package io.github.cogvideo4j.inference.internal.runtime;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/// Seeded random numbers: libtorch's generator on the CPU, whatever the device, so that a seed means the same
/// video everywhere. With several seeds each sample of a batch has a generator of its own.
///
/// Source: `randn_tensor` of diffusers, which draws on the generator's device and moves the result.
public final class RandomSource implements AutoCloseable {
    private final List<Long> seeds;
    private final List<Generator> generators;

    private RandomSource(List<Long> seeds, List<Generator> generators) {
        this.seeds = seeds;
        this.generators = generators;
    }

    /// One generator for the whole batch.
    public static RandomSource of(long seed) {
        return ofEach(List.of(seed));
    }

    /// A generator for each sample of the batch.
    ///
    /// @param seeds one seed, or as many as the batch has samples
    public static RandomSource ofEach(List<Long> seeds) {
        if (seeds.isEmpty()) {
            throw new IllegalArgumentException("no seed");
        }
        try (PointerScope _ = new PointerScope()) {
            return new RandomSource(
                    List.copyOf(seeds),
                    seeds.stream()
                            .map(seed -> {
                                Generator generator = torch.createCPUGenerator(seed);
                                generator.retainReference();
                                return generator;
                            })
                            .toList());
        }
    }

    /// A new source that begins where this one began.
    public RandomSource again() {
        return ofEach(seeds);
    }

    /// How many generators there are: one, or one for each sample of the batch.
    public int count() {
        return generators.size();
    }

    /// Normally distributed numbers.
    ///
    /// @param type  the type they are drawn in: another one gives other numbers
    /// @param shape the sizes; the first is the batch
    public Tensor normal(ScalarType type, long... shape) {
        if (generators.size() == 1) {
            return draw(generators.getFirst(), type, shape);
        }
        if (shape[0] != generators.size()) {
            throw new IllegalArgumentException(
                    "%d generators for a batch of %d".formatted(generators.size(), shape[0]));
        }
        return Scoped.tensor(() -> {
            long[] one = shape.clone();
            one[0] = 1;
            Tensor[] parts = generators.stream()
                    .map(generator -> draw(generator, type, one))
                    .toArray(Tensor[]::new);
            return torch.cat(new TensorVector(parts));
        });
    }

    /// The generator of one sample of the batch.
    public Generator generator(int sample) {
        return generators.get(generators.size() == 1 ? 0 : sample);
    }

    /// Numbers of a tensor's shape and type, on its device.
    public Tensor normalLike(Tensor sample) {
        Tensor noise = normal(sample.scalar_type().intern(), sample.shape());
        return sample.is_cpu() ? noise : noise.to(sample.device(), noise.scalar_type());
    }

    private static Tensor draw(Generator generator, ScalarType type, long... shape) {
        return torch.randn(shape, new GeneratorOptional(generator), new TensorOptions(type));
    }

    @Override
    public void close() {
        generators.forEach(Generator::close);
    }
}

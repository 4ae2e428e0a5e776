package io.github.cogvideo4j.checkpoints.internal.merge;

import java.io.IOException;
import java.util.List;

/// The arithmetic of a merge. It is the same for every floating point tensor; what it has to know of a tensor
/// as a whole it learns by passes over it before the one that gives the result.
///
/// The inputs of a tensor are the models in order: the base first where the rule has one, then the sources.
public sealed interface MergeRule {
    /// Looks at a tensor and says how its elements are computed.
    ///
    /// @param passes streams the tensor of all models in step, as often as it is asked to
    Combination prepare(Passes passes) throws IOException;

    /// Streams one tensor of all models.
    interface Passes {
        /// The number of elements.
        long elements();

        /// Streams once, from the first element to the last.
        void run(Visitor visitor) throws IOException;
    }

    /// Looks at blocks of a tensor, in order.
    @FunctionalInterface
    interface Visitor {
        /// Takes a block.
        ///
        /// @param inputs the elements of every model
        /// @param count  how many
        void visit(float[][] inputs, int count);
    }

    /// Computes blocks of a tensor, in order.
    @FunctionalInterface
    interface Combination {
        /// Computes a block.
        ///
        /// @param inputs the elements of every model
        /// @param count  how many
        /// @param result takes the merged elements
        void combine(float[][] inputs, int count, float[] result);
    }

    /// A weighted sum of all models. The sum is taken in fp64 and rounded to fp32 once, so that the average of
    /// equal models is that model to the bit.
    ///
    /// @param weights what each model is multiplied by
    record WeightedSum(List<Double> weights) implements MergeRule {
        /// Copies the list.
        public WeightedSum {
            weights = List.copyOf(weights);
        }

        @Override
        public Combination prepare(Passes passes) {
            double[] factors = weights.stream().mapToDouble(weight -> weight).toArray();
            double[] sums = new double[TensorBlocks.ELEMENTS];
            return (inputs, count, result) -> {
                for (int i = 0; i < count; i++) {
                    sums[i] = factors[0] * inputs[0][i];
                }
                for (int model = 1; model < factors.length; model++) {
                    double factor = factors[model];
                    float[] values = inputs[model];
                    for (int i = 0; i < count; i++) {
                        sums[i] += factor * values[i];
                    }
                }
                for (int i = 0; i < count; i++) {
                    result[i] = (float) sums[i];
                }
            };
        }
    }

    /// Task arithmetic: the base and the weighted sum of the sources' changes against it. With one source it is
    /// the line through base and source. As in an average, the sum is rounded once.
    ///
    /// Source: Ilharco et al., "Editing Models with Task Arithmetic" (2023).
    ///
    /// @param weights what the change of each source is multiplied by
    record TaskSum(List<Double> weights) implements MergeRule {
        /// Copies the list.
        public TaskSum {
            weights = List.copyOf(weights);
        }

        @Override
        public Combination prepare(Passes passes) {
            double[] factors = weights.stream().mapToDouble(weight -> weight).toArray();
            double[] sums = new double[TensorBlocks.ELEMENTS];
            return (inputs, count, result) -> {
                float[] base = inputs[0];
                for (int i = 0; i < count; i++) {
                    sums[i] = base[i];
                }
                for (int source = 0; source < factors.length; source++) {
                    double factor = factors[source];
                    float[] values = inputs[source + 1];
                    for (int i = 0; i < count; i++) {
                        sums[i] += factor * ((double) values[i] - base[i]);
                    }
                }
                for (int i = 0; i < count; i++) {
                    result[i] = (float) sums[i];
                }
            };
        }
    }

    /// The arc between two models, each tensor taken as one vector. Where the two point the same way or
    /// opposite ways the arc is not defined well, and the straight line is taken.
    ///
    /// Source: Shoemake, "Animating rotation with quaternion curves" (1985); the bound of 0.9995 is the one in
    /// common use for model weights.
    ///
    /// @param share how far from the first model (0) to the second (1)
    record Slerp(double share) implements MergeRule {
        private static final double PARALLEL = 0.9995;

        @Override
        public Combination prepare(Passes passes) throws IOException {
            double[] sums = new double[3];
            passes.run((inputs, count) -> {
                for (int i = 0; i < count; i++) {
                    double first = inputs[0][i];
                    double second = inputs[1][i];
                    sums[0] += first * first;
                    sums[1] += second * second;
                    sums[2] += first * second;
                }
            });
            double cosine = sums[2] / (Math.sqrt(sums[0]) * Math.sqrt(sums[1]));
            // Also where a vector has no length, or holds NaN.
            if (!(Math.abs(cosine) <= PARALLEL)) {
                return new WeightedSum(List.of(1 - share, share)).prepare(passes);
            }
            double angle = Math.acos(cosine);
            double first = Math.sin((1 - share) * angle) / Math.sin(angle);
            double second = Math.sin(share * angle) / Math.sin(angle);
            return new WeightedSum(List.of(first, second)).prepare(passes);
        }
    }

    /// TIES: of each source's change against the base only the largest elements of a tensor are kept, a sign is
    /// elected for each element, and the changes of that sign are averaged.
    ///
    /// Source: Yadav et al., "TIES-Merging" (2023), with the weights and the counts of PEFT's `ties`: the sign
    /// is that of the sum of the kept changes, positive where it is zero; those that have it are multiplied by
    /// their weights and summed, and the sum is divided by their number.
    ///
    /// @param weights what the change of each source is multiplied by
    /// @param density the share of a tensor's elements whose changes are kept
    record Ties(List<Double> weights, double density) implements MergeRule {
        /// Copies the list.
        public Ties {
            weights = List.copyOf(weights);
        }

        @Override
        public Combination prepare(Passes passes) throws IOException {
            int sources = weights.size();
            TopMagnitudes[] kept = new TopMagnitudes[sources];
            long wanted = (long) (density * passes.elements());
            for (int source = 0; source < sources; source++) {
                kept[source] = new TopMagnitudes(wanted);
            }
            while (kept[0].needsPass()) {
                passes.run((inputs, count) -> {
                    for (int source = 0; source < sources; source++) {
                        for (int i = 0; i < count; i++) {
                            kept[source].count(inputs[source + 1][i] - inputs[0][i]);
                        }
                    }
                });
                for (TopMagnitudes one : kept) {
                    one.endPass();
                }
            }
            double[] factors = weights.stream().mapToDouble(weight -> weight).toArray();
            double[] changes = new double[sources];
            return (inputs, count, result) -> {
                for (int i = 0; i < count; i++) {
                    float base = inputs[0][i];
                    for (int source = 0; source < sources; source++) {
                        float change = inputs[source + 1][i] - base;
                        changes[source] = kept[source].keeps(change) ? change : 0;
                    }
                    result[i] = (float) (base + elected(changes, factors));
                }
            };
        }

        private static double elected(double[] changes, double[] factors) {
            double sum = 0;
            for (double change : changes) {
                sum += change;
            }
            if (Double.isNaN(sum)) {
                return sum;
            }
            double agreeing = 0;
            int count = 0;
            for (int source = 0; source < changes.length; source++) {
                double change = changes[source];
                if (sum >= 0 ? change > 0 : change < 0) {
                    agreeing += factors[source] * change;
                    count++;
                }
            }
            return count == 0 ? 0 : agreeing / count;
        }
    }
}

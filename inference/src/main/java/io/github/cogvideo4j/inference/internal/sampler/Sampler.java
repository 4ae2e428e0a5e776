package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Problems;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.InvalidRequestException;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import io.github.cogvideo4j.inference.internal.scheduler.SolverConfig;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// A sampler set up for a model. It holds no state of a generation: each has a run of its own.
public final class Sampler {
    private final String name;
    private final Place place;
    private final SchedulerConfig config;
    private final NoiseTable table;
    private final Function<SamplerSetup, SamplerRun> runs;
    private final Options options;
    private final Optional<SamplerKind> kind;

    private Sampler(
            String name,
            Place place,
            SchedulerConfig config,
            NoiseTable table,
            Function<SamplerSetup, SamplerRun> runs,
            Options options,
            Optional<SamplerKind> kind) {
        this.name = name;
        this.place = place;
        this.config = config;
        this.table = table;
        this.runs = runs;
        this.options = options;
        this.kind = kind;
    }

    /// What is chosen beside the model's own configuration.
    ///
    /// @param kind         which sampler; the one that the configuration names when empty
    /// @param spacing      how timesteps are spread
    /// @param karras       whether sigmas are spread as Karras et al. do
    /// @param order        the solver's order
    /// @param keepSnrShift whether a stock class samples on the model's shifted schedule
    /// @param quirks       whether the reference's faults are kept
    public record Options(
            Optional<SamplerKind> kind,
            Optional<TimestepSpacing> spacing,
            boolean karras,
            OptionalInt order,
            boolean keepSnrShift,
            boolean quirks) {
        /// Everything as the model has it.
        public static final Options NONE =
                new Options(Optional.empty(), Optional.empty(), false, OptionalInt.empty(), false, false);
    }

    /// The sampler of a model's `scheduler_config.json`.
    ///
    /// @throws InvalidModelException   `scheduler` when it names a class that is unknown
    /// @throws InvalidRequestException when an option does not belong to the sampler
    public static Sampler read(Path file, Options options) throws IOException {
        return of(ConfigDocument.read(file), options);
    }

    /// The same of a configuration that was read.
    public static Sampler of(ConfigDocument json, Options options) {
        String className = json.text("_class_name", SchedulerConfig.DEFAULT_CLASS);
        SamplerKind own = SamplerKind.ofClass(className)
                .or(() -> options.kind().map(_ -> SamplerKind.COGVIDEOX_DDIM))
                .orElseThrow(() -> new InvalidModelException(
                        ProblemCode.SCHEDULER,
                        json.place(),
                        "inference.scheduler.unknown",
                        className,
                        listed(_ -> true)));
        SchedulerConfig config = SchedulerConfig.of(json, own.defaults());
        SamplerKind chosen = options.kind().orElse(own);
        boolean stochastic = chosen == SamplerKind.DPM && config.solver().stochastic();
        SamplerKind kind = stochastic ? SamplerKind.DPM_SDE : chosen;
        check(kind, options);
        SchedulerConfig settled = settled(config, kind, options);
        String name = kind == SamplerKind.DPM_SDE ? kind.names().getFirst() : kind.className();
        NoiseTable table = kind.table(settled, options.keepSnrShift());
        return new Sampler(name, json.place(), settled, table, kind::start, options, Optional.of(kind));
    }

    private static SchedulerConfig settled(SchedulerConfig config, SamplerKind kind, Options options) {
        SolverConfig solver = config.solver().withStochastic(kind == SamplerKind.DPM_SDE);
        solver = options.karras() ? solver.withKarras() : solver;
        solver = options.order().isPresent() ? solver.withOrder(options.order().getAsInt()) : solver;
        SchedulerConfig settled = config.withSolver(solver);
        return options.spacing().map(settled::withTimestepSpacing).orElse(settled);
    }

    private static void check(SamplerKind kind, Options options) {
        if (options.karras() && !kind.hasKarras()) {
            throw refused("inference.sampler.no-karras", kind.className(), listed(SamplerKind::hasKarras));
        }
        if (options.order().isPresent()) {
            int order = options.order().getAsInt();
            if (!kind.hasOrder()) {
                throw refused("inference.sampler.no-order", kind.className(), listed(SamplerKind::hasOrder));
            }
            if (order < 1 || order > SolverConfig.MOST_CHOSEN_ORDER) {
                throw refused("inference.sampler.order", order, SolverConfig.MOST_CHOSEN_ORDER);
            }
        }
    }

    private static String listed(Predicate<SamplerKind> which) {
        return Arrays.stream(SamplerKind.values())
                .filter(which)
                .map(SamplerKind::className)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static InvalidRequestException refused(String key, Object... arguments) {
        return new InvalidRequestException(ProblemCode.REQUEST, Place.nowhere(), key, arguments);
    }

    /// DDIM backwards, from a video's latents to noise.
    ///
    /// @return its runs visit the timesteps from little noise to much
    public Sampler inverse() {
        return new Sampler(
                "DDIMInverseScheduler",
                place,
                config,
                NoiseTable.unshifted(config),
                InverseDdimRun::new,
                options,
                Optional.empty());
    }

    /// What [Options] and `--scheduler` call it: the class in diffusers, where that is the name of only one.
    public String name() {
        return name;
    }

    /// Its configuration.
    public SchedulerConfig config() {
        return config;
    }

    /// Reports what this sampler does not know of the model's schedule, and so leaves out.
    public void warn(Problems problems) {
        if (kind.isEmpty() || kind.get().knowsShift()) {
            return;
        }
        if (config.snrShiftScale() != 1 && !options.keepSnrShift()) {
            problems.report(
                    ProblemCode.SCHEDULER, place, "inference.sampler.drops-shift", name, config.snrShiftScale());
        }
        if (config.rescaleBetasZeroSnr() && !kind.get().knowsRescaling()) {
            problems.report(ProblemCode.SCHEDULER, place, "inference.sampler.drops-rescaling", name);
        }
    }

    /// Starts a run.
    ///
    /// @param steps how many steps; some counts of trailing ones give one more (see [TimestepSpacing])
    /// @param first how many of them are left out at the beginning
    /// @throws InvalidRequestException `request` when the model was trained with fewer, or the sampler makes fewer
    public SamplerRun run(int steps, int first) {
        if (steps < 1 || steps > config.numTrainTimesteps()) {
            throw refused("inference.scheduler.steps", steps, config.numTrainTimesteps());
        }
        return runs.apply(new SamplerSetup(config, table, steps, first, options.quirks(), Optional.empty()));
    }

    /// A run on another table and schedule, for tests that start from the reference's.
    SamplerRun run(int steps, int first, NoiseTable other, Optional<SigmaSchedule> schedule) {
        return runs.apply(new SamplerSetup(config, other, steps, first, options.quirks(), schedule));
    }

    /// How much of the signal is left at each training timestep.
    NoiseTable table() {
        return table;
    }
}

package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import io.github.cogvideo4j.inference.InvalidModelException;
import io.github.cogvideo4j.inference.internal.scheduler.ConfigDefaults;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import io.github.cogvideo4j.inference.internal.scheduler.SolverConfig;
import io.github.cogvideo4j.inference.options.SamplerOptions;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.inference.options.TimestepSpacing;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/// A sampler set up for a model. It holds no state of a generation: each has a run of its own.
public final class Sampler {
    private final String name;
    private final Place place;
    private final SchedulerConfig config;
    /// Makes the table, with libtorch: who only asks what a model is for does without.
    private final Supplier<NoiseTable> maker;
    private final SamplerKind kind;
    private final SamplerOptions options;
    private Optional<NoiseTable> table = Optional.empty();

    private Sampler(
            String name,
            Place place,
            SchedulerConfig config,
            Supplier<NoiseTable> maker,
            SamplerKind kind,
            SamplerOptions options) {
        this.name = name;
        this.place = place;
        this.config = config;
        this.maker = maker;
        this.kind = kind;
        this.options = options;
    }

    /// The sampler of a model's `scheduler_config.json`.
    ///
    /// @param choice  which one, where it is not the one that the file names
    /// @param spacing how timesteps are spread, where it is not as the file says
    /// @throws InvalidModelException   `scheduler` when the file names a class that is unknown
    /// @throws InvalidRequestException when an option does not belong to the sampler
    public static Sampler of(
            ConfigDocument json,
            Optional<SchedulerChoice> choice,
            Optional<TimestepSpacing> spacing,
            SamplerOptions options) {
        String className = json.text("_class_name", SchedulerConfig.DEFAULT_CLASS);
        Optional<SchedulerChoice> own = Arrays.stream(SchedulerChoice.values())
                .filter(known -> known.className().equals(className))
                .findFirst();
        SchedulerChoice named = own.or(() -> choice)
                .orElseThrow(() -> new InvalidModelException(
                        ProblemCode.SCHEDULER,
                        json.place(),
                        "inference.scheduler.unknown",
                        className,
                        listed(_ -> true)));
        ConfigDefaults defaults =
                own.map(known -> SamplerKind.of(known).defaults()).orElse(ConfigDefaults.COGVIDEOX);
        SchedulerConfig config = SchedulerConfig.of(json, defaults);
        SchedulerChoice plain = choice.orElse(named);
        SchedulerChoice chosen =
                plain == SchedulerChoice.DPM_2M && config.solver().stochastic() ? SchedulerChoice.DPM_2M_SDE : plain;
        check(chosen, options);
        SchedulerConfig solved = config.withSolver(settled(config.solver(), chosen, options));
        SchedulerConfig settled = spacing.map(solved::withTimestepSpacing).orElse(solved);
        SamplerKind kind = SamplerKind.of(chosen);
        String name = chosen == SchedulerChoice.DPM_2M_SDE ? chosen.id() : chosen.className();
        return new Sampler(
                name, json.place(), settled, () -> kind.table(settled, options.keepSnrShift()), kind, options);
    }

    private static SolverConfig settled(SolverConfig own, SchedulerChoice chosen, SamplerOptions options) {
        SolverConfig solver = own.withStochastic(chosen == SchedulerChoice.DPM_2M_SDE);
        solver = options.karrasSigmas() ? solver.withKarras() : solver;
        return options.solverOrder().isPresent()
                ? solver.withOrder(options.solverOrder().getAsInt())
                : solver;
    }

    private static void check(SchedulerChoice chosen, SamplerOptions options) {
        if (options.karrasSigmas() && !chosen.hasKarras()) {
            throw refused("inference.sampler.no-karras", chosen.id(), listed(SchedulerChoice::hasKarras));
        }
        if (options.solverOrder().isPresent()) {
            int order = options.solverOrder().getAsInt();
            if (!chosen.hasOrder()) {
                throw refused("inference.sampler.no-order", chosen.id(), listed(SchedulerChoice::hasOrder));
            }
            if (order < 1 || order > SolverConfig.MOST_CHOSEN_ORDER) {
                throw refused("inference.sampler.order", order, SolverConfig.MOST_CHOSEN_ORDER);
            }
        }
    }

    private static List<String> listed(Predicate<SchedulerChoice> which) {
        return Arrays.stream(SchedulerChoice.values())
                .filter(which)
                .map(SchedulerChoice::id)
                .toList();
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
                () -> NoiseTable.unshifted(config),
                new SamplerKind(ConfigDefaults.COGVIDEOX, SamplerKind.Schedule.COGVIDEOX, InverseDdimRun::new),
                options);
    }

    /// A name that [SchedulerChoice] knows: the class in diffusers, where that is the name of only one.
    public String name() {
        return name;
    }

    /// Its configuration.
    public SchedulerConfig config() {
        return config;
    }

    /// Reports what this sampler does not know of the model's schedule, and so leaves out.
    public void warn(Warnings problems) {
        if (kind.knowsShift()) {
            return;
        }
        if (config.snrShiftScale() != 1 && !options.keepSnrShift()) {
            problems.report(
                    ProblemCode.SCHEDULER, place, "inference.sampler.drops-shift", name, config.snrShiftScale());
        }
        if (config.rescaleBetasZeroSnr() && !kind.knowsRescaling()) {
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
        return kind.runs()
                .apply(new SamplerSetup(config, table(), steps, first, options.referenceQuirks(), Optional.empty()));
    }

    /// A run on another table and schedule, for tests that start from the reference's.
    SamplerRun run(int steps, int first, NoiseTable other, Optional<SigmaSchedule> schedule) {
        return kind.runs().apply(new SamplerSetup(config, other, steps, first, options.referenceQuirks(), schedule));
    }

    /// The share of the signal that is left at each training timestep.
    synchronized NoiseTable table() {
        if (table.isEmpty()) {
            table = Optional.of(maker.get());
        }
        return table.get();
    }
}

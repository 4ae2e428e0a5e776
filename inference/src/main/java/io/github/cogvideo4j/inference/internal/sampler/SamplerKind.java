package io.github.cogvideo4j.inference.internal.sampler;

import io.github.cogvideo4j.inference.internal.scheduler.ConfigDefaults;
import io.github.cogvideo4j.inference.internal.scheduler.NoiseTable;
import io.github.cogvideo4j.inference.internal.scheduler.SchedulerConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// The registry of samplers: everything that there is to know of each. A new one is a constant here and a class
/// of its run; CONTRIBUTING has the recipe.
@SuppressWarnings("ImmutableEnumChecker") // lists that List.of made, records, and constructors
public enum SamplerKind {
    /// CogVideoX's own DDIM.
    COGVIDEOX_DDIM(
            "CogVideoXDDIMScheduler",
            List.of("DDIM_Cog", "CogVideoXDDIM", "ddim"),
            ConfigDefaults.COGVIDEOX,
            Table.COGVIDEOX,
            Solver.PLAIN,
            CogVideoXDdimRun::new),
    /// CogVideoX's own DPM-Solver++.
    COGVIDEOX_DPM(
            "CogVideoXDPMScheduler",
            List.of("dpm", "CogVideoXDPM"),
            ConfigDefaults.COGVIDEOX,
            Table.COGVIDEOX,
            Solver.PLAIN,
            CogVideoXDpmRun::new),
    /// DDIM of diffusers.
    DDIM("DDIMScheduler", List.of("DDIM_Origin"), ConfigDefaults.DDIM, Table.RESCALED, Solver.PLAIN, DdimRun::new),
    /// Euler's method.
    EULER(
            "EulerDiscreteScheduler",
            List.of("Euler"),
            ConfigDefaults.SIGMAS,
            Table.FINITE,
            Solver.KARRAS,
            EulerRun::new),
    /// Euler's method with new noise at each step.
    EULER_ANCESTRAL(
            "EulerAncestralDiscreteScheduler",
            List.of("Euler A"),
            ConfigDefaults.SIGMAS,
            Table.FINITE,
            Solver.PLAIN,
            EulerAncestralRun::new),
    /// DPM-Solver++ (2M).
    DPM(
            "DPMSolverMultistepScheduler",
            List.of("DPM++", "DPM++ 2M"),
            ConfigDefaults.SIGMAS,
            Table.FINITE,
            Solver.KARRAS_AND_ORDER,
            DpmRun::new),
    /// DPM-Solver++ (2M) with new noise at each step.
    DPM_SDE(
            "DPMSolverMultistepScheduler",
            List.of("DPM++ 2M SDE", "DPM++ SDE"),
            ConfigDefaults.SIGMAS,
            Table.FINITE,
            Solver.KARRAS_AND_ORDER,
            DpmRun::new),
    /// UniPC.
    UNIPC(
            "UniPCMultistepScheduler",
            List.of("UniPC"),
            ConfigDefaults.SIGMAS,
            Table.FINITE,
            Solver.KARRAS_AND_ORDER,
            UniPcRun::new),
    /// Heun's method.
    HEUN("HeunDiscreteScheduler", List.of("Heun"), ConfigDefaults.HEUN, Table.PLAIN, Solver.KARRAS, HeunRun::new),
    /// DEIS.
    DEIS(
            "DEISMultistepScheduler",
            List.of("DEIS"),
            ConfigDefaults.SIGMAS,
            Table.PLAIN,
            Solver.KARRAS_AND_ORDER,
            DeisRun::new),
    /// PNDM.
    PNDM("PNDMScheduler", List.of("PNDM"), ConfigDefaults.PNDM, Table.PLAIN, Solver.PLAIN, PndmRun::new),
    /// SA-Solver.
    SA_SOLVER(
            "SASolverScheduler",
            List.of("SASolver"),
            ConfigDefaults.SIGMAS,
            Table.PLAIN,
            Solver.KARRAS,
            SaSolverRun::new),
    /// The sampler of latent consistency models.
    LCM("LCMScheduler", List.of("LCM"), ConfigDefaults.LCM, Table.RESCALED, Solver.PLAIN, LcmRun::new),
    /// DDPM.
    DDPM("DDPMScheduler", List.of("DDPM"), ConfigDefaults.DDIM, Table.RESCALED, Solver.PLAIN, DdpmRun::new);

    private final String className;
    private final List<String> names;
    private final ConfigDefaults defaults;
    private final Table table;
    private final Solver solver;
    private final Function<SamplerSetup, SamplerRun> runs;

    SamplerKind(
            String className,
            List<String> names,
            ConfigDefaults defaults,
            Table table,
            Solver solver,
            Function<SamplerSetup, SamplerRun> runs) {
        this.className = className;
        this.names = names;
        this.defaults = defaults;
        this.table = table;
        this.solver = solver;
        this.runs = runs;
    }

    /// What a class makes of the noise schedule.
    private enum Table {
        /// CogVideoX's own: shifted, in fp64, and rescaled so that it ends in noise alone.
        COGVIDEOX,
        /// Rescaled, in fp32. The shift is unknown to it.
        RESCALED,
        /// Rescaled, but for the last product, which stays above 0 so that sigma is finite.
        FINITE,
        /// Neither shifted nor rescaled.
        PLAIN
    }

    /// What can be chosen.
    private enum Solver {
        /// Nothing.
        PLAIN,
        /// Karras sigmas.
        KARRAS,
        /// Karras sigmas and the order.
        KARRAS_AND_ORDER
    }

    /// Its class in diffusers.
    public String className() {
        return className;
    }

    /// Its names in ComfyUI and CogVideoX-Fun, the one that tells it from all others first.
    public List<String> names() {
        return names;
    }

    /// Whether it spreads sigmas as Karras et al. do when asked.
    public boolean hasKarras() {
        return solver != Solver.PLAIN;
    }

    /// Whether its order can be chosen.
    public boolean hasOrder() {
        return solver == Solver.KARRAS_AND_ORDER;
    }

    /// Whether it knows the shift of the signal-to-noise ratio that CogVideoX models are trained with.
    public boolean knowsShift() {
        return table == Table.COGVIDEOX;
    }

    /// Whether it knows schedules that end in noise alone.
    public boolean knowsRescaling() {
        return table != Table.PLAIN;
    }

    /// What absent keys of its configuration mean.
    ConfigDefaults defaults() {
        return defaults;
    }

    /// Starts a run.
    SamplerRun start(SamplerSetup setup) {
        return runs.apply(setup);
    }

    /// How much of the signal is left at each training timestep.
    ///
    /// @param keepsShift whether the shift counts although the class does not know it
    NoiseTable table(SchedulerConfig config, boolean keepsShift) {
        if (table == Table.COGVIDEOX) {
            return NoiseTable.shifted(config);
        }
        SchedulerConfig known = knowsRescaling() ? config : config.withoutRescaling();
        NoiseTable made = keepsShift ? NoiseTable.keepingShift(known) : NoiseTable.unshifted(known);
        return table == Table.FINITE && known.rescaleBetasZeroSnr() ? made.withFiniteEnd() : made;
    }

    /// The sampler of a name, in either case and with or without spaces, hyphens and underscores.
    public static Optional<SamplerKind> named(String name) {
        String wanted = plain(name);
        return Arrays.stream(values())
                .filter(kind -> kind.names.stream().map(SamplerKind::plain).anyMatch(wanted::equals))
                .findFirst()
                .or(() -> ofClass(wanted));
    }

    /// The sampler of a class's name.
    static Optional<SamplerKind> ofClass(String name) {
        return Arrays.stream(values())
                .filter(kind -> kind.className.equalsIgnoreCase(name))
                .findFirst();
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    }
}

package io.github.cogvideo4j.inference.options;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Samplers that can be chosen instead of the one that the model's folder names: CogVideoX's own two, and the
/// stock schedulers of diffusers under the names that ComfyUI's wrapper and CogVideoX-Fun give them.
@SuppressWarnings("ImmutableEnumChecker") // lists that List.of made
public enum SchedulerChoice {
    /// CogVideoX's own DDIM, recommended for the 2B model.
    DDIM("CogVideoXDDIMScheduler", "ddim", "DDIM_Cog", "CogVideoXDDIM"),
    /// CogVideoX's own DPM-Solver++, recommended for the 5B models, with dynamic guidance.
    DPM("CogVideoXDPMScheduler", "dpm", "CogVideoXDPM"),
    /// DDIM of diffusers.
    DDIM_ORIGIN("DDIMScheduler", "DDIM_Origin"),
    /// Euler's method.
    EULER("EulerDiscreteScheduler", Can.KARRAS, "Euler"),
    /// Euler's method with new noise at every step.
    EULER_A("EulerAncestralDiscreteScheduler", "Euler_A", "Euler Ancestral"),
    /// DPM-Solver++ of second order.
    DPM_2M("DPMSolverMultistepScheduler", Can.KARRAS_AND_ORDER, "DPM++", "DPM++ 2M"),
    /// DPM-Solver++ of second order with new noise at every step.
    DPM_2M_SDE("DPMSolverMultistepScheduler", Can.KARRAS_AND_ORDER, "DPM++_2M_SDE", "DPM++ SDE"),
    /// UniPC.
    UNIPC("UniPCMultistepScheduler", Can.KARRAS_AND_ORDER, "UniPC"),
    /// Heun's method: two calls of the model a step.
    HEUN("HeunDiscreteScheduler", Can.KARRAS, "Heun"),
    /// DEIS.
    DEIS("DEISMultistepScheduler", Can.KARRAS_AND_ORDER, "DEIS"),
    /// PNDM: nine calls of the model more than steps.
    PNDM("PNDMScheduler", "PNDM"),
    /// SA-Solver.
    SA_SOLVER("SASolverScheduler", Can.KARRAS, "SASolver"),
    /// The sampler of latent consistency models, for models and adapters that were distilled.
    LCM("LCMScheduler", "LCM"),
    /// DDPM.
    DDPM("DDPMScheduler", "DDPM");

    private final String className;
    private final Can can;
    private final List<String> names;

    SchedulerChoice(String className, String... names) {
        this(className, Can.NOTHING_MORE, names);
    }

    SchedulerChoice(String className, Can can, String... names) {
        this.className = className;
        this.can = can;
        this.names = List.of(names);
    }

    private enum Can {
        NOTHING_MORE,
        KARRAS,
        KARRAS_AND_ORDER
    }

    /// Its class in diffusers. DPM-Solver++ and its stochastic form share one.
    public String className() {
        return className;
    }

    /// The name that stands for it, `Euler_A`. Each is read in either case, with spaces, hyphens and underscores
    /// or without.
    public String id() {
        return names.getFirst();
    }

    @Override
    public String toString() {
        return id();
    }

    /// Whether it can spread its steps by Karras sigmas.
    public boolean hasKarras() {
        return can != Can.NOTHING_MORE;
    }

    /// Whether the order of its solver can be chosen.
    public boolean hasOrder() {
        return can == Can.KARRAS_AND_ORDER;
    }

    /// The sampler of a name or of a class.
    public static Optional<SchedulerChoice> named(String name) {
        String wanted = plain(name);
        return Arrays.stream(values())
                .filter(choice -> plain(choice.name()).equals(wanted)
                        || plain(choice.className).equals(wanted)
                        || choice.names.stream().map(SchedulerChoice::plain).anyMatch(wanted::equals))
                .findFirst();
    }

    /// The sampler of a class of diffusers, or of a name.
    ///
    /// @throws IllegalArgumentException when there is none
    public static SchedulerChoice ofClass(String name) {
        return named(name).orElseThrow(() -> new IllegalArgumentException(name));
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    }
}

package io.github.cogvideo4j.inference.options;

import java.util.Arrays;

/// Schedulers that can be chosen instead of the one that the model's folder names.
public enum SchedulerChoice {
    /// DDIM, recommended for the 2B model.
    DDIM("CogVideoXDDIMScheduler"),
    /// DPM-Solver++, recommended for the 5B models, with dynamic guidance.
    DPM("CogVideoXDPMScheduler");

    private final String className;

    SchedulerChoice(String className) {
        this.className = className;
    }

    /// The scheduler of a class of diffusers.
    ///
    /// @throws IllegalArgumentException when there is none of that class
    public static SchedulerChoice ofClass(String name) {
        return Arrays.stream(values())
                .filter(choice -> choice.className.equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(name));
    }
}

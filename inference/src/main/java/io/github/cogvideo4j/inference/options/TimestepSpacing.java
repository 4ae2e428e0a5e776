package io.github.cogvideo4j.inference.options;

/// The rule by which training timesteps are chosen.
public enum TimestepSpacing {
    /// Whole multiples of the step, counted from the least noise.
    LEADING("leading"),
    /// Equal steps from the last training timestep down: what the models' authors recommend.
    TRAILING("trailing"),
    /// Equal steps over the whole range, both ends included.
    LINSPACE("linspace");

    private final String id;

    TimestepSpacing(String id) {
        this.id = id;
    }

    /// The value in `scheduler_config.json`.
    public String id() {
        return id;
    }

    @Override
    public String toString() {
        return id;
    }
}

package io.github.cogvideo4j.inference.internal.scheduler;

/// The quantities that a transformer predicts.
public enum PredictionType {
    /// The noise in the sample.
    EPSILON("epsilon"),
    /// The sample without noise.
    SAMPLE("sample"),
    /// The velocity between them: what every CogVideoX model was trained for.
    V_PREDICTION("v_prediction");

    private final String id;

    PredictionType(String id) {
        this.id = id;
    }

    /// The value in `scheduler_config.json`.
    public String id() {
        return id;
    }
}

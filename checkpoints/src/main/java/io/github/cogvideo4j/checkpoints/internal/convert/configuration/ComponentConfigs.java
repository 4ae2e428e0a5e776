package io.github.cogvideo4j.checkpoints.internal.convert.configuration;

import io.github.cogvideo4j.checkpoints.InvalidRequestException;
import io.github.cogvideo4j.checkpoints.base.BaseModel;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.internal.model.TransformerConfig;
import io.github.cogvideo4j.checkpoints.internal.placement.PlacedComponent;
import io.github.cogvideo4j.checkpoints.layout.Component;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.formats.problem.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The configuration files of the components that a conversion makes.
public final class ComponentConfigs {
    private static final String SCHEDULER = "scheduler/scheduler_config.json";

    private final List<PlacedComponent> components;
    private final Optional<BaseModel> base;
    private final ModelClaims claims;
    private final Warnings warnings;
    private final SequencedMap<String, String> files = new LinkedHashMap<>();

    /// @param components what is converted
    /// @param base       the model that was fine-tuned
    /// @param claims     what the caller says about it
    /// @param warnings    receives what was derived or assumed
    public ComponentConfigs(
            List<PlacedComponent> components, Optional<BaseModel> base, ModelClaims claims, Warnings warnings) {
        this.components = components;
        this.base = base;
        this.claims = claims;
        this.warnings = warnings;
    }

    /// The files' text by path below the output.
    public SequencedMap<String, String> decide() throws IOException {
        Optional<TransformerConfig> transformer = Optional.empty();
        for (PlacedComponent placed : readBy(KnownReader.COGVIDEOX_TRANSFORMER)) {
            TransformerConfiguration.Decision decision = TransformerConfiguration.decide(placed, base, warnings);
            put(
                    placed.component(),
                    ClaimedTransformer.settle(
                            claims, decision, Place.of(placed.checkpoint().folder())));
            transformer = Optional.of(decision.config());
        }
        List<PlacedComponent> autoencoders = readBy(KnownReader.COGVIDEOX_VAE);
        for (PlacedComponent placed : autoencoders) {
            put(placed.component(), new VaeConfiguration(placed, claims, warnings).decide(base, transformer));
        }
        for (PlacedComponent placed : readBy(KnownReader.T5)) {
            put(placed.component(), DerivedConfiguration.ofTextEncoder(placed, base, warnings));
        }
        for (PlacedComponent placed : readBy(KnownReader.NONE)) {
            OtherConfiguration.find(placed, base, warnings).ifPresent(text -> put(placed.component(), text));
        }
        if (claims.scalingFactor().isPresent() && autoencoders.isEmpty()) {
            warnings.report(ProblemCode.ASSUMED, Place.nowhere(), "checkpoints.convert.no-vae-to-scale");
        }
        if (transformer.isEmpty() && claims.aboutTransformer()) {
            warnings.report(ProblemCode.ASSUMED, Place.nowhere(), "checkpoints.convert.claims-not-compared");
        }
        if (claims.snrShiftScale().isPresent()) {
            refuseOtherScheduler();
            files.put(SCHEDULER, scheduler(claims.snrShiftScale().getAsDouble()));
        }
        return files;
    }

    /// Only CogVideoX's schedulers have such a shift.
    private void refuseOtherScheduler() throws IOException {
        for (PlacedComponent placed : readBy(KnownReader.NONE)) {
            throw new InvalidRequestException(
                    ProblemCode.WRONG_COMPONENT,
                    Place.of(placed.checkpoint().folder()),
                    "checkpoints.convert.shift-of-another",
                    placed.family()
                            .map(family -> family.classes().getFirst())
                            .orElse(placed.component().folder()));
        }
    }

    private List<PlacedComponent> readBy(KnownReader reader) throws IOException {
        List<PlacedComponent> found = new ArrayList<>();
        for (PlacedComponent placed : components) {
            if (KnownReader.of(placed, base) == reader) {
                found.add(placed);
            }
        }
        return found;
    }

    private void put(Component component, String text) {
        files.put(component.folder() + "/config.json", text);
    }

    /// The base's scheduler with another shift, or the one that every published model has.
    private String scheduler(double snrShiftScale) throws IOException {
        Optional<Path> given =
                base.map(model -> model.folder().resolve(SCHEDULER)).filter(Files::isRegularFile);
        ConfigDocument document = given.isPresent()
                ? ConfigDocument.read(given.get())
                : ConfigDocument.empty()
                        .with("_class_name", "CogVideoXDDIMScheduler")
                        .with("beta_end", 0.012)
                        .with("beta_schedule", "scaled_linear")
                        .with("beta_start", 0.00085)
                        .with("clip_sample", false)
                        .with("num_train_timesteps", 1000)
                        .with("prediction_type", "v_prediction")
                        .with("rescale_betas_zero_snr", true)
                        .with("set_alpha_to_one", true)
                        .with("timestep_spacing", "trailing");
        return document.with("snr_shift_scale", snrShiftScale).toJson();
    }
}

package io.github.cogvideo4j.checkpoints.convert;

import io.github.cogvideo4j.checkpoints.cast.TargetDType;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.FileOptions;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.LinkMode;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ModelClaims;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.OutputFormat;
import io.github.cogvideo4j.checkpoints.convert.ConversionOptions.ResultLayout;
import io.github.cogvideo4j.checkpoints.internal.job.RequestFields;
import io.github.cogvideo4j.checkpoints.internal.job.RequestText;
import java.util.regex.Pattern;
import tools.jackson.databind.node.ObjectNode;

/// The JSON form of [ConversionOptions]: the fields that differ from the defaults.
final class OptionsJson {
    /// A part of file names.
    private static final Pattern VARIANT = Pattern.compile("[A-Za-z0-9_]{1,32}");

    private OptionsJson() {}

    static void write(ConversionOptions options, ObjectNode json) {
        ConversionOptions usual = ConversionOptions.defaults();
        options.dtype().ifPresent(dtype -> json.put("dtype", dtype.id()));
        if (options.files().format() != usual.files().format()) {
            json.put("format", options.files().format().toString());
        }
        if (options.files().maxShardBytes() != usual.files().maxShardBytes()) {
            json.put("max_shard_bytes", options.files().maxShardBytes());
        }
        RequestText.text(json, "variant", options.files().variant());
        if (options.link() != usual.link()) {
            json.put("link", options.link().toString());
        }
        RequestText.threads(json, options.threads());
        RequestText.flag(json, "overwrite", options.overwrite());
        RequestText.flag(json, "verify", options.verify());
        if (options.layout() != usual.layout()) {
            json.put("layout", options.layout().toString());
        }
        RequestText.text(json, "component", options.component());
        RequestText.flag(json, "unchecked_names", options.unchecked());
        if (!options.claims().equals(ModelClaims.none())) {
            write(options.claims(), json.putObject("claims"));
        }
    }

    private static void write(ModelClaims claims, ObjectNode json) {
        claims.layers().ifPresent(count -> json.put("layers", count));
        claims.heads().ifPresent(count -> json.put("heads", count));
        RequestText.flag(json, "rotary", claims.rotary());
        RequestText.flag(json, "image_to_video", claims.imageToVideo());
        RequestText.text(json, "model_version", claims.version());
        claims.scalingFactor().ifPresent(factor -> json.put("scaling_factor", factor));
        claims.snrShiftScale().ifPresent(scale -> json.put("snr_shift_scale", scale));
    }

    static ConversionOptions read(RequestFields fields) {
        ConversionOptions usual = ConversionOptions.defaults();
        return new ConversionOptions(
                fields.choice("dtype", TargetDType.class),
                new FileOptions(
                        fields.choice("format", OutputFormat.class)
                                .orElse(usual.files().format()),
                        fields.large("max_shard_bytes", 1, Long.MAX_VALUE)
                                .orElse(usual.files().maxShardBytes()),
                        fields.text("variant", VARIANT)),
                fields.choice("link", LinkMode.class).orElse(usual.link()),
                RequestText.threads(fields),
                fields.flag("overwrite"),
                fields.flag("verify"),
                claims(fields.object("claims")),
                fields.choice("layout", ResultLayout.class).orElse(usual.layout()),
                fields.component("component"),
                fields.flag("unchecked_names"));
    }

    private static ModelClaims claims(RequestFields fields) {
        ModelClaims claims = new ModelClaims(
                fields.whole("layers", 1, Integer.MAX_VALUE),
                fields.whole("heads", 1, Integer.MAX_VALUE),
                fields.flag("rotary"),
                fields.flag("image_to_video"),
                fields.text("model_version"),
                fields.positive("scaling_factor"),
                fields.positive("snr_shift_scale"));
        fields.end();
        return claims;
    }
}

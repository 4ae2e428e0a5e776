package io.github.cogvideo4j.server.internal.request;

import io.github.cogvideo4j.formats.problem.Message;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.server.internal.job.Job.Operation;
import io.github.cogvideo4j.server.internal.job.ModelCard;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Input;
import io.github.cogvideo4j.server.internal.request.InputFile.Kind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a video starts from, which follows from the files that came, and which model can do that.
final class KindRules {
    private static final String REFERENCE = "input_reference";
    private static final String VIDEO = "video";
    private static final String CONTROL = "control_video";
    private static final String LAST_IMAGE = "last_image";
    private static final String MASK = "mask";
    private static final String KIND = "kind";

    private KindRules() {}

    /// The kind of generation that the files stand for.
    static GenerationKind kind(
            Optional<String> named, Map<String, InputFile> files, Operation operation, boolean onlyEstimate) {
        List<String> sources = List.of(REFERENCE, VIDEO, CONTROL).stream()
                .filter(files::containsKey)
                .toList();
        if (sources.size() > 1) {
            throw ApiException.invalid(sources.get(1), "server.request.both", sources.get(0), sources.get(1));
        }
        Optional<GenerationKind> wanted = named.filter(text -> !text.isBlank()).map(KindRules::named);
        if (operation == Operation.EXTENSION) {
            requireVideo(files);
            return GenerationKind.I2V;
        }
        if (operation == Operation.EDIT) {
            requireVideo(files);
            return GenerationKind.V2V;
        }
        GenerationKind found = found(files, wanted);
        if (wanted.isPresent() && wanted.get() != found) {
            if (onlyEstimate && sources.isEmpty()) {
                return wanted.get();
            }
            throw ApiException.invalid(KIND, "server.request.kind-input", wanted.get(), found);
        }
        return found;
    }

    private static GenerationKind found(Map<String, InputFile> files, Optional<GenerationKind> wanted) {
        if (files.containsKey(CONTROL)) {
            requireMoving(files, CONTROL);
            return wanted.filter(GenerationKind::isControlled).orElse(GenerationKind.CONTROL);
        }
        if (files.containsKey(VIDEO)) {
            requireMoving(files, VIDEO);
            return GenerationKind.V2V;
        }
        if (files.containsKey(REFERENCE)) {
            return is(files, REFERENCE, Kind.VIDEO) ? GenerationKind.V2V : GenerationKind.I2V;
        }
        return GenerationKind.T2V;
    }

    private static GenerationKind named(String text) {
        return Arrays.stream(GenerationKind.values())
                .filter(kind -> kind.toString().equals(text))
                .findFirst()
                .orElseThrow(() ->
                        ApiException.invalid(KIND, "server.request.one-of", KIND, List.of(GenerationKind.values())));
    }

    private static void requireVideo(Map<String, InputFile> files) {
        if (!files.containsKey(VIDEO)) {
            throw ApiException.missing(VIDEO);
        }
        requireMoving(files, VIDEO);
    }

    private static void requireMoving(Map<String, InputFile> files, String field) {
        if (is(files, field, Kind.IMAGE)) {
            throw ApiException.invalid(field, "server.request.no-moving", field);
        }
    }

    /// The model that is named, or the first that can.
    static ModelCard model(List<ModelCard> models, Optional<String> named, GenerationKind kind, Operation operation) {
        Optional<String> name = named.filter(text -> !text.isBlank());
        if (name.isPresent()) {
            return models.stream()
                    .filter(model -> model.name().equals(name.get()))
                    .findFirst()
                    .orElseThrow(() -> ApiException.invalid(
                            "model",
                            "model_not_found",
                            Message.of(
                                    "server.request.model",
                                    RequestBody.shown(name.get()),
                                    models.stream().map(ModelCard::name).toList())));
        }
        return models.stream()
                .filter(model -> model.kinds().contains(kind))
                .findFirst()
                .orElse(models.getFirst());
    }

    /// Refuses what the model cannot. An animation is an image to a model that takes no video.
    static GenerationKind settle(GenerationKind kind, ModelCard model, Map<String, InputFile> files) {
        if (model.kinds().contains(kind)) {
            return kind;
        }
        boolean animation = is(files, REFERENCE, Kind.ANIMATION);
        if (animation && kind == GenerationKind.I2V && model.kinds().contains(GenerationKind.V2V)) {
            return GenerationKind.V2V;
        }
        String field = List.of(REFERENCE, VIDEO, CONTROL).stream()
                .filter(files::containsKey)
                .findFirst()
                .orElse("model");
        throw ApiException.invalid(field, "server.request.kind", model.name(), kind, model.kinds());
    }

    /// The files by what they are for.
    static Map<Input, String> inputs(Map<String, InputFile> files, GenerationKind kind, ModelCard model) {
        Map<Input, String> inputs = new EnumMap<>(Input.class);
        for (String field : List.of(REFERENCE, VIDEO, CONTROL)) {
            Optional.ofNullable(files.get(field)).ifPresent(file -> inputs.put(Input.INPUT, file.name()));
        }
        Optional.ofNullable(files.get(LAST_IMAGE)).ifPresent(last -> {
            if (!model.inpaints() || kind != GenerationKind.I2V || last.kind() == Kind.VIDEO) {
                throw ApiException.invalid(LAST_IMAGE, "server.request.last-image", model.name());
            }
            inputs.put(Input.LAST_IMAGE, last.name());
        });
        Optional.ofNullable(files.get(MASK)).ifPresent(mask -> {
            if (!model.inpaints() || kind != GenerationKind.V2V) {
                throw ApiException.invalid(MASK, "server.request.mask", model.name());
            }
            inputs.put(Input.MASK, mask.name());
        });
        return inputs;
    }

    private static boolean is(Map<String, InputFile> files, String field, Kind kind) {
        return Optional.ofNullable(files.get(field))
                .filter(file -> file.kind() == kind)
                .isPresent();
    }
}

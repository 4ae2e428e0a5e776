package io.github.cogvideo4j.server.internal.job;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.json.JsonFile;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import io.github.cogvideo4j.inference.generation.GenerationRequest;
import io.github.cogvideo4j.inference.generation.RequestJson;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions.LoraChoice;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Input;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Lora;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The JSON form of a [VideoRequest]: the library's form of a generation, in which names stand where paths would.
final class VideoRequestJson {
    /// Names of the server's own making, and those that whoever runs it gave to models and adapters.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

    /// The library's form holds absolute paths: names are written as if all lay in one folder, and only such are read.
    private static final Path NAMES = Path.of("").toAbsolutePath().getRoot();

    private static final String REMIXED = "remixed_from_video_id";
    private static final String REQUEST = "request";

    private VideoRequestJson() {}

    static boolean isPlain(String name) {
        return PLAIN.matcher(name).matches();
    }

    static ObjectNode write(VideoRequest request) {
        GenerationRequest generation = request.generation(
                NAMES.resolve(request.model()),
                PipelineOptions.defaults(),
                NAMES::resolve,
                NAMES,
                NAMES.resolve("video.mp4"));
        ObjectNode json = JsonFile.newObject();
        json.set(REQUEST, RequestJson.write(generation));
        request.remixedFrom().ifPresent(id -> json.put(REMIXED, id));
        return json;
    }

    static VideoRequest read(ObjectNode json) {
        if (!(json.get(REQUEST) instanceof ObjectNode request)) {
            throw bad(REQUEST);
        }
        for (String name : json.propertyNames()) {
            if (!name.equals(REQUEST) && !name.equals(REMIXED)) {
                throw bad(name);
            }
        }
        GenerationRequest generation = RequestJson.read(request, Place.nowhere());
        if (generation.prompts().size() != 1) {
            throw bad("prompts");
        }
        Map<Input, String> inputs = new EnumMap<>(Input.class);
        var prompt = generation.prompts().getFirst();
        prompt.input().ifPresent(file -> inputs.put(Input.INPUT, plain(file, "input")));
        prompt.lastImage().ifPresent(file -> inputs.put(Input.LAST_IMAGE, plain(file, "last_image")));
        prompt.mask().ifPresent(file -> inputs.put(Input.MASK, plain(file, "mask")));
        return new VideoRequest(
                plain(generation.model(), "model"),
                generation.kind(),
                prompt.text(),
                generation.negativePrompt(),
                generation.settings(),
                generation.options().scheduler(),
                generation.options().loras().stream()
                        .map(VideoRequestJson::lora)
                        .toList(),
                generation.seed(),
                inputs,
                generation.outputs().previewEvery(),
                generation.extension().isPresent()
                        ? OptionalInt.of(generation.extension().get().clips())
                        : OptionalInt.empty(),
                Optional.ofNullable(json.get(REMIXED)).map(VideoRequestJson::id));
    }

    private static Lora lora(LoraChoice choice) {
        return new Lora(plain(choice.path(), "loras"), choice.scale());
    }

    private static String id(JsonNode node) {
        if (node.isString() && isPlain(node.stringValue())) {
            return node.stringValue();
        }
        throw bad(REMIXED);
    }

    private static String plain(Path path, String field) {
        Path name = path.getFileName();
        if (name == null || !NAMES.equals(path.getParent()) || !isPlain(name.toString())) {
            throw bad(field);
        }
        return name.toString();
    }

    private static MalformedFileException bad(String field) {
        return new MalformedFileException(ProblemCode.REQUEST, Place.nowhere(), "inference.request.field", field);
    }
}

package io.github.cogvideo4j.server.internal.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.inference.generation.GenerationKind;
import io.github.cogvideo4j.inference.generation.GenerationSettings;
import io.github.cogvideo4j.inference.options.CacheChoice;
import io.github.cogvideo4j.inference.options.SchedulerChoice;
import io.github.cogvideo4j.server.internal.job.VideoRequest;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Input;
import io.github.cogvideo4j.server.internal.job.VideoRequest.Lora;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/// What is written is what is read, and names stay names.
class VideoRequestTest {
    @Property(tries = 200)
    void theJsonFormIsReadAsItWasWritten(Generator random) {
        VideoRequest request = request(random);
        assertThat(VideoRequest.read(request.toJson())).isEqualTo(request);
    }

    @Property(tries = 50)
    void aNameThatIsAPathIsRefused(Generator random) {
        String path = random.of("../x", "/etc/passwd", "a/b", "..", "/.hidden", "", "/a\\b", "/x\0", "/");
        ObjectNode json = request(random).toJson();
        ObjectNode inner = (ObjectNode) json.get("request");
        inner.put("model", path);
        assertThatThrownBy(() -> VideoRequest.read(json)).isInstanceOf(MalformedFileException.class);
    }

    @Property(tries = 50)
    void aWishHasNeitherSeedNorNamesOfUploads(Generator random) {
        VideoRequest request = request(random);
        Map<Input, String> others = new LinkedHashMap<>();
        request.inputs().keySet().forEach(input -> others.put(input, "00000000000000ff.part"));
        VideoRequest again = new VideoRequest(
                request.model(),
                request.kind(),
                request.prompt(),
                request.negativePrompt(),
                request.settings(),
                request.scheduler(),
                request.loras(),
                request.seed() + 1,
                others,
                request.previewEvery(),
                request.clips(),
                request.remixedFrom());
        assertThat(again.wish()).isEqualTo(request.wish());
        assertThat(request.wish().inputs().keySet()).isEqualTo(request.inputs().keySet());
    }

    static VideoRequest request(Generator random) {
        GenerationSettings settings = GenerationSettings.defaults()
                .withWidth(random.integer(8, 2000))
                .withHeight(random.integer(8, 2000))
                .withNumFrames(random.integer(1, 200))
                .withSteps(random.integer(1, 200))
                .withGuidanceScale(random.integer(0, 20))
                .withFramesPerSecond(random.integer(1, 60));
        Map<Input, String> inputs = new LinkedHashMap<>();
        if (random.bool()) {
            settings = settings.withCache(CacheChoice.of("mag"));
            inputs.put(Input.INPUT, "0123456789abcdef.part");
            inputs.put(Input.MASK, "fedcba9876543210.part");
        }
        return new VideoRequest(
                random.of("cogvideo", "my-model.v2"),
                random.of(GenerationKind.values()),
                random.text(40),
                random.bool() ? Optional.of(random.text(20)) : Optional.empty(),
                settings,
                random.bool() ? Optional.of(SchedulerChoice.DDIM) : Optional.empty(),
                random.bool() ? List.of(new Lora("style", 0.5)) : List.of(),
                random.longBits(),
                inputs,
                random.integer(0, 5),
                random.bool() ? OptionalInt.of(2) : OptionalInt.empty(),
                random.bool() ? Optional.of("video_abc") : Optional.empty());
    }
}

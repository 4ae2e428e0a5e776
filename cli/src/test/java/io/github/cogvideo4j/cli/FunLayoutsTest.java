package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// `generate` with CogVideoX1.5 as the derivatives of it have its input: with more channels, whose weights are 0 here.
class FunLayoutsTest {
    private static final String PROJECTION = "patch_embed.proj.weight";

    @TempDir
    private Path folder;

    /// A control video has to fill whole patches in time: there is no padding.
    @Test
    void aControlOfCogVideoX15FillsWholePatchesInTime() throws IOException {
        Path model = widened(32);
        Run run = generate(model, "--control-video", video(9));
        assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("9 frames", "nearest possible number is 5");
        Run fitting = generate(model, "--control-video", video(13));
        assertThat(fitting.exit()).as(fitting.err()).isEqualTo(ExitCode.DONE);
    }

    /// An inpainting model cuts what does not fill a patch, and a single latent frame stands for one.
    @Test
    void inpaintingOfCogVideoX15IsCutToWholePatchesInTime() throws IOException {
        Path model = widened(33);
        Run cut = generate(model, "--num-frames", "17");
        assertThat(cut.exit()).as(cut.err()).isEqualTo(ExitCode.DONE);
        assertThat(cut.err() + cut.out()).contains("16 frames");
        Run single = generate(model, "--num-frames", "1", "--overwrite");
        assertThat(single.exit()).as(single.err()).isEqualTo(ExitCode.DONE);
        assertThat(single.err() + single.out()).contains("1 frame,");
    }

    @Test
    void voidsMasksAreRefusedByName() throws IOException {
        Path model = widened(48);
        for (String[] more : new String[][] {{}, {"--video", video(5)}, {"--control-video", video(5)}}) {
            Run run = generate(model, more);
            assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(run.err())
                    .contains("48 input channels", "VOID", "[pipeline-class]")
                    .doesNotContain("\tat ");
        }
    }

    private Run generate(Path model, String... more) {
        String[] words = {
            "generate",
            "--model",
            model.toString(),
            "--prompt",
            "x",
            "--height",
            "32",
            "--width",
            "32",
            "--num-inference-steps",
            "1",
            "--output-path",
            folder.resolve("x.gif").toString()
        };
        String[] all = new String[words.length + more.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(more, 0, all, words.length, more.length);
        return Run.of(all);
    }

    private String video(int frames) throws IOException {
        Path file = folder.resolve("video-" + frames);
        if (Files.notExists(file)) {
            try (Video video = Video.allocate(frames, 32, 32, 8)) {
                video.save(file);
            }
        }
        return file.toString();
    }

    /// CogVideoX1.5 with another number of input channels.
    private Path widened(int channels) throws IOException {
        Path model = Resources.copy(Resources.golden("pipelines/t2v-1.5"), folder.resolve("model"));
        Path config = model.resolve("transformer/config.json");
        Files.writeString(
                config, Files.readString(config).replace("\"in_channels\": 16", "\"in_channels\": " + channels));
        Path weights = model.resolve("transformer/diffusion_pytorch_model.safetensors");
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(weights)).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(file.getLong(0));
        JsonNode names = JsonMapper.shared().readTree(new String(file.array(), 8, length, StandardCharsets.UTF_8));
        ObjectNode header = JsonMapper.shared().createObjectNode();
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Map.Entry<String, JsonNode> tensor : names.properties()) {
            if (tensor.getKey().equals("__metadata__")) {
                continue;
            }
            JsonNode offsets = tensor.getValue().get("data_offsets");
            int first = offsets.get(0).asInt();
            int size = offsets.get(1).asInt() - first;
            ObjectNode written = header.putObject(tensor.getKey());
            written.set("dtype", tensor.getValue().get("dtype"));
            int start = data.size();
            if (tensor.getKey().equals(PROJECTION)) {
                int columns = tensor.getValue().get("shape").get(1).asInt();
                written.putArray("shape")
                        .add(tensor.getValue().get("shape").get(0).asInt())
                        .add(columns / 16 * channels);
                data.write(new byte[size / 16 * channels]);
            } else {
                written.set("shape", tensor.getValue().get("shape"));
                data.write(file.array(), 8 + length + first, size);
            }
            written.putArray("data_offsets").add(start).add(data.size());
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        try (var out = Files.newOutputStream(weights)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(text.length)
                    .array());
            out.write(text);
            data.writeTo(out);
        }
        return model;
    }
}

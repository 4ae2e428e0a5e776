package io.github.cogvideo4j.cli.project;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.Main;
import io.github.cogvideo4j.cli.Run;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The commands whose output documents show. A block marked `console` is run, line by line in one folder for each
/// document, and must print what stands below each command. A line `...` stands for any number of lines.
class ShownOutputTest {
    @TempDir
    Path folder;

    /// JUnit warns of links that lead out of the folder when it clears it.
    @AfterEach
    void removeTheLink() throws IOException {
        Files.deleteIfExists(folder.resolve("testing"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "README_zh.md", "docs/inspect.md"})
    @EnabledOnOs(OS.LINUX)
    void whatIsShownIsWhatHappens(String document) throws Exception {
        prepare();
        List<String> lines = Files.readString(Resources.project(document))
                .replace(" \\\n", " ")
                .lines()
                .toList();
        int commands = 0;
        boolean console = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            console = line.startsWith("```") ? line.equals("```console") : console;
            if (!console || !line.startsWith("$ ")) {
                continue;
            }
            List<String> expected = lines.subList(i + 1, lines.size()).stream()
                    .takeWhile(shown -> !shown.startsWith("$ ") && !shown.startsWith("```"))
                    .toList();
            if (line.contains(" hurt ")) {
                hurt();
            }
            List<String> printed = run(line.substring(2));
            if (!fits(expected, printed)) {
                assertThat(printed).as("%s: %s", document, line).isEqualTo(expected);
            }
            commands++;
        }
        assertThat(commands).isGreaterThan(4);
    }

    private static boolean fits(List<String> expected, List<String> printed) {
        String pattern = expected.stream()
                .map(line -> line.strip().equals("...") ? "(?:.*\\n)*?" : Pattern.quote(line.stripTrailing()) + " *\\n")
                .collect(Collectors.joining());
        return Pattern.matches(
                pattern, printed.stream().map(line -> line + "\n").collect(Collectors.joining()));
    }

    /// `./cogvideo`, and the repository's files that commands copy.
    private void prepare() throws IOException {
        Files.createSymbolicLink(folder.resolve("testing"), Resources.project("testing"));
        Path launcher = Files.writeString(folder.resolve("cogvideo"), """
                #!/bin/sh
                exec '%s' -Xmx256m -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \
                  -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 \
                  -Dorg.bytedeco.javacpp.logger=slf4j -Dslf4j.internal.verbosity=ERROR -cp '%s' %s "$@"
                """.formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"), Run.classPath(), Main.class.getName()));
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
    }

    /// What the document does not show: how `my-model` was hurt. One bit of one value.
    private void hurt() throws IOException {
        Path hurt = Resources.copy(folder.resolve("my-model"), folder.resolve("hurt"));
        Path weights = hurt.resolve("transformer/diffusion_pytorch_model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        int header = Math.toIntExact(
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong());
        JsonNode tensors = JsonMapper.shared().readTree(new String(bytes, Long.BYTES, header, UTF_8));
        int start = tensors.get("transformer_blocks.1.norm2.norm.bias")
                .get("data_offsets")
                .get(0)
                .intValue();
        bytes[Long.BYTES + header + start + 14 * Short.BYTES] ^= 1;
        Files.write(weights, bytes);
    }

    private List<String> run(String command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", command)
                .directory(folder.toFile())
                .redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> !List.of("PATH", "HOME").contains(name));
        builder.environment().putAll(Map.of("LC_ALL", "C.UTF-8", "OPT_OUT_TRACKING", "true"));
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return Run.withoutTime(output).lines().toList();
    }
}

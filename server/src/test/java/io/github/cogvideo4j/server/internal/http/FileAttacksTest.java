package io.github.cogvideo4j.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Attacks by files: their names, fields, kinds, and what they unfold to.
class FileAttacksTest extends BodyAttacks {
    private static final int MEBI = 1 << 20;

    @Test
    @Attack(
            name = "file-name",
            tries = "an upload called `../../.ssh/authorized_keys`, an absolute path, or with a line break",
            fails = "a client's file names are never used; files have names of ours")
    void fileNamesMeanNothing() throws IOException {
        for (String name : List.of(
                "../../.ssh/authorized_keys",
                "/etc/cron.d/x",
                "..\\\\..\\\\x",
                "x.png\\\"; filename=\\\"y",
                "CON",
                "a".repeat(2_000))) {
            refused(part("input_reference", new byte[] {1, 2, 3}, name), "400 invalid_value", "input_reference");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .doesNotContain("authorized_keys", "x", "y", "CON");
        }
    }

    @Test
    @Attack(name = "file-field", tries = "a file in a field that takes none", fails = "five fields take files")
    void fewFieldsTakeFiles() throws IOException {
        for (String field : List.of("prompt", "lora", "model", "x", "input_reference[image_url]")) {
            assertThat(Front.code(part(field, new byte[] {1}, "f"))).as(field).isEqualTo("400 unknown_parameter");
        }
    }

    @Test
    @Attack(
            name = "file-kind",
            tries = "pages, scripts, playlists and archives under the name and type of an image or video",
            fails = "the first bytes decide, and only plain images and containers are taken")
    void theFirstBytesDecide() throws IOException {
        for (String text : List.of(
                "<html><script>alert(1)</script>",
                "<svg xmlns='http://www.w3.org/2000/svg'/>",
                "#EXTM3U\n#EXTINF:1\n/etc/passwd\n",
                "ffconcat version 1.0\nfile /etc/passwd\n",
                "v=0\no=- 0 0 IN IP4 127.0.0.1\n",
                "PK\u0003\u0004",
                "%PDF-1.7",
                "#!/bin/sh\n",
                "")) {
            refused(
                    part("input_reference", text.getBytes(StandardCharsets.ISO_8859_1), "x.png"),
                    "400 invalid_value",
                    "input_reference");
            refused(
                    part("control_video", text.getBytes(StandardCharsets.ISO_8859_1), "x.mp4"),
                    "400 invalid_value",
                    "control_video");
        }
    }

    private void unusable(byte[] file, String name) throws IOException {
        refused(part("input_reference", file, name), "400 unusable_file", "input_reference");
    }

    @Test
    @Attack(
            name = "png-bomb",
            tries = "a PNG of a few bytes whose header promises 100,000 x 100,000 pixels",
            fails = "the size is read before a pixel is, and 67 million pixels are the most")
    void aPngBombIsRefused() throws IOException {
        byte[] png = HexFormat.of()
                .parseHex("89504e470d0a1a0a0000000d49484452000186a0000186a008020000006bd1be28"
                        + "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082");
        unusable(png, "x.png");
        String url = "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
        refused(
                json("{\"prompt\":\"p\",\"input_reference\":{\"image_url\":\"" + url + "\"}}"),
                "400 unusable_file",
                "input_reference");
    }

    @Test
    @Attack(name = "jpeg-bomb", tries = "a JPEG of 65,535 x 65,535 pixels", fails = "the same")
    void aJpegBombIsRefused() throws IOException {
        byte[] jpeg =
                HexFormat.of().parseHex("ffd8ffc0001108ffffffff03011100021101031101ffda000c03010002110311003f00ffd9");
        unusable(jpeg, "x.jpg");
    }

    @Test
    @Attack(name = "webp-bomb", tries = "a WebP whose canvas has 16,384 x 16,384 pixels", fails = "the same")
    void aWebpBombIsRefused() throws IOException {
        byte[] webp = HexFormat.of()
                .parseHex("524946462200000057454250565038580a00000000000000ff3f00ff3f00"
                        + "5650384c0600000 02fff3fff0f00".replace(" ", ""));
        unusable(webp, "x.webp");
    }

    @Test
    @Attack(
            name = "gif-bomb",
            tries = "a GIF of 65,535 x 65,535 pixels",
            fails = "a frame of a video has 4096 x 2304 pixels at most")
    void aGifBombIsRefused() throws IOException {
        byte[] gif = HexFormat.of()
                .parseHex("474946383961ffffffff800000000000ffffff2c00000000ffffffff000202440100 3b".replace(" ", ""));
        unusable(gif, "x.gif");
    }

    @Test
    @Attack(
            name = "mp4-bomb",
            tries = "an MP4 of a few kilobytes that unfolds to thousands of frames, or is cut off",
            fails = "frames are counted before they are kept, and 3,000 are the most")
    void anMp4BombIsRefused() throws IOException {
        Path file = folder.resolve("long.mp4");
        try (Video video = Video.allocate(3_100, 16, 32, 30)) {
            video.save(file, false);
        }
        byte[] bytes = Files.readAllBytes(file);
        unusable(bytes, "x.mp4");
        byte[] cut = ByteBuffer.allocate(64).put(front.jobs.videoBytes(), 0, 64).array();
        unusable(cut, "x.mp4");
    }

    @Test
    @Attack(
            name = "data-url-size",
            tries = "a data URL of more than 20 MiB in a form",
            fails = "it is decoded block by block and given up there")
    void aDataUrlHasASize() throws IOException {
        String url = "data:image/png;base64," + "AAAA".repeat(8 * MEBI);
        HttpResponse<String> answer = part("input_reference[image_url]", url);
        assertThat(Front.code(answer)).isEqualTo("413 request_too_large");
    }
}

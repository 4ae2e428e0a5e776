package io.github.cogvideo4j.inference.internal.preprocess;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.inference.Golden;
import io.github.cogvideo4j.inference.image.Image;
import io.github.cogvideo4j.inference.internal.preprocess.FrameTensors.Rounding;
import io.github.cogvideo4j.inference.internal.runtime.Torch;
import io.github.cogvideo4j.inference.internal.weights.NativeMemory;
import io.github.cogvideo4j.inference.video.Video;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Images and videos become the reference's tensors, and decoded values its pixels, to the bit.
class FrameTensorsTest {
    @BeforeAll
    static void start() {
        Torch.start(1);
    }

    static List<String> images() {
        return Golden.names("preprocess", "img_");
    }

    @Test
    void coloursAreWithinZeroAndOneInTheTensorsType() {
        Tensor colours = FrameTensors.unitRange(torch.tensor(new float[] {-2, -1, 0, 0.5f, 1, 3}));

        assertThat(torch.equal(colours, torch.tensor(new float[] {0, 0, 0.5f, 0.75f, 1, 1})))
                .isTrue();
        Tensor half = FrameTensors.unitRange(torch.zeros(1).to(torch.ScalarType.BFloat16));
        assertThat(half.scalar_type().intern()).isEqualTo(torch.ScalarType.BFloat16);
    }

    @ParameterizedTest
    @MethodSource("images")
    void imageIsReadResizedAndNormalizedAsByPillowAndDiffusers(String name) throws IOException {
        try (Golden golden = Golden.open(name);
                PointerScope _ = new PointerScope();
                Image image = Image.read(Resources.golden(
                        "preprocess/" + golden.meta().path("png").stringValue()))) {
            int height = golden.meta().path("target_h_w").path(0).intValue();
            int width = golden.meta().path("target_h_w").path(1).intValue();
            if (golden.hasOutput("rgb_u8")) {
                golden.assertEqual("rgb_u8", tensor(image));
            }
            try (Image resized = image.resized(height, width)) {
                golden.assertEqual("resized_u8", tensor(resized));
            }
            Tensor prepared = FrameTensors.ofImage(image, height, width);
            assertThat(prepared.shape()).containsExactly(1, 3, height, width);
            golden.assertEqual(
                    "preprocessed",
                    prepared.narrow(2, 0, golden.out("preprocessed").size(2)));
        }
    }

    @Test
    void framesThatAreImagesAreResizedLikeImages() throws IOException {
        try (Golden golden = Golden.open("preprocess/video_list_pil");
                PointerScope _ = new PointerScope();
                Video video = video(golden.in("frames_u8"))) {
            golden.assertEqual("preprocessed", listed(golden, FrameTensors.ofVideo(video, 48, 80)));
        }
    }

    @Test
    void framesThatAreArraysAreResizedToTheNearest() throws IOException {
        try (Golden golden = Golden.open("preprocess/video_numpy");
                PointerScope _ = new PointerScope()) {
            Tensor values = golden.in("frames_u8")
                    .to(ScalarType.Float)
                    .div(new Scalar(255.0))
                    .permute(0, 3, 1, 2);
            golden.assertEqual("preprocessed", listed(golden, FrameTensors.ofValues(values, 48, 80)));
        }
    }

    @Test
    void framesThatAreTensorsAreResizedToTheNearest() throws IOException {
        try (Golden golden = Golden.open("preprocess/video_tensor");
                PointerScope _ = new PointerScope()) {
            golden.assertEqual("preprocessed", listed(golden, FrameTensors.ofValues(golden.in("video_01"), 48, 80)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "bf16"})
    void decodedValuesAreRoundedAsTheReferenceRounds(String precision) throws IOException {
        try (Golden golden = Golden.open("preprocess/postprocess_" + precision);
                PointerScope _ = new PointerScope()) {
            Tensor decoded = golden.in("video");
            golden.assertEqual("pt", FrameTensors.unitRange(decoded).permute(0, 2, 1, 3, 4));
            try (Video images = FrameTensors.toVideo(decoded, 8, Rounding.NEAREST_EVEN);
                    Video arrays = FrameTensors.toVideo(decoded, 8, Rounding.DOWN)) {
                golden.assertEqual("pil_u8", tensor(images));
                golden.assertEqual("export_np_u8", tensor(arrays));
            }
        }
    }

    private static Tensor listed(Golden golden, Tensor all) {
        assertThat(golden.sidecar().path("frame_index").toString()).isEqualTo("[0,4]");
        return torch.index_select(all, 2, torch.tensor(0L, 4L));
    }

    private static Tensor tensor(Image image) {
        return NativeMemory.view(image.pixels(), ScalarType.Byte, image.height(), image.width(), 3);
    }

    private static Tensor tensor(Video video) {
        return NativeMemory.view(video.pixels(), ScalarType.Byte, video.frames(), video.height(), video.width(), 3);
    }

    @SuppressWarnings("restricted")
    private static Video video(Tensor frames) {
        Video video = Video.allocate((int) frames.size(0), (int) frames.size(1), (int) frames.size(2), 8);
        MemorySegment source = MemorySegment.ofAddress(frames.data_ptr().address())
                .reinterpret(video.pixels().byteSize());
        video.pixels().copyFrom(source);
        return video;
    }
}

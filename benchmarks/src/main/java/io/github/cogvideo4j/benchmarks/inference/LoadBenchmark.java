package io.github.cogvideo4j.benchmarks.inference;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.benchmarks.synthetic.SyntheticModel;
import io.github.cogvideo4j.checkpoints.CancelledException;
import io.github.cogvideo4j.checkpoints.internal.model.ConfigDocument;
import io.github.cogvideo4j.checkpoints.job.Cancellation;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.checkpoints.job.JobControl.JobListener;
import io.github.cogvideo4j.checkpoints.job.JobEvent;
import io.github.cogvideo4j.inference.generation.GenerationEvent;
import io.github.cogvideo4j.inference.generation.PipelineRequest;
import io.github.cogvideo4j.inference.generation.Stage;
import io.github.cogvideo4j.inference.internal.text.T5Config;
import io.github.cogvideo4j.inference.options.ComputeOptions;
import io.github.cogvideo4j.inference.options.PipelineOptions;
import io.github.cogvideo4j.inference.options.Precision;
import io.github.cogvideo4j.inference.pipeline.TextToVideoPipeline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// The measurement of the way from a model's folder to the first denoising step, at the size of CogVideoX-2b.
public final class LoadBenchmark {
    private static final int HEADS = SyntheticModel.HEADS_2B;
    private static final int LAYERS = SyntheticModel.LAYERS_2B;
    private static final int READ_BYTES = 2 << 20;
    private static final int SIZE = 96;
    private static final int FRAMES = 9;
    private static final String PROMPT = "A panda plays the guitar in a bamboo forest while the rain falls";

    private LoadBenchmark() {}

    /// `make FOLDER --sample MODEL`: a model of the real size, with a small one's tokenizer and scheduler.
    /// `floor FOLDER` reads the text encoder's and the transformer's files; `load FOLDER` goes to the end of the
    /// first step. Each prints a row of a Markdown table. `--cache cold` drops the files from the cache first.
    public static void main(String[] args) throws IOException, InterruptedException {
        Arguments arguments = Arguments.parse(args);
        String mode = arguments.operands().get(0);
        Path folder = Path.of(arguments.operands().get(1));
        if (mode.equals("make")) {
            make(Path.of(arguments.get("sample", "")), folder);
            return;
        }
        String cache = arguments.get("cache", "warm");
        if (cache.equals("cold")) {
            drop(folder);
        }
        long start = System.nanoTime();
        String row = mode.equals("floor") ? floor(folder) : load(folder, start);
        System.out.printf(
                Locale.ROOT, "| %s | %s | %.1f | %s |%n", mode, cache, (System.nanoTime() - start) / 1e9, row);
    }

    private static void make(Path sample, Path folder) throws IOException {
        make(sample, folder, HEADS, LAYERS);
    }

    /// A folder of random weights with the real text encoder and autoencoder.
    ///
    /// @param sample whose tokenizer and scheduler it gets
    /// @param heads  attention heads of the transformer
    /// @param layers its blocks
    public static void make(Path sample, Path folder, int heads, int layers) throws IOException {
        for (String part : List.of("tokenizer", "scheduler")) {
            Files.createDirectories(folder.resolve(part));
            try (Stream<Path> files = Files.list(sample.resolve(part))) {
                for (Path file : files.toList()) {
                    Files.copy(file, folder.resolve(part).resolve(file.getFileName()));
                }
            }
        }
        Files.copy(sample.resolve("model_index.json"), folder.resolve("model_index.json"));
        T5Config text = T5Shapes.config(T5Shapes.LAYERS, T5Shapes.VOCABULARY);
        component(folder, "text_encoder", text.document());
        RandomFile.write(
                folder.resolve("text_encoder").resolve("model.safetensors"), T5Shapes.weights(text), Precision.BF16);
        component(folder, "transformer", SyntheticModel.config(heads, layers));
        RandomFile.write(
                folder.resolve("transformer").resolve("diffusion_pytorch_model.safetensors"),
                SyntheticModel.of(heads, layers),
                Precision.BF16);
        component(folder, "vae", ConfigDocument.empty().with("_class_name", "AutoencoderKLCogVideoX"));
        RandomFile.write(
                folder.resolve("vae").resolve("diffusion_pytorch_model.safetensors"),
                new VaeShapes(2, 1, 1).weights(),
                Precision.BF16);
    }

    private static void component(Path folder, String name, ConfigDocument config) throws IOException {
        Path component = Files.createDirectories(folder.resolve(name));
        Files.writeString(component.resolve("config.json"), config.toJson());
    }

    private static String floor(Path folder) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        long bytes = 0;
        for (Path file : weights(folder)) {
            try (FileChannel channel = FileChannel.open(file)) {
                while (channel.read(buffer.clear()) > 0) {
                    bytes += buffer.position();
                }
            }
        }
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    private static String load(Path folder, long start) throws IOException {
        Watch watch = new Watch(start);
        PipelineOptions options = PipelineOptions.defaults().withCompute(new ComputeOptions(Precision.BF16, "cpu", 2));
        try (TextToVideoPipeline pipeline = TextToVideoPipeline.load(folder, options)) {
            pipeline.generate(
                    PipelineRequest.builder()
                            .prompt(PROMPT)
                            .height(SIZE)
                            .width(SIZE)
                            .numFrames(FRAMES)
                            .steps(1)
                            .build(),
                    new JobControl(watch, watch.enough));
        } catch (CancelledException _) {
            // As asked for, after the first step.
        }
        return watch.result;
    }

    private static final class Watch implements JobListener {
        private final long start;
        private double encoded;
        private final Cancellation enough = new Cancellation();
        private String result = "";

        Watch(long start) {
            this.start = start;
        }

        @Override
        public void on(JobEvent event) {
            if (event instanceof JobEvent.Begun begun && begun.activity() == Stage.DENOISE) {
                encoded = (System.nanoTime() - start) / 1e9;
            } else if (event instanceof GenerationEvent.Stepped) {
                enough.cancel();
                result = String.format(
                        Locale.ROOT, "prompts after %.1f s, own memory %d MiB", encoded, ProcessMemory.anonymousMiB());
            }
        }
    }

    private static List<Path> weights(Path folder) {
        return List.of(
                folder.resolve("text_encoder").resolve("model.safetensors"),
                folder.resolve("transformer").resolve("diffusion_pytorch_model.safetensors"));
    }

    private static void drop(Path folder) throws IOException, InterruptedException {
        for (Path file : weights(folder)) {
            new ProcessBuilder("dd", "if=" + file, "iflag=nocache", "count=0", "status=none")
                    .inheritIO()
                    .start()
                    .waitFor();
        }
    }
}

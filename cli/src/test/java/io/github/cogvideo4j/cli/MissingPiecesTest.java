package io.github.cogvideo4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.cli.outcome.ExitCode;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checkpoints of several files that lost one of them, each file in turn. Either the conversion needs none of it and
/// gives the same bytes, or it is refused and names what is missing; with and without a base.
class MissingPiecesTest {
    private static final Pattern RANK = Pattern.compile("rank_(\\d+)|__(\\d+)_\\d+\\.distcp");

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        // fixture, checkpoint, reference, files without which it still converts
        "cogkit-sft-w2, output/checkpoint-2, tensors, ''",
        "cogkit-sft-ddp-w2, output/checkpoint-2, tensors, ''",
        "dcp-nest-foo-model-w2, output/checkpoint-20, tensors, ''",
        "dcp-nest-state-model-w2, output/checkpoint-20, tensors, ''",
        "dcp-model-and-ema, output/checkpoint-20, tensors, ''",
        "finetrainers-run, output/finetrainers_step_10, tensors, ''",
        "hf-dcp-w2, output/step-20, tensors, ''",
        "hf-dcp-consolidated-w2, output/step-20, tensors, sharded/shard-0000|index.json",
        "hf-dcp-consolidated-w2, output/step-20/sharded, tensors, ''",
        "dtensor-ranks-w2, output/global_step_20/actor, tensors, extra_state|config.json",
        "dtensor-ranks-replicated-w2, output/ckpt, tensors, extra_state|config.json",
        "diffusion-pipe-full-w2, output/20260101_12-00-00/global_step2, tensors, mp_rank",
        "videoxfun-full-ema, output/checkpoint-2, tensors, .bin|.pkl|transformer_ema|transformer/config.json",
        "videoxfun-zero2-w2, output/checkpoint-2, tensors, scheduler.bin|.pkl|transformer/|latest",
        "videoxfun-zero3-w2, output/checkpoint-2, tensors, scheduler.bin|.pkl|diffusion_pytorch_model|latest",
        "videoxfun-fsdp-w2, output/checkpoint-2, tensors, scheduler.bin|.pkl|diffusion_pytorch_model",
        "zero2-bf16-w3, output/checkpoint-3, tensors-fp32, latest|scheduler|random_states|.json",
        "zero3-bf16-w3, output/checkpoint-3, tensors-fp32, latest|scheduler|random_states|.json"
    })
    void whatIsMissingIsNamed(String fixture, String path, String reference, String needless) throws IOException {
        Path home = Resources.fixture(fixture);
        Path copy = Resources.copy(
                home.resolve(path), folder.resolve(home.resolve(path).getFileName()));
        List<Path> files;
        try (Stream<Path> all = Files.walk(copy)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            String name = copy.relativize(file).toString().replace('\\', '/');
            boolean needed =
                    needless.isEmpty() || Stream.of(needless.split("\\|")).noneMatch(name::contains);
            Files.delete(file);
            for (List<String> base : List.of(List.<String>of(), List.of("--base", home + "/base"))) {
                Path output = folder.resolve("out");
                List<String> words =
                        new ArrayList<>(List.of("convert", copy.toString(), output.toString(), "--dtype", "source"));
                words.addAll(base);
                Run run = Run.of(words.toArray(String[]::new));
                if (run.exit() == ExitCode.DONE) {
                    assertThat(needed)
                            .as("%s %s without %s", fixture, base, name)
                            .isFalse();
                    assertThat(WrittenTensors.in(output.resolve("transformer")))
                            .as("%s %s without %s", fixture, base, name)
                            .isEqualTo(WrittenTensors.listed(home.resolve("reference/" + reference + ".json")));
                    Resources.delete(output);
                } else {
                    assertThat(run.exit()).as(run.err()).isEqualTo(ExitCode.BAD_INPUT);
                    assertThat(names(run.err(), file))
                            .as("%s %s without %s: %s", fixture, base, name, run.err())
                            .isTrue();
                    assertThat(output).doesNotExist();
                }
            }
            Files.write(file, bytes);
        }
    }

    /// The file, or the rank that it is of.
    private static boolean names(String said, Path file) {
        String name = String.valueOf(file.getFileName());
        Matcher rank = RANK.matcher(name);
        boolean piece = name.startsWith("shard-") && said.contains(name.substring(0, "shard-00001".length()));
        return piece
                || said.contains(name)
                || (rank.find() && said.contains("rank " + (rank.group(1) == null ? rank.group(2) : rank.group(1))));
    }
}

package io.github.cogvideo4j.cli.project;

import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the names in documents stand for when their commands are run: test resources, by the line that shows the
/// command and the command. The first that fits counts.
final class DocumentNames {
    private static final String SAMPLE = "fixtures/sample-t2v-2b/output/checkpoint-3";
    private static final String MODEL_2B = "golden/pipelines/t2v-2b";
    private static final String STYLES = "fixtures/lora-dialects/";
    private static final String VIDEO = "golden/score/pattern.mp4";

    /// A file or folder at `target`, copied from a resource, wherever the line or the command contains `where`.
    private record Place(Pattern where, String target, String resource) {
        boolean isFor(String line, String root) {
            return where.matcher(line).find() && root.equals(root(target));
        }
    }

    private static final List<Place> PLACES = new ArrayList<>();

    static {
        checkpoint("latest_universal", "universal-zero2-bf16-w2", "input");
        checkpoint("\\.distcp", "dcp-fsdp-bf16-w2", "output/checkpoint-2");
        checkpoint("stage 0|阶段 0", "any-qwenimage-ddp-bf16-w2", "output/checkpoint-3");
        checkpoint("checkpoint-N/model.safetensors", "ddp-bf16-w2", "output/checkpoint-3");
        at("--tag global_step500", "checkpoint-500/latest", "fixtures/zero2-bf16-w2/output/checkpoint-3/latest");
        at("--tag global_step500", "checkpoint-500/pytorch_model", SAMPLE + "/pytorch_model");
        at("--tag global_step500", "checkpoint-500/global_step500", SAMPLE + "/pytorch_model");
        at("lora export checkpoint-500", "checkpoint-500", "fixtures/lora-zero3-bf16-w2/output/checkpoint-3");
        at("lora export", "outputs/checkpoint-500", "fixtures/lora-alpha-ddp-bf16-w2/output/checkpoint-3");
        at("lora fuse", "checkpoint-500", "fixtures/lora-alpha-ddp-bf16-w2/output/checkpoint-3");
        at("lora fuse", "outputs/checkpoint-500", "fixtures/lora-alpha-ddp-bf16-w2/output/checkpoint-3");
        at("lora fuse.*checkpoint-500", "CogVideoX-5b", "fixtures/lora-alpha-ddp-bf16-w2/base");
        at("style.safetensors", "CogVideoX-5b", STYLES + "base");
        at("lora fuse BASE|--lora ADAPTER|--lora ", "BASE", STYLES + "base");
        at("", "checkpoint-500", SAMPLE);
        at("", "checkpoint-3", SAMPLE);
        at("", "outputs/checkpoint-500", SAMPLE);
        at("", "outputs/checkpoint-1000", SAMPLE);
        at("", "a/checkpoint-500", SAMPLE);
        at("", "b/checkpoint-900", SAMPLE);
        at("", "motion.safetensors", STYLES + "diffusers/input/pytorch_lora_weights.safetensors");
        at("", "run/checkpoint-2", "fixtures/videoxfun-zero2-w2/output/checkpoint-2");
        at("convert run", "CogVideoX-2b", "fixtures/videoxfun-zero2-w2/base");
        at("", "merged/model.safetensors", "fixtures/ddp-bf16-w2/output/checkpoint-3/model.safetensors");
        at("convert merged", "CogVideoX-2b", "fixtures/ddp-bf16-w2/base");
        at("", "weights.pt", "fixtures/torch-legacy-transformer/input/pytorch_model.bin");
        at("convert weights.pt", "CogVideoX-2b", "fixtures/torch-legacy-transformer/base");
        at("", "sat-output", "fixtures/sat-2b/input");
        at("convert sat-output", "CogVideoX-2b", "fixtures/sat-2b/base");
        at("", "sat-lora", "fixtures/sat-lora/input");
        at("", "3d-vae.pt", "fixtures/sat-vae/input/3d-vae.pt");
        at("", "style.safetensors", STYLES + "kohya-single/input/style_kohya.safetensors");
        at("", "kohya-style.safetensors", STYLES + "kohya-single/input/style_kohya.safetensors");
        at("", "pytorch_model.bin", "fixtures/broken/evil-os-system/input/pytorch_model.bin");
        at("", "CogVideoX-2b", MODEL_2B);
        at("", "CogVideoX-5b-I2V", "golden/pipelines/i2v-5b");
        at("", "CogVideoX-5b", "golden/pipelines/t2v-5b");
        at("lora extract", "my-model", "fixtures/sample-t2v-2b/output/checkpoint-3");
        for (String kind : List.of("Control", "InP")) {
            String model = "CogVideoX-Fun-V1.1-5b-" + kind;
            at("", model, "golden/control/pipelines/fun-" + kind.toLowerCase(Locale.ROOT) + "-5b");
            at("", model + "/tokenizer", "golden/pipelines/t2v-5b/tokenizer");
            at("", model + "/text_encoder", "golden/pipelines/t2v-5b/text_encoder");
            at("", model + "/vae", "golden/pipelines/t2v-5b/vae");
        }
        at("doctor my-model|--undo", "my-model", "fixtures/mess/a1-bin-no-prefix/input/pipeline");
        at("", "my-model", MODEL_2B);
        for (String video : List.of("output", "fast", "exact", "input", "poses", "first", "street", "cars")) {
            at("", video + ".mp4", VIDEO);
        }
        at("", "prompts.txt", "fixtures/broken/empty-dir/input/notes.txt");
        at("", "first.png", "golden/preprocess/w720_160x90_RGB.png");
        at("", "last.png", "golden/preprocess/w720_160x90_RGB.png");
        for (String folder : List.of("samples/step-500", "samples/step-1000", "run-a", "run-b")) {
            at("", folder + "/one.mp4", VIDEO);
        }
        // What stands in capitals is the reader's own; the doctor's folders are broken as the row's code says.
        folder("mixed-checkpoints", "ok2-correct-sharded");
        at(
                "\\| `mixed-checkpoints`",
                "FOLDER/transformer/diffusion_pytorch_model-00001-of-00004.safetensors",
                "fixtures/mess/ok2-correct-sharded/input/pipeline/transformer/"
                        + "diffusion_pytorch_model-00001-of-00003.safetensors");
        at("\\| `key-prefix`", "FOLDER", "fixtures/broken/module-prefix/input");
        folder("wrong-directory", "d1-at-pipeline-root");
        folder("deepspeed-checkpoint-in-transformer", "i6-raw-checkpoint-in-transformer");
        folder("name-double-prefix", "g1-prefix-twice");
        folder("name-wrong", "i3-browser-duplicates");
        folder("partially-renamed", "e1-some-renamed");
        folder("variant", "i5-fp16-variant-name");
        folder("index-missing", "c1-index-deleted");
        folder("index-wrong-name", "h1-index-wrong-name");
        folder("index-stale-names", "b1-renamed-index-stale");
        folder("index-mismatch", "ok2-correct-sharded");
        folder("index-total-size", "ok2-correct-sharded");
        folder("ambiguous-weights", "f1-bin-and-safetensors-differ");
        folder("sharded-bin", "a3-bin-sharded-no-prefix");
        folder("", "a1-bin-no-prefix");
        at("lora export CHECKPOINT", "CHECKPOINT", "fixtures/lora-zero3-bf16-w2/output/checkpoint-3");
        at("", "CHECKPOINT", SAMPLE);
        at("", "MODEL", STYLES + "base");
        at("", "BASE", MODEL_2B);
        at("", "ADAPTER", STYLES + "kohya-single/input/style_kohya.safetensors");
    }

    private DocumentNames() {}

    /// Puts what a command reads where it is looked for. A name that stands for nothing is what the command makes.
    ///
    /// @param line the line of the document, then the command
    static void place(String line, List<String> words, Path folder) throws IOException {
        for (String root : words.stream().map(DocumentNames::root).distinct().toList()) {
            Optional<Place> first =
                    PLACES.stream().filter(place -> place.isFor(line, root)).findFirst();
            if (first.isEmpty() || isMade(line, root) || Files.exists(folder.resolve(root))) {
                continue;
            }
            String where = first.get().where().pattern();
            for (Place place : PLACES) {
                if (place.isFor(line, root) && place.where().pattern().equals(where)) {
                    Path target = folder.resolve(place.target());
                    Files.createDirectories(target.getParent());
                    Resources.copy(resource(place.resource()), target);
                }
            }
        }
        for (String rows : List.of("prompts.txt", "rows.jsonl")) {
            if (words.contains(rows)) {
                Files.writeString(folder.resolve(rows), rows.endsWith("txt") ? "a cat\n" : "{\"prompt\": \"a cat\"}\n");
            }
        }
        spoil(line, folder.resolve("FOLDER/transformer/diffusion_pytorch_model.safetensors.index.json"));
    }

    /// What no fixture has in a whole pipeline: an index that lies.
    private static void spoil(String line, Path index) throws IOException {
        if (line.contains("| `index-total-size`")) {
            Files.writeString(index, Files.readString(index).replaceAll("\"total_size\": \\d+", "\"total_size\": 999"));
        } else if (line.contains("| `index-mismatch`")) {
            Files.writeString(index, Files.readString(index).replaceFirst("-00001-of", "-00002-of"));
        }
    }

    /// A pipeline's folder is also what a conversion makes.
    private static boolean isMade(String line, String root) {
        Matcher made = Pattern.compile("(convert|merge|lora fuse|lora export) \\S+ (\\S+ )?(my-model)\\b")
                .matcher(line);
        return made.find() && root.equals(made.group(3)) || line.contains("--output-path " + root);
    }

    private static String root(String path) {
        return path.split("/", 2)[0];
    }

    private static void checkpoint(String where, String fixture, String output) {
        at(where, "checkpoint-500", "fixtures/" + fixture + "/" + output);
        at(where, "CogVideoX-2b", "fixtures/" + fixture + "/base");
    }

    private static void folder(String code, String mess) {
        at(code.isEmpty() ? "" : "\\| `" + code + "`", "FOLDER", "fixtures/mess/" + mess + "/input/pipeline");
    }

    private static void at(String where, String target, String resource) {
        PLACES.add(new Place(Pattern.compile(where), target, resource));
    }

    private static Path resource(String path) {
        return path.startsWith("golden/")
                ? Resources.golden(path.substring("golden/".length()))
                : Resources.fixture(path.substring("fixtures/".length()));
    }
}

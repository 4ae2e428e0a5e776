package io.github.cogvideo4j.checkpoints.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.doctor.finding.Finding.Severity;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor;
import io.github.cogvideo4j.checkpoints.internal.doctor.Doctor.DoctorOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Repair;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlan;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.RepairPlanner.RepairOptions;
import io.github.cogvideo4j.checkpoints.internal.doctor.repair.Undo;
import io.github.cogvideo4j.checkpoints.job.JobControl;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;

/// Any combination of what people do to names and indexes of a good folder is named and mended.
class MessesTest {
    private static final String STEM = "diffusion_pytorch_model";
    private static final List<String> STEMS =
            List.of(STEM, "model", "pytorch_model", "diffusion_diffusion_pytorch_model", "diffusion_model");

    /// What becomes of the name of the index, and whether it is there at all.
    enum IndexFate {
        RIGHT,
        LIKE_THE_SHARDS,
        WITHOUT_ENDING,
        FOR_BIN,
        GONE
    }

    /// @param stems      what each of the three shards is called
    /// @param index      the index's name
    /// @param staleStem  what the names inside the index begin with
    /// @param suffix     what a browser added to every shard's name
    /// @param capitals   whether the ending is in capital letters
    /// @param place      where the files were put
    record Mess(List<String> stems, IndexFate index, String staleStem, String suffix, boolean capitals, String place) {
        String shard(int number) {
            return stems.get(number - 1) + "-0000" + number + "-of-00003" + suffix
                    + (capitals ? ".SAFETENSORS" : ".safetensors");
        }

        String indexName() {
            return switch (index) {
                case RIGHT, GONE -> STEM + ".safetensors.index.json";
                case LIKE_THE_SHARDS -> stems.getFirst() + ".safetensors.index.json";
                case WITHOUT_ENDING -> STEM + ".index.json";
                case FOR_BIN -> STEM + ".bin.index.json";
            };
        }

        /// Whether nothing was done after all. The index that the guides ask to keep is not the one that is
        /// looked for.
        boolean isHarmless() {
            return stems.stream().allMatch(STEM::equals)
                    && (index == IndexFate.RIGHT || index == IndexFate.LIKE_THE_SHARDS)
                    && staleStem.equals(STEM)
                    && suffix.isEmpty()
                    && !capitals
                    && place.equals("transformer");
        }
    }

    private static Mess mess(Generator generator) {
        String one = generator.of(STEMS);
        return new Mess(
                generator.bool() ? List.of(one, one, one) : generator.list(3, 3, () -> generator.of(STEMS)),
                generator.of(IndexFate.values()),
                generator.of(STEMS),
                generator.of("", " (1)", " - Copy"),
                generator.bool(),
                generator.of("transformer", "transformer/output", "."));
    }

    @Property(tries = 120)
    void everyMessIsNamedMendedAndTakenBack(Generator generator, @TempDir Path temporary) throws IOException {
        Mess mess = mess(generator);
        Path folder = Resources.copy(
                Resources.fixture("mess/ok2-correct-sharded/input/pipeline"), temporary.resolve("pipeline"));
        Map<String, String> tensors = FolderTensors.of(folder.resolve("transformer"));
        make(mess, folder);
        SortedMap<String, String> before = Resources.snapshot(folder);

        Diagnosis diagnosis = examine(folder);
        assertThat(diagnosis.isHealthy()).as("%s", diagnosis.findings()).isEqualTo(mess.isHarmless());
        if (!mess.isHarmless()) {
            assertThat(diagnosis.findings()).anyMatch(finding -> finding.severity() == Severity.ERROR);
        }

        RepairPlan plan = RepairPlanner.plan(folder, RepairOptions.namesOnly());
        assertThat(plan.questions()).isEmpty();
        Repair.apply(plan, JobControl.none());
        Diagnosis after = examine(folder);
        assertThat(after.isHealthy()).as("%s", after.findings()).isTrue();
        assertThat(FolderTensors.of(folder.resolve("transformer"))).isEqualTo(tensors);

        Undo.restore(folder, JobControl.none());
        assertThat(Resources.snapshot(folder)).isEqualTo(before);
    }

    private static void make(Mess mess, Path folder) throws IOException {
        Path transformer = folder.resolve("transformer");
        Path place = Files.createDirectories(folder.resolve(mess.place()).normalize());
        Path index = transformer.resolve(STEM + ".safetensors.index.json");
        String text = Files.readString(index, StandardCharsets.UTF_8).replace(STEM + "-", mess.staleStem() + "-");
        Files.delete(index);
        for (int number : IntStream.rangeClosed(1, 3).toArray()) {
            Files.move(
                    transformer.resolve(STEM + "-0000" + number + "-of-00003.safetensors"),
                    place.resolve(mess.shard(number)));
        }
        if (mess.index() != IndexFate.GONE) {
            Files.writeString(place.resolve(mess.indexName()), text);
        }
    }

    private static Diagnosis examine(Path folder) throws IOException {
        return Doctor.examine(folder, new DoctorOptions(false, 1), JobControl.none());
    }
}

package io.github.cogvideo4j.checkpoints.internal.source.sat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.cogvideo4j.checkpoints.source.Checkpoint;
import io.github.cogvideo4j.checkpoints.source.CheckpointKind;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.checkpoints.source.StateEntry;
import io.github.cogvideo4j.checkpoints.source.StateEntry.Role;
import io.github.cogvideo4j.checkpoints.source.TrainingState;
import io.github.cogvideo4j.formats.problem.Problem;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Shape;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import io.github.cogvideo4j.testing.Resources;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// SAT checkpoints that are not what they seem: one clear error each.
class HostileSatTest {
    private static final String MODEL = "model.diffusion_model.";
    private static final String FUSED = MODEL + "transformer.layers.1.attention.query_key_value.weight";
    private static final String MODULATION = MODEL + "mixins.adaln_layer.adaLN_modulations.0.1.weight";

    @Test
    void aFusedWeightThatDoesNotDivideByThree() throws IOException {
        refused(replaced(FUSED, 47, 32), "shape-mismatch", "query_key_value", "[47, 32]", "3");
    }

    @Test
    void aModulationThatDoesNotDivideByTwelve() throws IOException {
        refused(replaced(MODULATION, 100, 16), "shape-mismatch", "adaLN_modulations", "12");
    }

    @Test
    void aFusedScalar() throws IOException {
        refused(replaced(FUSED), "shape-mismatch", "query_key_value");
    }

    @Test
    void aTransposedFusedWeight() throws IOException {
        StateEntry strided = new StateEntry(
                new StoredTensor(
                        FUSED,
                        DType.F32,
                        Shape.of(96, 32),
                        new TensorData.Strided(storage(FUSED, 96 * 32 * 4), 0, List.of(1L, 96L))),
                Role.PARAMETER);
        List<StateEntry> entries = without(name -> name.equals(FUSED));
        entries.add(strided);
        refused(entries, "unsupported-tensor", "query_key_value");
    }

    @Test
    void layerNormsThatAreMissing() throws IOException {
        refused(
                without(name -> name.contains("query_layernorm_list.1.")),
                "missing-tensor",
                "query_layernorm_list.1.weight");
        refused(without(name -> name.contains("key_layernorm_list")), "missing-tensor", "key_layernorm_list.0.weight");
        refused(
                without(name -> name.contains("layers.0.input_layernorm")),
                "missing-tensor",
                "layers.0.input_layernorm.weight");
    }

    @Test
    void twoNamesOfOneTensor() throws IOException {
        List<StateEntry> entries = healthy();
        entries.add(entry(FUSED.replace("layers.1.", "layers.01."), 96, 32));
        refused(entries, "extra-tensor", "transformer_blocks.1.attn1.to_q.weight");
    }

    @Test
    void aNameThatNoModelHas() throws IOException {
        List<StateEntry> entries = healthy();
        entries.add(entry(MODEL + "mixins.control.weight", 4));
        refused(entries, "extra-tensor", "mixins.control.weight");
    }

    @Test
    void anAdapterOfEmptyMatrices() {
        refused(adapter(8, 0, 8), "shape-mismatch", "matrix_A.0", "ZeRO-3");
    }

    @Test
    void anAdapterWithoutItsOtherHalf() {
        refused(
                adapter(8, 2, 2).stream()
                        .filter(entry -> !entry.name().endsWith("matrix_B.2"))
                        .toList(),
                "missing-tensor",
                "to_v.lora_B");
    }

    @Test
    void anAdapterOfTwoRanks() {
        refused(adapter(8, 2, 3), "shape-mismatch", "rank");
    }

    /// The reference refuses any other number of layers than 30.
    @Test
    void anAdapterOfFortyTwoLayers() {
        List<StateEntry> entries = new ArrayList<>();
        for (int layer = 0; layer < 42; layer++) {
            for (StateEntry entry : adapter(8, 2, 2)) {
                entries.add(entry.withName(entry.name().replace("layers.0.", "layers." + layer + ".")));
            }
        }
        assertThat(SatCheckpoint.plan(checkpoint(entries)).entries()).hasSize(42 * 8);
    }

    @Test
    void whatElseAStateHoldsIsNamedAndCanBeTakenAlone() throws IOException {
        List<StateEntry> entries = healthy();
        entries.add(entry("conditioner.embedders.0.transformer.shared.weight", 8, 4));
        entries.add(entry("first_stage_model.encoder.conv_in.conv.weight", 4, 3, 3, 3, 3));
        entries.add(entry("first_stage_model.loss.logvar", 1));
        entries.add(entry("model_ema.decay", 1));
        Checkpoint raw = checkpoint(entries);
        Checkpoint main = SatCheckpoint.plan(raw);
        assertThat(main.entries()).allMatch(entry -> !entry.name().contains("conditioner"));
        assertThat(main.warnings())
                .extracting(problem -> problem.message().text())
                .anyMatch(text -> text.contains("text encoder") && text.contains("unless you ask for it"))
                .anyMatch(text -> text.contains("autoencoder") && text.contains("first_stage_model.encoder"))
                .anyMatch(text -> text.contains("only the training needs") && text.contains("model_ema"));
        assertThat(SatCheckpoint.plan(raw, SatPart.TEXT_ENCODER).entries())
                .extracting(StateEntry::name)
                .containsExactly("shared.weight");
        assertThat(SatCheckpoint.plan(raw, SatPart.VAE).entries())
                .extracting(StateEntry::name)
                .containsExactly("encoder.conv_in.conv.weight");
        assertThatThrownBy(() -> SatCheckpoint.plan(checkpoint(healthy()), SatPart.TEXT_ENCODER))
                .hasMessageContaining("missing-tensor");
    }

    @Test
    void theFixedPositionsOfTheSmallModelAreLeftOutAndSaidSo() throws IOException {
        Checkpoint checkpoint = Checkpoints.open(Resources.fixture("sat-2b-posemb/input"), SourceOptions.defaults());
        assertThat(checkpoint.warnings())
                .extracting(Problem::message)
                .anyMatch(message -> message.text().contains("pos_embedding"));
    }

    private static void refused(List<StateEntry> entries, String... words) {
        var thrown = assertThatThrownBy(() -> SatCheckpoint.plan(checkpoint(entries)));
        for (String word : words) {
            thrown.hasMessageContaining(word);
        }
    }

    /// Two layers of a model with rotary positions, under SAT's names.
    private static List<StateEntry> healthy() throws IOException {
        Checkpoint model = Checkpoints.open(Resources.golden("pipelines/t2v-5b/transformer"), SourceOptions.defaults());
        return new ArrayList<>(SatExport.plan(model).entries());
    }

    private static List<StateEntry> without(Predicate<String> names) throws IOException {
        List<StateEntry> entries = healthy();
        assertThat(entries.removeIf(entry -> names.test(entry.name()))).isTrue();
        return entries;
    }

    private static List<StateEntry> replaced(String name, long... sizes) throws IOException {
        List<StateEntry> entries = without(name::equals);
        entries.add(entry(name, sizes));
        return entries;
    }

    private static List<StateEntry> adapter(long width, long rank, long otherRank) {
        String module = MODEL + "transformer.layers.0.attention.";
        List<StateEntry> entries = new ArrayList<>();
        for (int part = 0; part < 3; part++) {
            entries.add(entry(module + "query_key_value.matrix_A." + part, rank, width));
            entries.add(entry(module + "query_key_value.matrix_B." + part, width, otherRank));
        }
        entries.add(entry(module + "dense.matrix_A.0", rank, width));
        entries.add(entry(module + "dense.matrix_B.0", width, otherRank));
        return entries;
    }

    private static StateEntry entry(String name, long... sizes) {
        Shape shape = Shape.of(sizes);
        long bytes = StoredTensor.byteLength(DType.F32, shape);
        return new StateEntry(
                new StoredTensor(
                        name,
                        DType.F32,
                        shape,
                        new TensorData.Extents(List.of(new Extent(storage(name, bytes), 0, bytes)))),
                Role.PARAMETER);
    }

    private static Storage storage(String name, long bytes) {
        return new Storage.Plain(Path.of("x.pt"), name, 0, bytes, ByteOrder.LITTLE_ENDIAN, OptionalLong.empty());
    }

    private static Checkpoint checkpoint(List<StateEntry> entries) {
        return new Checkpoint(
                CheckpointKind.PLAIN_WEIGHTS,
                Path.of("x.pt"),
                SourceOptions.defaults(),
                entries,
                TrainingState.unknown(),
                Map.of(),
                List.of());
    }
}

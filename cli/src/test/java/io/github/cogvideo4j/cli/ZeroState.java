package io.github.cogvideo4j.cli;

import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.internal.torch.ArchiveLayout;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.CRC32;

/// What DeepSpeed saves of parameters in fp32, field by field (see docs/format-coverage.md): the state of stage 2,
/// and the universal form of stages 2 and 3.
///
/// @param groups the parameters of each optimizer group
/// @param shared other names of parameters: alias to owner
record ZeroState(List<SequencedMap<String, WrittenTensors.Raw>> groups, Map<String, String> shared) {
    /// Each group is its parameters one after the other, padded to a multiple of twice the ranks and cut evenly.
    /// What was padded is not saved: the last rank's tensor is shorter.
    void writeStage2(Path folder, int ranks) throws IOException {
        Files.createDirectories(folder);
        writeModel(folder, ranks);
        for (int rank = 0; rank < ranks; rank++) {
            TorchFile file = new TorchFile();
            List<Object> partitions = new ArrayList<>();
            List<Object> paddings = new ArrayList<>();
            for (SequencedMap<String, WrittenTensors.Raw> group : groups) {
                ByteArrayOutputStream flat = new ByteArrayOutputStream();
                group.values().forEach(tensor -> flat.writeBytes(tensor.bytes()));
                int numel = flat.size() / Float.BYTES;
                int part = -Math.floorDiv(-numel, 2 * ranks) * 2;
                int from = Math.min(rank * part, numel);
                int to = Math.min(from + part, numel);
                partitions.add(file.tensor(
                        DType.F32,
                        Shape.of(to - from),
                        Arrays.copyOfRange(flat.toByteArray(), from * Float.BYTES, to * Float.BYTES)));
                paddings.add(part - (to - from));
            }
            file.write(
                    folder.resolve("bf16_zero_pp_rank_%d_mp_rank_00_optim_states.pt".formatted(rank)),
                    TorchFile.map(
                            "optimizer_state_dict",
                            TorchFile.map(
                                    "base_optimizer_state",
                                    TorchFile.map("state", Map.of()),
                                    "single_partition_of_fp32_groups",
                                    partitions,
                                    "zero_stage",
                                    file.call("deepspeed.runtime.zero.config", "ZeroStageEnum", 2),
                                    "group_paddings",
                                    paddings,
                                    "partition_count",
                                    groups.stream().<Object>map(_ -> ranks).toList(),
                                    "ds_version",
                                    "0.19.6"),
                            "ds_config",
                            config(2),
                            "ds_version",
                            "0.19.6"));
        }
        Files.writeString(folder.resolveSibling("latest"), String.valueOf(folder.getFileName()));
    }

    /// A folder for each parameter. From stage 2 a file holds a map with the tensor in its shape; from stage 3 the
    /// bare tensor, flat, with the padding of the last rank.
    void writeUniversal(Path folder, int stage, int ranks) throws IOException {
        Files.createDirectories(folder);
        writeModel(folder, ranks);
        for (SequencedMap<String, WrittenTensors.Raw> group : groups) {
            for (Map.Entry<String, WrittenTensors.Raw> parameter : group.entrySet()) {
                WrittenTensors.Raw value = parameter.getValue();
                int numel = value.bytes().length / Float.BYTES;
                int stored = stage == 3 ? -Math.floorDiv(-numel, ranks) * ranks : numel;
                TorchFile file = new TorchFile();
                Runnable tensor = file.tensor(
                        DType.F32,
                        stage == 3 ? Shape.of(stored) : new Shape(value.shape()),
                        Arrays.copyOf(value.bytes(), stored * Float.BYTES));
                Path place = Files.createDirectories(folder.resolve("zero").resolve(parameter.getKey()));
                file.write(place.resolve("fp32.pt"), stage == 3 ? tensor : TorchFile.map("param", tensor));
            }
        }
        Files.writeString(folder.resolveSibling("latest_universal"), String.valueOf(folder.getFileName()));
    }

    private void writeModel(Path folder, int ranks) throws IOException {
        TorchFile file = new TorchFile();
        SequencedMap<Object, Object> module = new LinkedHashMap<>();
        List<Object> shapes = new ArrayList<>();
        for (SequencedMap<String, WrittenTensors.Raw> group : groups) {
            SequencedMap<Object, Object> ofGroup = new LinkedHashMap<>();
            group.forEach((name, tensor) -> {
                Shape shape = new Shape(tensor.shape());
                module.put(
                        name,
                        file.tensor(DType.BF16, shape, new byte[Math.toIntExact(shape.numel()) * DType.BF16.bytes()]));
                ofGroup.put(name, file.call("torch", "Size", file.tuple(tensor.shape())));
            });
            shapes.add(ofGroup);
        }
        shared.forEach((alias, owner) -> module.put(alias, module.get(owner)));
        file.write(
                folder.resolve("mp_rank_00_model_states.pt"),
                TorchFile.map(
                        "module",
                        module,
                        "buffer_names",
                        List.of(),
                        "param_shapes",
                        shapes,
                        "frozen_param_shapes",
                        Map.of(),
                        "shared_params",
                        shared,
                        "frozen_param_fragments",
                        Map.of(),
                        "global_steps",
                        3,
                        "skipped_steps",
                        0,
                        "dp_world_size",
                        ranks,
                        "mp_world_size",
                        1,
                        "ds_config",
                        config(2),
                        "ds_version",
                        "0.19.6"));
    }

    private static Map<Object, Object> config(int stage) {
        return TorchFile.map("zero_optimization", TorchFile.map("stage", stage));
    }

    /// A file of `torch.save`: maps become dictionaries, lists lists, an action writes what it likes.
    private static final class TorchFile {
        private final PickleWriter pickle = new PickleWriter();
        private final List<byte[]> storages = new ArrayList<>();

        static Map<Object, Object> map(Object... keysAndValues) {
            Map<Object, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < keysAndValues.length; i += 2) {
                map.put(keysAndValues[i], keysAndValues[i + 1]);
            }
            return map;
        }

        Runnable tensor(DType dtype, Shape shape, byte[] bytes) {
            storages.add(bytes);
            TensorPickle tensor = TensorPickle.whole(dtype, storages.size() - 1, shape, false);
            return () -> tensor.write(pickle);
        }

        Runnable call(String module, String name, Object... arguments) {
            return () -> pickle.call(module, name, actions(List.of(arguments)));
        }

        Runnable tuple(List<?> elements) {
            return () -> pickle.tuple(actions(elements));
        }

        private void value(Object value) {
            switch (value) {
                case Runnable action -> action.run();
                case Map<?, ?> map -> {
                    List<PickleWriter.Item> items = new ArrayList<>();
                    map.forEach((key, one) -> items.add(new PickleWriter.Item(() -> value(key), () -> value(one))));
                    pickle.dict(items);
                }
                case List<?> list -> pickle.list(actions(list));
                case Number number -> pickle.integer(number.longValue());
                default -> pickle.text(value.toString());
            }
        }

        private List<Runnable> actions(List<?> values) {
            return values.stream().<Runnable>map(value -> () -> value(value)).toList();
        }

        void write(Path path, Object root) throws IOException {
            value(root);
            ArchiveLayout layout = ArchiveLayout.of(
                    String.valueOf(path.getFileName()),
                    pickle.finish(),
                    storages.stream().map(bytes -> (long) bytes.length).toList());
            ByteBuffer file = ByteBuffer.allocate(Math.toIntExact(layout.fileSize()));
            List<Long> checksums = new ArrayList<>();
            for (byte[] storage : storages) {
                file.put(Math.toIntExact(layout.storageOffsets().get(checksums.size())), storage);
                CRC32 crc = new CRC32();
                crc.update(storage);
                checksums.add(crc.getValue());
            }
            for (ArchiveLayout.Piece piece : layout.structure(checksums)) {
                ByteBuffer bytes = piece.bytes();
                file.put(Math.toIntExact(piece.offset()), bytes, bytes.position(), bytes.remaining());
            }
            Files.write(path, file.array());
        }
    }
}

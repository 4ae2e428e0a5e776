package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.TinyTorchFile;
import io.github.cogvideo4j.formats.internal.pickle.PickleWriter;
import io.github.cogvideo4j.formats.internal.torch.TensorPickle;
import io.github.cogvideo4j.formats.tensor.DType;
import io.github.cogvideo4j.formats.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rank files with one tensor of bytes, in which everything that a file claims can be chosen.
///
/// @param sizes      the whole tensor's sizes
/// @param placements what `placements` holds: `Shard(0)`, `Replicate()`, or another class of that module
/// @param mesh       ranks along each dimension of the mesh
/// @param position   the rank's place in it; empty to leave it out
/// @param saidRank   the rank that the mesh says it was on
public record RankFolder(
        List<Long> sizes, List<String> placements, List<Long> mesh, List<Long> position, long saidRank) {
    private static final String PLACEMENTS = "torch.distributed.tensor.placement_types";

    /// A tensor that is cut along its first dimension.
    public static RankFolder cut(long rank, long ranks, Long... sizes) {
        return new RankFolder(List.of(sizes), List.of("Shard(0)"), List.of(ranks), List.of(rank), rank);
    }

    /// Writes a rank's file.
    ///
    /// @param local the sizes of the part that it holds
    /// @param value what its bytes are
    public Path write(Path folder, int world, int rank, Shape local, byte value) throws IOException {
        PickleWriter pickle = new PickleWriter();
        pickle.dict(List.of(item(pickle, "w", () -> tensor(pickle, local))));
        byte[] bytes = new byte[Math.toIntExact(local.numel())];
        Arrays.fill(bytes, value);
        String name = "model_world_size_" + world + "_rank_" + rank;
        Files.write(folder.resolve(name + ".pt"), TinyTorchFile.of(name, pickle.finish(), List.of(bytes)));
        return folder;
    }

    private void tensor(PickleWriter pickle, Shape local) {
        pickle.call(
                "torch._tensor",
                "_rebuild_from_type_v2",
                List.of(
                        () -> pickle.global("torch._utils", "_rebuild_wrapper_subclass"),
                        () -> pickle.global("torch.distributed.tensor", "DTensor"),
                        () -> pickle.tuple(List.of(
                                () -> pickle.global("torch.distributed.tensor", "DTensor"),
                                () -> pickle.global("torch", "uint8"),
                                () -> integers(pickle, sizes))),
                        () -> pickle.tuple(List.of(
                                pickle::none,
                                () -> pickle.dict(List.of(
                                        item(
                                                pickle,
                                                "_local_tensor",
                                                () -> TensorPickle.whole(DType.U8, 0, local, false)
                                                        .write(pickle)),
                                        item(pickle, "_spec", () -> spec(pickle))))))));
    }

    private void spec(PickleWriter pickle) {
        pickle.object(
                "torch.distributed.tensor._dtensor_spec",
                "DTensorSpec",
                List.of(
                        item(pickle, "mesh", () -> mesh(pickle)),
                        item(
                                pickle,
                                "placements",
                                () -> pickle.tuple(placements.stream()
                                        .<Runnable>map(placement -> () -> placement(pickle, placement))
                                        .toList()))));
    }

    private static void placement(PickleWriter pickle, String text) {
        String name = text.substring(0, text.indexOf('('));
        String dimension = text.substring(name.length() + 1, text.length() - 1);
        pickle.object(
                PLACEMENTS,
                name,
                dimension.isEmpty()
                        ? List.of()
                        : List.of(item(pickle, "dim", () -> pickle.integer(Long.parseLong(dimension)))));
    }

    private void mesh(PickleWriter pickle) {
        List<PickleWriter.Item> attributes = new ArrayList<>(List.of(
                item(
                        pickle,
                        "_layout",
                        () -> pickle.object(
                                "torch.distributed._mesh_layout",
                                "_MeshLayout",
                                List.of(item(pickle, "shape", () -> integers(pickle, mesh))))),
                item(pickle, "_rank", () -> pickle.integer(saidRank))));
        if (!position.isEmpty()) {
            attributes.add(item(pickle, "_coordinate_on_dim", () -> integers(pickle, position)));
        }
        pickle.object("torch.distributed.device_mesh", "DeviceMesh", attributes);
    }

    private static void integers(PickleWriter pickle, List<Long> values) {
        pickle.tuple(values.stream()
                .<Runnable>map(value -> () -> pickle.integer(value))
                .toList());
    }

    private static PickleWriter.Item item(PickleWriter pickle, String key, Runnable value) {
        return new PickleWriter.Item(() -> pickle.text(key), value);
    }
}

package io.github.cogvideo4j.checkpoints.internal.source.distributed;

import io.github.cogvideo4j.checkpoints.InvalidCheckpointException;
import io.github.cogvideo4j.formats.MalformedFileException;
import io.github.cogvideo4j.formats.UnsupportedFileException;
import io.github.cogvideo4j.formats.internal.torch.DistributedTensorValue;
import io.github.cogvideo4j.formats.problem.Place;
import io.github.cogvideo4j.formats.problem.ProblemCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// The part of a distributed tensor that a rank has.
final class Placements {
    private Placements() {}

    /// The part of a tensor that a rank's file holds.
    ///
    /// @param value the rank's tensor, with sizes that are not negative
    /// @param place where it is, for messages
    /// @param rank  the rank's number
    /// @param world how many ranks there are
    static Box of(DistributedTensorValue value, Place place, long rank, long world) {
        List<Long> mesh = mesh(value, place, world);
        List<Long> position = position(value, place, mesh, rank);
        List<Long> offsets = new ArrayList<>(Collections.nCopies(value.sizes().size(), 0L));
        List<Long> sizes = new ArrayList<>(value.sizes());
        for (int d = 0; d < mesh.size(); d++) {
            DistributedTensorValue.Placement placement = value.placements().get(d);
            if (placement.isReplicate()) {
                continue;
            }
            if (!placement.isShard()) {
                throw new UnsupportedFileException(
                        ProblemCode.UNSUPPORTED_TENSOR, place, "checkpoints.distributed.placement", placement);
            }
            int cut = placement.dimension().getAsInt();
            if (cut >= sizes.size()) {
                throw new MalformedFileException(
                        ProblemCode.STORAGE_BOUNDS,
                        place,
                        "checkpoints.distributed.placement-outside",
                        placement,
                        value.sizes());
            }
            long size = sizes.get(cut);
            long chunk = size / mesh.get(d) + (size % mesh.get(d) == 0 ? 0 : 1);
            long start = chunk == 0 || position.get(d) > size / chunk ? size : position.get(d) * chunk;
            offsets.set(cut, offsets.get(cut) + start);
            sizes.set(cut, Math.min(chunk, size - start));
        }
        return new Box(offsets, sizes);
    }

    private static List<Long> mesh(DistributedTensorValue value, Place place, long world) {
        List<Long> mesh = value.mesh();
        if (mesh.isEmpty() && value.placements().size() == 1) {
            return List.of(world);
        }
        long ranks = 1;
        boolean sensible = mesh.size() == value.placements().size();
        for (long size : mesh) {
            sensible = sensible && size > 0 && size <= world;
            ranks = sensible ? ranks * size : ranks;
            sensible = sensible && ranks <= world;
        }
        if (!sensible) {
            throw new MalformedFileException(
                    ProblemCode.MIXED_WORLD_SIZE,
                    place,
                    "checkpoints.distributed.mesh",
                    mesh,
                    value.placements().size(),
                    world);
        }
        return mesh;
    }

    /// Where the rank is in the mesh: as it says, or by counting row by row.
    private static List<Long> position(DistributedTensorValue value, Place place, List<Long> mesh, long rank) {
        List<Long> position = value.position();
        if (position.isEmpty()) {
            Long[] counted = new Long[mesh.size()];
            long rest = rank;
            for (int d = mesh.size() - 1; d >= 0; d--) {
                counted[d] = rest % mesh.get(d);
                rest /= mesh.get(d);
            }
            return List.of(counted);
        }
        boolean inside = position.size() == mesh.size();
        for (int d = 0; inside && d < mesh.size(); d++) {
            inside = position.get(d) >= 0 && position.get(d) < mesh.get(d);
        }
        if (!inside) {
            throw new InvalidCheckpointException(
                    ProblemCode.MIXED_WORLD_SIZE, place, "checkpoints.distributed.mesh-position", position, mesh);
        }
        return position;
    }
}

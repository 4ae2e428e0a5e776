package io.github.cogvideo4j.benchmarks.synthetic;

import io.github.cogvideo4j.benchmarks.Arguments;
import io.github.cogvideo4j.checkpoints.internal.model.NamedShape;
import io.github.cogvideo4j.checkpoints.internal.parallel.ParallelTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The writer of a DeepSpeed ZeRO checkpoint of any size in the real structure: the names and order of the files, the
/// pickles with the fields that DeepSpeed 0.19 writes (but `param_slice_mappings`, a table that no reader needs), the
/// ZIP's records, alignment, checksums and ZIP64 fields.
///
/// The optimizer's moments, and the model's bf16 weights when asked, are holes in the files: of the right size,
/// zeros, never read by a conversion. What a conversion reads is there to the byte.
public final class SyntheticCheckpoint {
    /// What to write.
    ///
    /// @param parameters   the model's parameters, in order
    /// @param stage        2 or 3
    /// @param ranks        how many data-parallel ranks
    /// @param subGroup     elements after which stage 3 begins another flat tensor; DeepSpeed's default is 1e9
    /// @param moduleAsHole whether the bf16 weights of stage 2 take no disk
    public record Request(List<NamedShape> parameters, int stage, int ranks, long subGroup, boolean moduleAsHole) {
        /// DeepSpeed's default.
        public static final long SUB_GROUP = 1_000_000_000L;

        /// Checks the stage and the ranks.
        public Request {
            parameters = List.copyOf(parameters);
            if (stage != 2 && stage != 3) {
                throw new IllegalArgumentException("stage " + stage + " is neither 2 nor 3");
            }
            if (ranks < 1) {
                throw new IllegalArgumentException("no ranks");
            }
        }
    }

    private static final String TAG = "pytorch_model";

    private SyntheticCheckpoint() {}

    @FunctionalInterface
    private interface Task {
        void run() throws IOException;
    }

    /// Writes a checkpoint.
    ///
    /// @param folder  the `checkpoint-N` folder, which must not exist
    /// @param request what to write
    public static void write(Path folder, Request request) throws IOException {
        Path states = Files.createDirectories(folder.resolve(TAG));
        List<Task> files = new ArrayList<>();
        for (int i = 0; i < request.ranks(); i++) {
            int rank = i;
            files.add(() -> {
                StateFile file = new StateFile();
                String name = "bf16_zero_pp_rank_" + rank + "_mp_rank_00_optim_states.pt";
                file.write(states.resolve(name), new ZeroStates(request, file).optimizer(rank));
            });
            if (request.stage() == 3 || rank == 0) {
                String name = request.stage() == 3
                        ? "zero_pp_rank_" + rank + "_mp_rank_00_model_states.pt"
                        : "mp_rank_00_model_states.pt";
                files.add(() -> {
                    StateFile file = new StateFile();
                    file.write(states.resolve(name), new ZeroStates(request, file).model());
                });
            }
        }
        ParallelTensors.map(files, Runtime.getRuntime().availableProcessors(), file -> {
            file.run();
            return file;
        });
        Files.writeString(folder.resolve("latest"), TAG);
    }

    /// `--billions P [--family cogvideox|wan] [--stage 2|3] [--ranks N] [--sparse-module] FOLDER`
    public static void main(String[] args) throws IOException {
        Arguments arguments = Arguments.parse(args, "sparse-module");
        List<NamedShape> parameters = SyntheticModel.ofBillions(
                arguments.get("family", "cogvideox"), Double.parseDouble(arguments.get("billions", "1")));
        Path folder = Path.of(arguments.only("FOLDER"));
        write(
                folder,
                new Request(
                        parameters,
                        Integer.parseInt(arguments.get("stage", "2")),
                        Integer.parseInt(arguments.get("ranks", "2")),
                        Request.SUB_GROUP,
                        arguments.has("sparse-module")));
        System.out.printf("%s: %,d parameters%n", folder, SyntheticModel.count(parameters));
    }
}

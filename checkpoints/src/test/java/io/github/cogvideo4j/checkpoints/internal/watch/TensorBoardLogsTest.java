package io.github.cogvideo4j.checkpoints.internal.watch;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.checkpoints.internal.watch.TensorBoardLogs.Scalar;
import io.github.cogvideo4j.checkpoints.source.Checkpoints;
import io.github.cogvideo4j.checkpoints.source.SourceOptions;
import io.github.cogvideo4j.testing.Generator;
import io.github.cogvideo4j.testing.Property;
import io.github.cogvideo4j.testing.Resources;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a training has logged for TensorBoard.
class TensorBoardLogsTest {
    /// Written by tensorboardX 2.6.5: `train_loss` 1/step and `lr` 1e-4 * step of steps 1 to 4, `val/loss` 9, a text,
    /// and then `train_loss` 0.125 of step 3 once more.
    private static final byte[] WRITTEN = Base64.getDecoder()
            .decode(
                    "GAAAAAAAAACjf0siCQAAwED8VNlBGg1icmFpbi5FdmVudDoyxJNpXSAAAAAAAAAAKe2pUAkAAEBB/FTZQRABKhMKEQoKdHJhaW5f"
                            + "bG9zcxUAAIA/Y/UVCxgAAAAAAAAAo39LIgkAAABC/FTZQRABKgsKCQoCbHIVF7fROG57C04gAAAAAAAAACntqVAJAADA"
                            + "QvxU2UEQAioTChEKCnRyYWluX2xvc3MVAAAAP5g7OUkYAAAAAAAAAKN/SyIJAAAAQ/xU2UEQAioLCgkKAmxyFRe3UTkq"
                            + "ABbrIAAAAAAAAAAp7alQCQAAQEP8VNlBEAMqEwoRCgp0cmFpbl9sb3NzFauqqj4kerk8GAAAAAAAAACjf0siCQAAgEP8"
                            + "VNlBEAMqCwoJCgJschVSSZ05RD0YRyAAAAAAAAAAKe2pUAkAAMBD/FTZQRAEKhMKEQoKdHJhaW5fbG9zcxUAAIA+c4c7"
                            + "BBgAAAAAAAAAo39LIgkAAABE/FTZQRAEKgsKCQoCbHIVF7fROZX7TsYeAAAAAAAAANncEjIJAABARPxU2UEQBCoRCg8K"
                            + "CHZhbC9sb3NzFQAAEEFVXOXxOwAAAAAAAAAaI6xcCQAAgET8VNlBEAQqLgosChFub3RlL3RleHRfc3VtbWFyeUINCAcS"
                            + "BBICCAFCA2EgYkoICgYKBHRleHTxvn2eIAAAAAAAAAAp7alQCQAAwET8VNlBEAMqEwoRCgp0cmFpbl9sb3NzFQAAAD6H"
                            + "cxHh");

    @TempDir
    private Path run;

    private OptionalDouble upTo(long step, Scalar scalar, byte[] file) throws IOException {
        Path folder = Files.createDirectories(run.resolve("logs/cogvideox"));
        Files.write(folder.resolve("events.out.tfevents.1700000001.machine"), file);
        return of(TensorBoardLogs.upTo(run, step), scalar);
    }

    private static OptionalDouble of(Map<Scalar, Double> values, Scalar scalar) {
        return values.containsKey(scalar) ? OptionalDouble.of(values.get(scalar)) : OptionalDouble.empty();
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1e-4", "2, 0.5, 2e-4", "3, 0.125, 3e-4", "4, 0.25, 4e-4", "400, 0.25, 4e-4"})
    void theLastValueUpToAStep(long step, double loss, double rate) throws IOException {
        assertThat(upTo(step, Scalar.LOSS, WRITTEN)).hasValue(loss);
        assertThat(upTo(step, Scalar.LEARNING_RATE, WRITTEN)).hasValue(rate);
        assertThat(upTo(0, Scalar.LOSS, WRITTEN)).isEmpty();
    }

    @Test
    void aCheckpointsFactsHaveThem() throws IOException {
        Path checkpoint = run.resolve("checkpoint-3");
        Resources.copy(Resources.fixture("ddp-bf16-w2/output/checkpoint-3"), checkpoint);
        upTo(3, Scalar.LOSS, WRITTEN);

        TrainerFacts facts = facts(checkpoint);
        assertThat(facts.loss()).hasValue(0.125);
        assertThat(facts.learningRate()).as("the schedule's own").isNotEmpty().isNotEqualTo(OptionalDouble.of(3e-4));

        Files.delete(checkpoint.resolve("scheduler.bin"));
        assertThat(facts(checkpoint).learningRate()).hasValue(3e-4);
    }

    private static TrainerFacts facts(Path checkpoint) throws IOException {
        return TrainerFacts.of(checkpoint, Checkpoints.open(checkpoint, SourceOptions.defaults()), OptionalLong.of(3));
    }

    /// The end of a file that is being written is anything; a byte that is wrong ends the reading.
    @Property(tries = 100)
    void whatIsDamagedTellsLessAndNothingWrong(Generator generator) throws IOException {
        byte[] file = Arrays.copyOf(WRITTEN, generator.integer(0, WRITTEN.length));
        if (file.length > 0 && generator.bool()) {
            file[generator.integer(0, file.length - 1)] ^= (byte) generator.integer(1, 255);
        }
        Path folder = Files.createTempDirectory("events");
        Path events = Files.write(folder.resolve("events.out.tfevents.1"), file);
        OptionalDouble loss = of(TensorBoardLogs.upTo(folder, 4), Scalar.LOSS);
        Files.delete(events);
        Files.delete(folder);
        if (loss.isPresent()) {
            assertThat(loss.getAsDouble()).isIn(1.0, 0.5, (double) 0.33333334f, 0.33333334, 0.25);
        }
    }

    @Test
    void tensorsOfOneFloatAreScalarsAndLongRecordsAreSkipped() throws IOException {
        byte[] tensor = message(8, join(new byte[] {1 << 3, 1}, message(5, new byte[] {0, 0, 0, 0x3f})));
        byte[] value = message(1, join(message(1, "Train/Loss".getBytes(StandardCharsets.UTF_8)), tensor));
        byte[] event = join(new byte[] {2 << 3, 7}, message(5, value));
        byte[] image = message(5, new byte[300_000]);

        assertThat(upTo(7, Scalar.LOSS, join(record(image), record(event)))).hasValue(0.5);
        assertThat(upTo(6, Scalar.LOSS, join(record(image), record(event)))).isEmpty();
        assertThat(upTo(7, Scalar.LOSS, join(record(new byte[] {0x2a, 0x7f}), record(event))))
                .as("bytes that are no message end the reading")
                .isEmpty();
        ByteBuffer endless = ByteBuffer.wrap(record(event)).order(ByteOrder.LITTLE_ENDIAN);
        endless.putLong(0, Long.MAX_VALUE).putInt(Long.BYTES, checksum(endless.array(), 0, Long.BYTES));
        assertThat(upTo(7, Scalar.LOSS, endless.array())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "loss, true",
        "train/loss, true",
        "Train/train_loss, true",
        "validation/loss, false",
        "eval_video/loss, false",
        "Train/Samples/train_loss, false",
        "epoch_loss, false",
        "loss/scale, false"
    })
    void tagsOfTrainings(String tag, boolean expected) {
        assertThat(Scalar.LOSS.isOf(tag)).isEqualTo(expected);
    }

    private static byte[] message(int field, byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(field << 3 | 2);
        int rest = bytes.length;
        while (rest > 127) {
            out.write(rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
        return join(out.toByteArray(), bytes);
    }

    private static byte[] join(byte[] one, byte[] other) {
        byte[] both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }

    private static byte[] record(byte[] bytes) {
        ByteBuffer record = ByteBuffer.allocate(16 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(bytes.length).putInt(checksum(record.array(), 0, Long.BYTES));
        record.put(bytes).putInt(checksum(bytes, 0, bytes.length));
        return record.array();
    }

    private static int checksum(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
    }
}

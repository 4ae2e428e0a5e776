package io.github.cogvideo4j.checkpoints.internal.merge;

import io.github.cogvideo4j.checkpoints.internal.lora.delta.FloatMatrix;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData.StorageReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/// The blocks of a tensor that is gathered or computed. Such a tensor's reader pushes its elements, so it is read
/// by a thread of its own, which waits when it is a block ahead.
final class PushedBlocks implements TensorBlocks {
    private final Thread thread;
    private Optional<Block> ready = Optional.empty();
    private Optional<Throwable> failure = Optional.empty();
    private boolean closed;

    private static final class Block {
        final float[] values;
        final int count;

        Block(float[] values, int count) {
            this.values = values;
            this.count = count;
        }
    }

    /// Ends a reading whose result is no longer needed.
    private static final class AbandonedException extends IOException {
        private static final long serialVersionUID = 1;
    }

    private PushedBlocks(StorageReader reader, StoredTensor tensor) {
        thread = Thread.ofVirtual().unstarted(() -> read(reader, tensor));
    }

    /// Starts to read a tensor.
    static PushedBlocks open(StorageReader reader, StoredTensor tensor) {
        PushedBlocks blocks = new PushedBlocks(reader, tensor);
        blocks.thread.start();
        return blocks;
    }

    private void read(StorageReader reader, StoredTensor tensor) {
        try {
            Filling filling = new Filling();
            FloatMatrix.Floats floats = new FloatMatrix.Floats(tensor.dtype());
            reader.read(tensor, bytes -> floats.each(bytes, filling::take));
            filling.flush();
        } catch (IOException | RuntimeException | Error e) {
            fail(e);
        }
    }

    private synchronized void fail(Throwable cause) {
        failure = Optional.of(cause);
        notifyAll();
    }

    private synchronized void hand(Block block) throws IOException {
        try {
            while (ready.isPresent() && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        if (closed) {
            throw new AbandonedException();
        }
        ready = Optional.of(block);
        notifyAll();
    }

    private static InterruptedIOException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new InterruptedIOException(cause.getMessage());
    }

    /// Puts elements together to blocks. Of three arrays one is filled, one waits, and one is with the caller,
    /// who is done with it when the next one is asked for.
    private final class Filling {
        private final float[][] arrays = new float[3][ELEMENTS];
        private int array;
        private int count;

        void take(float[] values, int length) throws IOException {
            int done = 0;
            while (done < length) {
                int step = Math.min(length - done, ELEMENTS - count);
                System.arraycopy(values, done, arrays[array], count, step);
                count += step;
                done += step;
                if (count == ELEMENTS) {
                    flush();
                }
            }
        }

        void flush() throws IOException {
            if (count > 0) {
                hand(new Block(arrays[array], count));
                array = (array + 1) % arrays.length;
                count = 0;
            }
        }
    }

    @Override
    public synchronized float[] next(int count) throws IOException {
        try {
            while (ready.isEmpty()) {
                if (failure.isPresent()) {
                    throw rethrown(failure.get());
                }
                wait();
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        Block block = ready.get();
        ready = Optional.empty();
        notifyAll();
        if (block.count != count) {
            throw new IllegalStateException(block.count + " elements instead of " + count);
        }
        return block.values;
    }

    private static IOException rethrown(Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(cause);
        };
    }

    /// Ends the reading, wherever it is.
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

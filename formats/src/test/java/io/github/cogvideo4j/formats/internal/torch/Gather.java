package io.github.cogvideo4j.formats.internal.torch;

import io.github.cogvideo4j.formats.tensor.Extent;
import io.github.cogvideo4j.formats.tensor.Storage;
import io.github.cogvideo4j.formats.tensor.StoredTensor;
import io.github.cogvideo4j.formats.tensor.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;

/// A tensor's bytes, row-major and little-endian, by the most obvious way: one element at a time.
final class Gather {
    private Gather() {}

    static byte[] bytes(StoredTensor tensor) throws IOException {
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        switch (tensor.data()) {
            case TensorData.Extents extents -> {
                for (Extent extent : extents.parts()) {
                    byte[] storage = storage(extent.storage());
                    byte[] part = Arrays.copyOfRange(
                            storage, (int) extent.offset(), (int) (extent.offset() + extent.length()));
                    swap(part, extent.storage().order(), tensor.dtype().swapUnit());
                    result.writeBytes(part);
                }
            }
            case TensorData.Strided view -> {
                byte[] storage = storage(view.storage());
                int size = tensor.dtype().bytes();
                long[] sizes = tensor.shape().toArray();
                for (long i = 0; i < tensor.shape().numel(); i++) {
                    long rest = i;
                    long element = view.offset();
                    for (int d = sizes.length - 1; d >= 0; d--) {
                        element += rest % sizes[d] * view.strides().get(d);
                        rest /= sizes[d];
                    }
                    byte[] part = Arrays.copyOfRange(storage, (int) element * size, (int) (element + 1) * size);
                    swap(part, view.storage().order(), tensor.dtype().swapUnit());
                    result.writeBytes(part);
                }
            }
            case TensorData.Computed computed -> throw new AssertionError("files hold no computed tensors");
        }
        return result.toByteArray();
    }

    private static byte[] storage(Storage storage) throws IOException {
        byte[] file = Files.readAllBytes(storage.file());
        return switch (storage) {
            case Storage.Plain plain ->
                Arrays.copyOfRange(file, (int) plain.offset(), (int) (plain.offset() + plain.length()));
            case Storage.Deflated deflated -> {
                byte[] raw = Arrays.copyOfRange(
                        file, (int) deflated.offset(), (int) (deflated.offset() + deflated.compressedLength()));
                try (InputStream inflated =
                        new InflaterInputStream(new java.io.ByteArrayInputStream(raw), new Inflater(true))) {
                    yield inflated.readAllBytes();
                }
            }
        };
    }

    private static void swap(byte[] bytes, ByteOrder order, int unit) {
        if (order == ByteOrder.LITTLE_ENDIAN) {
            return;
        }
        for (int start = 0; start < bytes.length; start += unit) {
            for (int i = 0; i < unit / 2; i++) {
                byte swapped = bytes[start + i];
                bytes[start + i] = bytes[start + unit - 1 - i];
                bytes[start + unit - 1 - i] = swapped;
            }
        }
    }
}

package io.github.cogvideo4j.cluster.internal.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/// Parquet's compressions, with a limit for what a page says that it inflates to: that much is allocated for it.
final class BoundedCodecs implements CompressionCodecFactory {
    private static final int PAGE = 64 << 20;

    private final CodecFactory codecs = new CodecFactory(new PlainParquetConfiguration(), 1 << 20);

    @Override
    public BytesInputCompressor getCompressor(CompressionCodecName name) {
        return codecs.getCompressor(name);
    }

    @Override
    public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
        BytesInputDecompressor inner = codecs.getDecompressor(name);
        return new BytesInputDecompressor() {
            @Override
            public BytesInput decompress(BytesInput bytes, int size) throws IOException {
                requireRoom(size);
                return inner.decompress(bytes, size);
            }

            @Override
            public void decompress(ByteBuffer input, int compressed, ByteBuffer output, int size) throws IOException {
                requireRoom(size);
                inner.decompress(input, compressed, output, size);
            }

            @Override
            public void release() {
                inner.release();
            }
        };
    }

    private static void requireRoom(int size) throws IOException {
        if (size < 0 || size > PAGE) {
            throw new IOException("a page of " + Integer.toUnsignedLong(size) + " bytes");
        }
    }

    @Override
    public void release() {
        codecs.release();
    }
}

package io.github.cogvideo4j.formats.torch;

import io.github.cogvideo4j.formats.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes the pickle of a dictionary of row-major tensors, opcode for opcode as Python's pickler does at
/// protocol 2.
///
/// Source: CPython's `Modules/_pickle.c` for opcodes, batches and the memo; torch's `_tensor.py` and
/// `serialization.py` for what is written.
final class StateDictPickle {
    // The pickler sends a dictionary's items in batches of this many.
    private static final int BATCH = 1_000;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    // Globals and the words that torch repeats: what is written once and recalled after. The rest takes a
    // number too.
    private final Map<String, Integer> memo = new HashMap<>();
    private int memorised;

    private StateDictPickle() {}

    static byte[] of(List<TorchLayout.Tensor> tensors) {
        return new StateDictPickle().write(tensors);
    }

    private byte[] write(List<TorchLayout.Tensor> tensors) {
        opcode(0x80).opcode(2);
        opcode('}').memorise();
        if (tensors.size() == 1) {
            item(0, tensors.getFirst());
            opcode('s');
        } else if (!tensors.isEmpty()) {
            batches(tensors);
        }
        opcode('.');
        return out.toByteArray();
    }

    /// The pickler learns that it is done from a batch that is not full: behind a full one comes another, be it
    /// empty.
    private void batches(List<TorchLayout.Tensor> tensors) {
        for (int start = 0; start <= tensors.size(); start += BATCH) {
            opcode('(');
            for (int key = start; key < Math.min(start + BATCH, tensors.size()); key++) {
                item(key, tensors.get(key));
            }
            opcode('u');
        }
    }

    private void item(int key, TorchLayout.Tensor tensor) {
        text(tensor.name());
        tensor(key, tensor);
    }

    /// `_rebuild_tensor_v2(storage, 0, sizes, strides, requires_grad, OrderedDict())`; `_v3` with the dtype at
    /// the end for the types that came after typed storages.
    private void tensor(int key, TorchLayout.Tensor tensor) {
        DType dtype = tensor.dtype();
        boolean typed = TensorFactory.storageType(dtype).isPresent();
        global("torch._utils", typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
        opcode('(');
        storage(key, tensor);
        integer(0);
        tuple(tensor.shape().sizes());
        tuple(tensor.shape().contiguousStrides());
        opcode(tensor.requiresGrad() ? 0x88 : 0x89);
        global("collections", "OrderedDict");
        opcode(')').opcode('R').memorise();
        if (!typed) {
            global("torch", dtype.torchName());
        }
        opcode('t').memorise();
        opcode('R').memorise();
    }

    private void storage(int key, TorchLayout.Tensor tensor) {
        long numel = tensor.shape().numel();
        opcode('(');
        word("storage");
        TensorFactory.storageType(tensor.dtype())
                .ifPresentOrElse(type -> global("torch", type), () -> global("torch.storage", "UntypedStorage"));
        text(Integer.toString(key));
        word("cpu");
        boolean typed = TensorFactory.storageType(tensor.dtype()).isPresent();
        integer(typed ? numel : numel * tensor.dtype().bytes());
        opcode('t').memorise();
        opcode('Q');
    }

    private void tuple(List<Long> values) {
        if (values.isEmpty()) {
            opcode(')');
            return;
        }
        if (values.size() > 3) {
            opcode('(');
        }
        values.forEach(this::integer);
        opcode(
                switch (values.size()) {
                    case 1 -> 0x85;
                    case 2 -> 0x86;
                    case 3 -> 0x87;
                    default -> 't';
                });
        memorise();
    }

    private void integer(long value) {
        if (value <= 0xff) {
            opcode('K').littleEndian(value, 1);
        } else if (value <= 0xffff) {
            opcode('M').littleEndian(value, 2);
        } else if (value <= Integer.MAX_VALUE) {
            opcode('J').littleEndian(value, 4);
        } else {
            // Two's complement in as few bytes as hold the sign.
            int bytes = (Long.SIZE - Long.numberOfLeadingZeros(value)) / 8 + 1;
            opcode(0x8a).opcode(bytes).littleEndian(value, bytes);
        }
    }

    private void global(String module, String name) {
        String key = module + " " + name;
        if (!recall(key)) {
            opcode('c');
            out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
            memo.put(key, memorised);
            memorise();
        }
    }

    /// A string that is one object in torch's code.
    private void word(String word) {
        if (!recall(word)) {
            memo.put(word, memorised);
            text(word);
        }
    }

    /// A string that is an object of its own each time. (CPython keeps one object for each single character,
    /// which matters to a dictionary whose keys are single digits; torch's bytes differ from ours there and
    /// mean the same.)
    private void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        opcode('X').littleEndian(utf8.length, 4);
        out.writeBytes(utf8);
        memorise();
    }

    private boolean recall(String key) {
        Integer index = memo.get(key);
        if (index == null) {
            return false;
        }
        if (index <= 0xff) {
            opcode('h').littleEndian(index, 1);
        } else {
            opcode('j').littleEndian(index, 4);
        }
        return true;
    }

    private void memorise() {
        if (memorised <= 0xff) {
            opcode('q').littleEndian(memorised, 1);
        } else {
            opcode('r').littleEndian(memorised, 4);
        }
        memorised++;
    }

    private StateDictPickle opcode(int code) {
        out.write(code);
        return this;
    }

    private void littleEndian(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> (8 * i)));
        }
    }
}

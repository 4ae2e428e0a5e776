package io.github.cogvideo4j.formats.internal.pickle;

import java.util.List;

/// The seam that gives meaning to what a pickle describes, while it is read. The defaults keep everything inert.
public interface PickleFactory {
    /// Keeps everything inert.
    PickleFactory INERT = new PickleFactory() {};

    /// The value for a reference to something outside the pickle.
    default PickleValue persistent(PickleValue id) {
        return new PickleValue.PersistentId(id);
    }

    /// The value for `function(*arguments)`. PythonContainers have been dealt with; the function is one that
    /// [AllowedGlobals] lists.
    default PickleValue call(PickleValue.Global function, List<PickleValue> arguments) {
        return new PickleValue.Instance(function, arguments);
    }
}

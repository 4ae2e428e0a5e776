package io.github.cogvideo4j.formats.attacks;

import static io.github.cogvideo4j.formats.attacks.Abuse.pickle;
import static io.github.cogvideo4j.formats.attacks.Abuse.refused;
import static io.github.cogvideo4j.formats.attacks.Abuse.refusedAsItsCaseSays;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.cogvideo4j.formats.internal.pickle.PickleValue;
import io.github.cogvideo4j.testing.Attack;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// Every way by which a pickle makes Python call something.
class PickleExecutionAttacksTest {
    private static final String UNSAFE = "unsafe-pickle";

    @Test
    @Attack(
            name = "pickle-reduce",
            tries = "GLOBAL names `os.system`, REDUCE calls it",
            fails = "only names in the table `AllowedGlobals` pass, and those are described, never imported or called")
    void reduce() throws IOException {
        refused(UNSAFE, () -> pickle("cos\nsystem\n(S'id'\ntR."));
        refusedAsItsCaseSays("evil-os-system");
    }

    @Test
    @Attack(
            name = "pickle-stack-global",
            tries = "STACK_GLOBAL takes module and name from the stack, where no text search sees them together",
            fails = "the name is put together first and then judged as any other")
    void stackGlobal() throws IOException {
        refused(UNSAFE, () -> pickle("U\2osU\6system\u0093."));
        refusedAsItsCaseSays("evil-stack-global");
    }

    @Test
    @Attack(
            name = "pickle-memo-detour",
            tries = "the parts of the name come back from the memo, in protocol 4",
            fails = "the interpreter follows the memo as Python does")
    void memoDetour() {
        refused(UNSAFE, () -> pickle("\u0080\4\u008c\2os\u00940\u008c\6system\u0094h\0h\1\u0093."));
    }

    @Test
    @Attack(
            name = "pickle-inst",
            tries = "INST of protocol 0 names and calls in one opcode",
            fails = "its name is judged by the same table")
    void inst() throws IOException {
        refused(UNSAFE, () -> pickle("(S'id'\nios\nsystem\n."));
        refusedAsItsCaseSays("evil-inst-opcode");
    }

    @Test
    @Attack(
            name = "pickle-obj",
            tries = "OBJ calls what lies above the mark",
            fails = "what lies there passed the table or the pickle was refused before")
    void obj() throws IOException {
        refused(UNSAFE, () -> pickle("(cos\nsystem\nS'id'\no."));
        refusedAsItsCaseSays("evil-obj-opcode");
    }

    @Test
    @Attack(name = "pickle-newobj", tries = "NEWOBJ calls `__new__` of a class", fails = "as for REDUCE")
    void newobj() throws IOException {
        refused(UNSAFE, () -> pickle("csubprocess\nPopen\n(S'id'\nt\u0081."));
        refusedAsItsCaseSays("evil-newobj");
    }

    @Test
    @Attack(
            name = "pickle-newobj-ex",
            tries = "NEWOBJ_EX calls `__new__` with keyword arguments",
            fails = "as for REDUCE")
    void newobjEx() {
        refused(UNSAFE, () -> pickle("csubprocess\nPopen\n(t}S'args'\nS'id'\ns\u0092."));
    }

    @Test
    @Attack(
            name = "pickle-build",
            tries = "BUILD calls `__setstate__`, or sets attributes such as `__class__`",
            fails = "a state is kept as a value beside the description; nothing has attributes that anyone would run")
    void build() throws IOException {
        refusedAsItsCaseSays("evil-build-setstate");
        PickleValue.Dict dict = pickle("ccollections\nOrderedDict\n)R}S'__class__'\nS'os.system'\nsb.")
                .asDict()
                .orElseThrow();
        assertThat(dict.entries()).isEmpty();
        assertThat(dict.attributes()).isPresent();
    }

    @Test
    @Attack(
            name = "pickle-extension",
            tries = "EXT1, EXT2 and EXT4 call what another program registered under a number",
            fails = "there is no registry; the three opcodes are refused as such")
    void extension() throws IOException {
        refused(UNSAFE, () -> pickle("\u0082\1."));
        refused(UNSAFE, () -> pickle("\u0083\1\0."));
        refused(UNSAFE, () -> pickle("\u0084\1\0\0\0."));
        refusedAsItsCaseSays("evil-ext1");
    }

    @Test
    @Attack(
            name = "pickle-persistent-id",
            tries = "PERSID and BINPERSID make the reader's own hook load something",
            fails = "the hook knows one form, torch's storages, and only looks them up in the same file")
    void persistentId() {
        assertThat(pickle("Pos.system\n.")).isInstanceOfSatisfying(PickleValue.PersistentId.class, reference -> {
            assertThat(reference.id()).isEqualTo(new PickleValue.Text("os.system"));
        });
    }

    @Test
    @Attack(
            name = "pickle-dotted-name",
            tries = "a dotted path or `getattr` goes from an allowed module to another function",
            fails = "names are compared whole, and `getattr` is not in the table")
    void dottedName() throws IOException {
        refused(UNSAFE, () -> pickle("ctorch\n_utils.os.system\n."));
        refusedAsItsCaseSays("evil-dotted-name", "evil-getattr");
    }

    @Test
    @Attack(
            name = "pickle-call-of-a-result",
            tries = "a call of what another call returned reaches functions that are never named",
            fails = "only a name can be called")
    void callOfAResult() {
        refused(UNSAFE, () -> pickle("ccollections\nOrderedDict\n)RU\1x\u0085R."));
    }

    @Test
    @Attack(
            name = "pickle-aliases",
            tries = "other spellings of the same functions: `posix.system`, `__builtin__.exec`, `builtins.eval`",
            fails = "the table lists what is allowed, not what is known to be bad")
    void aliases() throws IOException {
        refusedAsItsCaseSays("evil-posix-system", "evil-py2-builtin-exec", "evil-builtins-eval");
    }

    @Test
    @Attack(
            name = "pickle-in-a-pickle",
            tries = "`torch.storage._load_from_bytes` loads a second pickle from bytes in the first",
            fails = "it is not in the table, and bytes in a pickle stay bytes")
    void inAPickle() throws IOException {
        refusedAsItsCaseSays("evil-load-from-bytes");
    }

    @Test
    @Attack(
            name = "pickle-off-the-path",
            tries = "the call hides where nobody looks: in a value, in an optimizer's file, in the first pickles of"
                    + " the old container, in a file without any container",
            fails = "one interpreter reads every pickle of every file")
    void offThePath() throws IOException {
        refusedAsItsCaseSays(
                "evil-in-dict-value",
                "evil-in-zero-optim",
                "evil-legacy-container",
                "evil-legacy-sysinfo",
                "evil-bare-pickle");
    }

    @Test
    @Attack(
            name = "pickle-broken-on-purpose",
            tries = "a pickle that fails after the call in Python, but before it in a checker",
            fails = "when a pickle is malformed the rest of its text is still searched, and named as unsafe")
    void brokenOnPurpose() {
        refused(UNSAFE, () -> pickle("acos\nsystem\n(S'id'\ntR."));
    }
}

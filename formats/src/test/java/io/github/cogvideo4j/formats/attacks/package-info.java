/// Abuses of the readers, each committed by a small test that sees it fail. What each tries and why it cannot
/// is in the test's [io.github.cogvideo4j.testing.Attack], and so in `docs/security.md`.
@NullMarked
package io.github.cogvideo4j.formats.attacks;

import org.jspecify.annotations.NullMarked;

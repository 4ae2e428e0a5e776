/// Training runs made smaller: checkpoints become proven weights, and their training state goes.
@NullMarked
package io.github.cogvideo4j.checkpoints.prune;

import org.jspecify.annotations.NullMarked;

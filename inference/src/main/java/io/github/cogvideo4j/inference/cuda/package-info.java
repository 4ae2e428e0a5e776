/// Setting up what computing on an NVIDIA card takes, once for a user.
@NullMarked
package io.github.cogvideo4j.inference.cuda;

import org.jspecify.annotations.NullMarked;

/// Tests of the inference against the reference's numbers.
package io.github.cogvideo4j.inference;

/* fuzz.h -- one target per parser of outside bytes: fuzz_WHAT.c defines LLVMFuzzerTestOneInput and states with must() what has to hold
 * of every answer. Under MODE=fuzz libFuzzer calls it; in every other mode replay.c feeds it the files of corpus/WHAT/.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct slice fuzz_slice(const uint8_t *data, size_t size)
{
    return (struct slice){(const char *)data, size};
}

#endif

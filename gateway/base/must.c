#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void must_fail(const char *truth, const char *file, int line)
{
    fprintf(stderr, "must: %s at %s:%d\n", truth, file, line);
    abort();
}

void *must_alloc(size_t bytes)
{
    void *p = calloc(1, bytes != 0 ? bytes : 1);
    if (p == NULL) must_fail("memory is left", __FILE__, __LINE__);
    return p;
}

void *must_realloc(void *old, size_t bytes)
{
    void *p = realloc(old, bytes != 0 ? bytes : 1);
    if (p == NULL) must_fail("memory is left", __FILE__, __LINE__);
    return p;
}

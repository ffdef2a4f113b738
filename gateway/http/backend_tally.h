/* backend_tally.h -- the counting side of backend_counts.h: relaxed atomics, found once per pool. For http/'s own files. */
#ifndef HTTP_BACKEND_TALLY_H
#define HTTP_BACKEND_TALLY_H
#include <stdatomic.h>

#include "base/slice.h"

enum backend_tally_of {
    TALLY_CONNECTIONS,
    TALLY_IDLE,
    TALLY_CONNECTED,
    TALLY_REQUESTS,
    TALLY_RETRIES,
    TALLY_UNREACHABLE,
    TALLY_TIMEOUTS,
    TALLY_BROKEN,
    TALLY_BUSY,
    TALLY_CUT,
    TALLIES
};

struct backend_tally;

struct backend_tally *backend_tally_of(struct slice id); /* finds or makes; never freed */
void backend_tally_add(struct backend_tally *t, enum backend_tally_of what, int64_t n);

#endif

/* backend_counts.h -- how backends are doing, for metrics and health: one row per backend id, over all workers.
 *
 * Rows appear with the first request to a backend and stay for the life of the process (ids come from configurations: a small, closed
 * set; at most BACKEND_COUNTS_MAX, further ones are counted together under "other"). Any thread may read.
 */
#ifndef HTTP_BACKEND_COUNTS_H
#define HTTP_BACKEND_COUNTS_H
#include "base/slice.h"

enum {
    BACKEND_COUNTS_MAX = 256
};

struct backend_counts {
    struct slice id;                             /* lent for ever */
    int64_t connections;                         /* open now, at work or idle or being made */
    int64_t idle;                                /* of these, waiting for a request */
    int64_t connected;                           /* total made */
    int64_t requests;                            /* total passed on, second attempts not counted */
    int64_t retries;                             /* total second attempts */
    int64_t unreachable, timeouts, broken, busy; /* totals of what forward.failed was told */
    int64_t cut;                                 /* total answers that broke off after their head had gone out */
};

/* Writes up to room rows; returns how many there are. */
size_t backend_counts(struct backend_counts *to, size_t room);

#endif

/* transfer.h -- one question put to libcurl: which options it gets, and what its ending means. Egress thread only.
 *
 * A transfer lends its question. Handles are used again, connections live in the multi handle.
 */
#ifndef FETCH_TRANSFER_H
#define FETCH_TRANSFER_H
#include "fetch/question.h"

struct transfers; /* libcurl's multi handle and spare easy handles */
struct transfer_conf {
    const char *proxy, *no_proxy, *ca_file; /* NULL: none, none, the system's; lent */
};

struct transfers *transfers_open(const struct transfer_conf *conf);
void transfers_close(struct transfers *t); /* after every transfer has ended */
void transfers_start(struct transfers *t); /* loads libcurl; before anything below but wake */
void transfers_wake(struct transfers *t);  /* any thread: ends a transfers_wait; nothing before the start */
void transfers_wait(struct transfers *t, int at_most_ms);
/* Moves bytes, then calls done(self, q) for each question that came to its end; its problem and why are set. */
void transfers_move(struct transfers *t, void (*done)(void *self, struct question *q), void *self);

void transfer_begin(struct transfers *t, struct question *q); /* sets q->transfer */
void transfer_stop(struct transfers *t, struct question *q);  /* begun and not done: hung up at once */

#endif

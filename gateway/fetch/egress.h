/* egress.h -- the egress thread: who may ask next, and handing answers back. Used by fetch.c alone.
 *
 * Questions wait in one line per origin. Whenever there is room, the lines are served in turn, at most FETCH_HOST_RUNNING of each and
 * FETCH_RUNNING in all, so a provider that hangs delays its own sign-ins only.
 */
#ifndef FETCH_EGRESS_H
#define FETCH_EGRESS_H
#include "fetch/question.h"
#include "fetch/transfer.h"

struct egress;
struct egress *egress_open(const struct transfer_conf *conf); /* NULL: no thread */
void egress_close(struct egress *e);

/* Any worker. Takes one of the question's two references and wakes the thread; false (and takes nothing) when too many wait already. */
bool egress_ask(struct egress *e, struct question *q, struct slice origin);
void egress_wake(struct egress *e); /* something was hung up: it need not run on */

#endif

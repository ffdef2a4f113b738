/* wire.h -- one connection to Redis that mends itself: stream, greeting, deadlines, heartbeat, reconnect.
 *
 *   AWAY ── retry ──> OPENING ── on_open ──> GREETING ── every greeting answered ──> READY
 *    ^                   │                      │                                      │
 *    └────── refused, closed, late, or a reply that cannot be ─────────────────────────┘
 *
 * READY is the only state in which wire_ask accepts questions. The greeting is AUTH (when there is a password), SELECT (when the
 * owner wants a database) and PING; what more the owner has to ask first it asks in `ready`.
 *
 * Every question has a deadline of conf->timeout_ms. One late reply and the connection is dropped with everything that waits on it,
 * so no reply can ever reach another question. A quiet wire asks PING every two seconds, so that a dead peer is noticed.
 * Reconnects wait 50 ms, doubling to 2 s, plus or minus half of it at random: a thousand replicas must not come back as one.
 */
#ifndef STORE_WIRE_H
#define STORE_WIRE_H
#include "http/stream.h"
#include "store/line.h"
#include "store/store.h"

enum wire_state {
    WIRE_AWAY,
    WIRE_OPENING,
    WIRE_GREETING,
    WIRE_READY
};

struct wire {
    struct loop *loop;
    const struct store_conf *conf; /* borrowed for life */
    bool select;                   /* send SELECT */
    void (*ready)(struct wire *w);
    /* Told before the questions that waited hear that they are lost; also when an attempt to connect failed. */
    void (*gone)(struct wire *w, const char *why);
    bool (*unasked)(void *wire, const struct resp_reply *reply); /* see line.h */

    enum wire_state state;
    struct stream *stream;
    struct line line;
    struct loop_timer retry, watch;
    struct loop_later flush;
    int64_t heard_ms, backoff_ms;
    bool feeding;
    bool hung_up;      /* told in gone: the other side ended it; false: we gave up on it */
    char refusal[160]; /* Redis' own words for why it closed the door */
};

/* The caller has filled the first part and zeroed the rest. Starts connecting. */
void wire_open(struct wire *w);
void wire_close(struct wire *w); /* questions that wait are lost */
bool wire_ask(struct wire *w, struct line_question *q, const struct line_command *commands, size_t count);
/* Drops the connection and tries again after a while. Not from inside an answer: there, return a reason. */
void wire_drop(struct wire *w, const char *why);

#endif

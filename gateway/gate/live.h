/* live.h -- what is passed on in the name of a session, until it is over: websockets, event streams, downloads. They are cut when the
 * session ends: signed out or revoked anywhere, too old, idle too long, or no longer vouched for by the configuration; what an access token
 * opened, when that token ends or its issuer withdraws it (asked again as the issuer's `cache` says, at most once a minute).
 *
 * A request that came just before and is not answered yet is no stream: it has a second to be answered as it was allowed to be, and is
 * cut after that.
 *
 * Per worker. A request that is passed on is entered, which costs a few stores, and taken out when it is done. The store's news
 * (session.h: sessions_on_news) name sessions that ended or may have; those are looked at again at once, all the others now and then,
 * for not every end is told (an idle one, in the memory store) and news can break off. Looking is not using: what is open does not keep
 * a session from becoming idle. While the store is away nothing is cut.
 */
#ifndef GATE_LIVE_H
#define GATE_LIVE_H
#include "http/loop.h"
#include "session/session.h"

enum {
    LIVE_BUCKETS = 1024
};

struct gate;
struct live_look;
struct live_watch {                /* embedded in a visitor; zeroed before */
    struct live_watch *next, **at; /* at: what points here; NULL when in no list */
    struct live_look *look;        /* under way */
    int64_t look_ms;               /* the next one, on the loop's clock */
    bool over;                     /* the session has ended; spared for a moment */
};

struct live {
    struct gate *gate;
    struct live_watch *buckets[LIVE_BUCKETS];
    struct live_watch *ending; /* to be cut at the end of this turn */
    struct loop_later later;
    struct loop_timer timer;
};

void live_open(struct live *l, struct gate *g);
void live_close(struct live *l); /* all watches have left */
/* w is a visitor's, whose session is not NULL. */
void live_enter(struct live *l, struct live_watch *w);
void live_leave(struct live_watch *w); /* no-op when it is in no list */
/* Other keys, providers, expiries: look at all of them again. */
void live_doubt_all(struct live *l);

#endif

#include "gate/live.h"

#include <stdlib.h>

#include "gate/bearer_visit.h"
#include "gate/gate.h"
#include "gate/visitor.h"
#include "observe/metrics.h"

#include "base/log.h"
#include "base/now.h"

enum {
    TURN_MS = 1000,           /* how late an end may be seen of which nobody tells */
    LOOK_MOST_MS = 60 * 1000, /* between looks: a read of the store for each session that holds something open */
    LOOKS_PER_TURN = 256,     /* when all are doubted: a store that has just come back is not flooded */
    LOOK_BUDGET = 64 * 1024,
    SPARED_US = 1000 * 1000
};

static struct metric cut = {
    .name = "vestibule_live_cut_total",
    .help = "Websockets and answers under way that were cut because their session or access token ended.",
    .kind = METRIC_COUNTER};

struct live_look {
    struct live *live;
    struct live_watch *watch;
    struct arena *arena;
    const struct session *session;
    enum problem why;
    struct flow flow;
};

static struct visitor *visitor_of(struct live_watch *w)
{
    return (struct visitor *)(void *)((char *)w - offsetof(struct visitor, watch));
}

/* ---- lists ---- */

static void enter(struct live_watch **list, struct live_watch *w)
{
    w->next = *list;
    w->at = list;
    if (w->next != NULL) w->next->at = &w->next;
    *list = w;
}

static void unlink_watch(struct live_watch *w)
{
    if (w->at == NULL) return;
    *w->at = w->next;
    if (w->next != NULL) w->next->at = w->at;
    w->at = NULL;
}

/* An id is a hash already. */
static struct live_watch **bucket_of(struct live *l, struct slice id)
{
    const unsigned char *last = (const unsigned char *)id.at + id.len - 3;
    return &l->buckets[(last[0] * 31u * 31u + last[1] * 31u + last[2]) % LIVE_BUCKETS];
}

/* ---- the end of one ---- */

static bool is_spared(struct live_watch *w)
{
    const struct exchange *x = visitor_of(w)->v.x;
    return !exchange_is_flowing(x) && now_us() - x->began_us < SPARED_US;
}

/* At the end of the turn: the news may have come from inside another request on the same connection. */
static void end(struct live *l, struct live_watch *w)
{
    w->over = true;
    if (is_spared(w)) return; /* the sweep comes back to it */
    unlink_watch(w);
    enter(&l->ending, w);
    loop_later(l->gate->loop, &l->later);
}

static void cut_ending(struct loop_later *later)
{
    struct live *l = (struct live *)(void *)((char *)later - offsetof(struct live, later));
    while (l->ending != NULL) {
        struct visitor *v = visitor_of(l->ending);
        live_leave(&v->watch);
        v->v.reason = problem_word(PROBLEM_SESSION_ENDED);
        metric_add(metric_series(&cut, NULL), 1);
        exchange_cut(v->v.x);
    }
}

/* ---- looking ---- */

static enum flow_next ask(struct flow *f)
{
    struct live_look *k = f->self;
    struct visitor *v = visitor_of(k->watch);
    if (v->by_token) return bearer_visit_look(f, v, &k->session);
    return session_look(f, v->v.sessions, v->v.session_cookies, &k->session, &k->why);
}

static const struct flow_step look_steps[] = {
    {"live/ask", ask}, /* may wait */
};

static void look_over(struct live_look *k)
{
    k->watch->look = NULL;
    flow_drop(&k->flow);
    arena_close(k->arena); /* k lies in it */
}

static bool vouched_for(const struct snapshot *s, const struct identity *who)
{
    return snapshot_voucher(s->providers, s->provider_count, who) != NULL || local_users_vouch(s->local_users, who);
}

static bool is_over(const struct live_look *k, const struct err *why)
{
    if (visitor_of(k->watch)->by_token) return why != NULL && why->problem == PROBLEM_TOKEN_REFUSED;
    return why == NULL && (k->session == NULL || !vouched_for(k->live->gate->snapshot, &k->session->identity));
}

/* A store that is away says nothing of anybody: looked at again soon. */
static void looked(struct flow *f, const struct err *why)
{
    struct live_look *k = f->self;
    struct live *l = k->live;
    struct live_watch *w = k->watch;
    bool over = is_over(k, why), store_away = why != NULL && why->problem == PROBLEM_STORE_AWAY;
    look_over(k);
    if (over)
        end(l, w);
    else if (store_away)
        w->look_ms = loop_now_ms(l->gate->loop) + TURN_MS;
}

static int64_t look_every_ms(const struct live *l, struct live_watch *w)
{
    const struct visitor *v = visitor_of(w);
    int64_t ms = v->by_token ? bearer_visit_believed_ms(v) : 250 * l->gate->snapshot->session.idle_s;
    return ms < TURN_MS ? TURN_MS : ms > LOOK_MOST_MS ? LOOK_MOST_MS : ms;
}

static void look(struct live *l, struct live_watch *w)
{
    w->look_ms = loop_now_ms(l->gate->loop) + look_every_ms(l, w);
    if (w->look != NULL || w->over) return; /* session_flight.c asks again when news overtake the answer */
    struct arena *a = arena_open(LOOK_BUDGET);
    struct live_look *k = arena_new(a, struct live_look);
    *k = (struct live_look){.live = l, .watch = w, .arena = a};
    w->look = k;
    flow_start(&k->flow, a, look_steps, sizeof look_steps / sizeof *look_steps, looked, k);
}

/* ---- when ---- */

void live_doubt_all(struct live *l)
{
    for (size_t i = 0; i < LIVE_BUCKETS; i++) {
        for (struct live_watch *w = l->buckets[i]; w != NULL; w = w->next) {
            w->look_ms = 0;
        }
    }
}

static void told(void *self, struct slice id, bool gone)
{
    struct live *l = self;
    if (id.at == NULL) {
        live_doubt_all(l);
        return;
    }
    struct live_watch *next;
    for (struct live_watch *w = *bucket_of(l, id); w != NULL; w = next) {
        next = w->next; /* ending or looking takes w alone out of the list, and only now */
        if (!slice_is(session_id(visitor_of(w)->v.session), id)) continue;
        if (gone)
            end(l, w);
        else
            look(l, w);
    }
}

static void sweep_bucket(struct live *l, struct live_watch *first, int *looks)
{
    int64_t now = loop_now_ms(l->gate->loop), wall_s = now_s();
    struct live_watch *next;
    for (struct live_watch *w = first; w != NULL; w = next) {
        next = w->next;
        if (w->over || visitor_of(w)->v.session->expires_s <= wall_s)
            end(l, w);
        else if (w->look_ms <= now && *looks > 0) {
            (*looks)--;
            look(l, w);
        }
    }
}

static void sweep(struct loop_timer *t)
{
    struct live *l = (struct live *)(void *)((char *)t - offsetof(struct live, timer));
    int looks = LOOKS_PER_TURN;
    bool any = false;
    for (size_t i = 0; i < LIVE_BUCKETS; i++) {
        sweep_bucket(l, l->buckets[i], &looks);
        any = any || l->buckets[i] != NULL;
    }
    if (any) loop_timer_set(l->gate->loop, t, TURN_MS, sweep);
}

/* ---- from outside ---- */

void live_open(struct live *l, struct gate *g)
{
    l->gate = g;
    l->later.run = cut_ending;
    sessions_on_news(g->sessions, told, l);
}

void live_close(struct live *l)
{
    must(l->ending == NULL);
    sessions_on_news(l->gate->sessions, NULL, NULL);
    loop_timer_stop(l->gate->loop, &l->timer);
    loop_later_cancel(l->gate->loop, &l->later);
}

void live_enter(struct live *l, struct live_watch *w)
{
    enter(bucket_of(l, session_id(visitor_of(w)->v.session)), w);
    w->look_ms = loop_now_ms(l->gate->loop) + look_every_ms(l, w);
    if (!loop_timer_is_set(&l->timer)) loop_timer_set(l->gate->loop, &l->timer, TURN_MS, sweep);
}

void live_leave(struct live_watch *w)
{
    unlink_watch(w);
    if (w->look != NULL) look_over(w->look);
}

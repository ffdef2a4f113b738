#include "session/token_flight.h"

#include <stdlib.h>

#include "session/token_memo.h"
#include "session/token_refresh.h"

#include "base/log.h"
#include "base/now.h"

struct token_waiter {
    struct token_waiter *next, **at; /* at: what points here; NULL when in no list */
    struct flow *flow;
    struct slice *ret_token;
};

struct token_flight {
    struct token_flight *next;
    struct sessions *sessions;
    struct session_held *held;
    struct token_source from;
    struct provider_env env;
    struct token_waiter *waiters;
    int64_t give_up_ms; /* those who wait for another replica */
    struct loop_timer timer;
    bool starting, ended, overtaken;
    bool joined; /* while it starts: somebody will wait */
    /* one round */
    struct arena *arena;
    struct flow flow, child;
    struct token_refresh round;
    const struct err *why;
};

/* ---- the table: few are under way at a time */

static struct slice key_of(const struct token_flight *fl)
{
    return (struct slice){fl->held->key, sizeof fl->held->key};
}

static struct token_flight *find(struct sessions *s, struct slice key)
{
    struct token_flight *fl = s->token_flights;
    while (fl != NULL && !slice_is(key_of(fl), key)) {
        fl = fl->next;
    }
    return fl;
}

static void leave_table(struct token_flight *fl)
{
    struct token_flight **at = &fl->sessions->token_flights;
    while (*at != fl) {
        at = &(*at)->next;
    }
    *at = fl->next;
}

static void close_flight(struct token_flight *fl)
{
    must(fl->waiters == NULL);
    loop_timer_stop(fl->sessions->loop, &fl->timer);
    arena_close(fl->arena);
    session_held_drop(fl->held);
    fl->from.drop(fl->from.owner);
    free(fl);
}

/* ---- telling those who wait */

static void leave(struct token_waiter *w)
{
    if (w->at == NULL) return;
    *w->at = w->next;
    if (w->next != NULL) w->next->at = w->at;
    w->at = NULL;
}

static void waiter_cancel(void *pending)
{
    leave(pending);
}

static const struct err *answer(const struct token_flight *fl, struct arena *a, struct slice *ret_token)
{
    const struct token_memo *m = fl->held->token_memo;
    if (m != NULL && token_memo_is_good(m)) {
        *ret_token = arena_copy(a, (struct slice){m->access, m->len});
        return NULL;
    }
    if (fl->why != NULL) return err_new(a, fl->why->problem, "%.*s", SLICE_ARG(err_story(a, fl->why)));
    switch (fl->round.end) {
    case TOKEN_END_KNOWN:
    case TOKEN_END_LOST: break;
    case TOKEN_END_GONE:
        return err_new(a, PROBLEM_SESSION_ENDED, "the session's tokens are gone, and so is the session");
    case TOKEN_END_OVER: return err_new(a, PROBLEM_SESSION_ENDED, "the provider will not renew this session's tokens");
    }
    return NULL;
}

static void wake_all(struct token_flight *fl)
{
    while (fl->waiters != NULL) {
        struct token_waiter *w = fl->waiters;
        leave(w);
        flow_wake(w->flow, answer(fl, w->flow->arena, w->ret_token));
    }
}

/* ---- rounds */

static enum flow_next look_or_renew(struct flow *f)
{
    struct token_flight *fl = f->self;
    return token_refresh(f, &fl->child, &fl->round);
}

static const struct flow_step steps[] = {
    {"token_flight/look_or_renew", look_or_renew}
};

/* A token that is still good is given out while the next one is asked for. */
static void known(struct token_refresh *t)
{
    struct token_flight *fl = (struct token_flight *)(void *)((char *)t - offsetof(struct token_flight, round));
    if (token_memo_is_good(fl->held->token_memo)) wake_all(fl);
}

static void landed(struct flow *f, const struct err *why);

static void begin_round(struct token_flight *fl)
{
    arena_close(fl->arena);
    fl->arena = arena_open(TOKEN_ROUND_BUDGET);
    fl->overtaken = false;
    fl->round = (struct token_refresh){.sessions = fl->sessions, .held = fl->held, .from = &fl->from, .known = known};
    flow_start(&fl->flow, fl->arena, steps, 1, landed, fl);
}

static void look_again(struct loop_timer *t)
{
    begin_round((struct token_flight *)(void *)((char *)t - offsetof(struct token_flight, timer)));
}

static void landed(struct flow *f, const struct err *why)
{
    struct token_flight *fl = f->self;
    fl->why = why;
    if (why != NULL && why->problem != PROBLEM_STORE_AWAY) {
        LOG(LOG_LEVEL_WARN, "tokens_unusable", "A session's tokens could not be read or kept.", why,
            {"session", fl->held->session.reference}, {"provider", fl->from.provider->id});
    }
    bool others = why == NULL && fl->round.end == TOKEN_END_LOST && (fl->waiters != NULL || fl->joined);
    if (others && now_ms() < fl->give_up_ms) {
        loop_timer_set(fl->sessions->loop, &fl->timer, fl->overtaken ? 0 : TOKEN_LOOK_EVERY_MS, look_again);
        return;
    }
    /* nobody waits for the other replica: look again in a moment, not with every request */
    if (why == NULL && fl->round.end == TOKEN_END_LOST && fl->held->token_memo != NULL)
        fl->held->token_memo->retry_ms = now_wall_ms() + TOKEN_LOOK_EVERY_MS;
    /* the record may have changed since it was read; whoever comes next reads it again */
    if (fl->overtaken && fl->held->token_memo != NULL) fl->held->token_memo->doubted = true;
    fl->ended = true;
    if (fl->starting) return; /* whoever started it goes on */
    leave_table(fl);
    wake_all(fl);
    close_flight(fl);
}

static struct token_flight *take_off(struct sessions *s, struct session_held *h, const struct token_source *from,
                                     bool joined)
{
    struct token_flight *fl = must_alloc(sizeof *fl);
    fl->sessions = s;
    fl->held = session_held_keep(h);
    fl->from = *from;
    fl->env = *from->env;
    fl->from.env = &fl->env;
    fl->from.keep(fl->from.owner);
    /* as long as the lock of one who died, and the turn of the next */
    fl->give_up_ms = now_ms() + 2 * (int64_t)from->provider->timeout_ms + TOKEN_LOCK_SLACK_MS;
    fl->next = s->token_flights;
    s->token_flights = fl;
    fl->starting = true;
    fl->joined = joined;
    begin_round(fl);
    fl->starting = fl->joined = false;
    return fl;
}

/* ---- from outside */

enum flow_next token_flight_join(struct flow *f, struct sessions *s, struct session_held *h,
                                 const struct token_source *from, struct slice *ret_token)
{
    struct token_flight *fl = find(s, (struct slice){h->key, sizeof h->key});
    if (fl == NULL) fl = take_off(s, h, from, true);
    if (fl->ended) {
        const struct err *e = answer(fl, f->arena, ret_token);
        leave_table(fl);
        close_flight(fl);
        return e != NULL ? flow_fail(f, e) : FLOW_NEXT;
    }
    const struct token_memo *m = fl->held->token_memo;
    if (m != NULL && !m->doubted && token_memo_is_good(m)) {
        *ret_token = arena_copy(f->arena, (struct slice){m->access, m->len});
        return FLOW_NEXT;
    }
    struct token_waiter *w = arena_new(f->arena, struct token_waiter);
    *w = (struct token_waiter){fl->waiters, &fl->waiters, f, ret_token};
    if (w->next != NULL) w->next->at = &w->next;
    fl->waiters = w;
    return flow_wait(f, w, waiter_cancel);
}

void token_flight_start(struct sessions *s, struct session_held *h, const struct token_source *from)
{
    if (find(s, (struct slice){h->key, sizeof h->key}) != NULL) return;
    struct token_flight *fl = take_off(s, h, from, false);
    if (!fl->ended) return;
    leave_table(fl);
    close_flight(fl);
}

void token_flight_overtake(struct sessions *s, struct slice session_key)
{
    for (struct token_flight *fl = s->token_flights; fl != NULL; fl = fl->next) {
        if (session_key.at != NULL && !slice_is(key_of(fl), session_key)) continue;
        fl->overtaken = true;
        if (loop_timer_is_set(&fl->timer)) loop_timer_set(s->loop, &fl->timer, 0, look_again);
    }
}

bool session_tokens_busy(const struct sessions *s)
{
    if (s->revocations.running != NULL) return true;
    for (const struct token_flight *fl = s->token_flights; fl != NULL; fl = fl->next) {
        if (fl->round.asked) return true;
    }
    return false;
}

void token_flight_close_all(struct sessions *s)
{
    while (s->token_flights != NULL) {
        struct token_flight *fl = s->token_flights;
        s->token_flights = fl->next;
        flow_drop(&fl->flow);
        close_flight(fl);
    }
}

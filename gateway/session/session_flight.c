#include "session/session_flight.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"

enum {
    FLIGHT_TRIES = 4,           /* a record that changes faster than we can read it */
    FLIGHT_BUDGET = 1024 * 1024 /* the sealed record and the open one, 256 KiB each, and errors */
};

struct waiter {
    struct waiter *next, **at; /* at: what points here; NULL when in no list */
    struct flow *flow;
    const struct session **ret_session;
    enum problem *ret_why;
};

struct session_flight {
    struct session_flight *next;
    struct sessions *sessions;
    struct arena *arena;
    struct flow flow;
    char key[SESSION_KEY_BYTES];
    struct slice token;
    struct session_claims claims;
    unsigned generation; /* when the token was verified */
    int tries;
    bool starting, overtaken;
    bool used; /* not only looked at */
    struct waiter *waiters;
    struct slice value;
    int64_t ttl_ms;
    /* how it ended: with an error, or with a session, or with none */
    bool landed;
    const struct err *why;
    struct session_held *held;
};

static struct session_flight **bucket_of(struct sessions *s, struct slice key)
{
    unsigned char last[2];
    memcpy(last, key.at + key.len - 2, 2); /* base64url of a hash */
    return &s->flights[(last[0] * 31u + last[1]) % SESSIONS_FLIGHT_BUCKETS];
}

static struct slice key_of(const struct session_flight *fl)
{
    return (struct slice){fl->key, sizeof fl->key};
}

static void leave_table(struct session_flight *fl)
{
    struct session_flight **at = bucket_of(fl->sessions, key_of(fl));
    while (*at != fl) {
        at = &(*at)->next;
    }
    *at = fl->next;
}

static void flight_close(struct session_flight *fl)
{
    if (fl->held != NULL) session_held_drop(fl->held);
    arena_close(fl->arena); /* fl lies in it */
}

/* ---- asking */

static enum flow_next ask_store(struct flow *f)
{
    struct session_flight *fl = f->self;
    fl->overtaken = false;
    fl->tries++;
    return store_get_ttl(f, fl->sessions->link, key_of(fl), &fl->value, &fl->ttl_ms);
}

static const struct flow_step steps[] = {
    {"session/ask_store", ask_store}
};
static void landed(struct flow *f, const struct err *why);

static void ask(struct session_flight *fl)
{
    flow_start(&fl->flow, fl->arena, steps, sizeof steps / sizeof *steps, landed, fl);
}

/* ---- judging what came */

/* The record opened, or the cached one if it is still the same; NULL and why. */
static const struct err *open_record(struct session_flight *fl, const struct session_entry *cached,
                                     struct session_held **ret_held)
{
    unsigned char fingerprint[DIGEST_SHA256_BYTES];
    digest_sha256(fl->value, fingerprint);
    if (cached != NULL && digest_same(cached->held->fingerprint, fingerprint, sizeof fingerprint)) {
        *ret_held = session_held_keep(cached->held);
        return NULL;
    }
    struct slice plain;
    const struct err *e =
        keyring_open_sealed(fl->sessions->keys, fl->arena, sessions_purpose, key_of(fl), fl->value, &plain);
    if (e != NULL) return e;
    struct session_held *h = NULL;
    e = session_held_read(fl->arena, key_of(fl), plain, &h);
    explicit_bzero((char *)(uintptr_t)plain.at, plain.len); /* ours, in our arena */
    if (e != NULL) return e;
    int64_t longest = h->session.created_s + fl->sessions->conf->lifetime_s;
    if (h->session.expires_s > longest) h->session.expires_s = longest;
    memcpy(h->fingerprint, fingerprint, sizeof fingerprint);
    *ret_held = h;
    return NULL;
}

/* Sets fl->held when there is a session to be believed, and caches it. */
static void judge(struct session_flight *fl)
{
    struct sessions *s = fl->sessions;
    if (fl->generation != s->generation &&
        session_jwt_read(s->jwt, fl->arena, fl->token, now_s(), &fl->claims) != NULL) {
        return; /* a reload took away the key it was signed with */
    }
    if (fl->value.at == NULL) return;
    struct session_entry *e = session_cache_find(s->cache, fl->token);
    struct session_held *h = NULL;
    const struct err *why = open_record(fl, e, &h);
    if (why != NULL) {
        LOG(LOG_LEVEL_WARN, "session_unreadable", "A session's record cannot be read and counts as none.", why,
            {"session", slice_upto(slice_from(key_of(fl), 2), 8)});
        return;
    }
    if (h->session.expires_s <= now_s()) {
        session_held_drop(h);
        return;
    }
    if (e == NULL || e->held != h) e = session_cache_put(s->cache, fl->token, h);
    e->fresh_until_ms = e->known_until_ms = loop_now_ms(s->loop) + s->conf->cache_ms;
    e->idle_end_wall_ms = now_wall_ms() + fl->ttl_ms;
    if (fl->used) sessions_touch(s, e);
    fl->held = h;
}

/* The store broke before it could be asked again about somebody we know, or while it was: then the cache's word holds to the end of the
 * cache time. A connection that comes back only to break again takes nothing from that. */
static bool believed_all_the_same(struct session_flight *fl)
{
    struct sessions *s = fl->sessions;
    struct session_entry *e = session_cache_find(s->cache, fl->token);
    if (e == NULL || !sessions_still_known(s, e)) return false;
    fl->held = session_held_keep(e->held);
    return true;
}

/* ---- telling those who wait */

static enum flow_next answer(struct session_flight *fl, struct flow *f, const struct session **ret_session,
                             enum problem *ret_why)
{
    if (fl->why != NULL) {
        return flow_fail(f, err_new(f->arena, fl->why->problem, "%.*s", SLICE_ARG(err_story(f->arena, fl->why))));
    }
    if (fl->held != NULL) return sessions_give(f, fl->held, ret_session);
    *ret_session = NULL;
    *ret_why = PROBLEM_SESSION_ENDED;
    return FLOW_NEXT;
}

static void waiter_leave(struct waiter *w)
{
    if (w->at == NULL) return;
    *w->at = w->next;
    if (w->next != NULL) w->next->at = w->at;
    w->at = NULL;
}

static void waiter_cancel(void *pending)
{
    waiter_leave(pending);
}

static void landed(struct flow *f, const struct err *why)
{
    struct session_flight *fl = f->self;
    if (why == NULL && fl->overtaken && fl->tries < FLIGHT_TRIES) {
        ask(fl);
        return;
    }
    if (why == NULL && fl->overtaken) {
        why = err_new(fl->arena, PROBLEM_STORE_AWAY, "a session's record changes faster than it can be read");
    }
    if (why != NULL && why->problem == PROBLEM_STORE_AWAY && believed_all_the_same(fl)) why = NULL;
    fl->why = why;
    leave_table(fl);
    if (why == NULL && fl->held == NULL) {
        judge(fl);
        if (fl->held == NULL) session_cache_remove_key(fl->sessions->cache, key_of(fl));
    }
    fl->landed = true;
    if (fl->starting) return; /* session_flight_join goes on */
    while (fl->waiters != NULL) {
        struct waiter *w = fl->waiters;
        waiter_leave(w);
        enum flow_next next = answer(fl, w->flow, w->ret_session, w->ret_why);
        const struct err *e = next == FLOW_FAIL ? w->flow->why : NULL;
        w->flow->why = NULL;
        flow_wake(w->flow, e);
    }
    flight_close(fl);
}

/* ---- from outside */

static struct session_flight *flight_open(struct sessions *s, struct slice token, const struct session_claims *claims,
                                          struct slice key)
{
    struct arena *a = arena_open(FLIGHT_BUDGET);
    struct session_flight *fl = arena_new(a, struct session_flight);
    *fl = (struct session_flight){.sessions = s, .arena = a, .token = arena_copy(a, token), .claims = *claims};
    fl->claims.sid = arena_copy(a, claims->sid);
    fl->generation = s->generation;
    memcpy(fl->key, key.at, sizeof fl->key);
    struct session_flight **bucket = bucket_of(s, key);
    fl->next = *bucket;
    *bucket = fl;
    return fl;
}

enum flow_next session_flight_join(struct flow *f, struct sessions *s, struct slice token,
                                   const struct session_claims *claims, bool use, const struct session **ret_session,
                                   enum problem *ret_why)
{
    struct slice key = sessions_key(f->arena, claims->sid);
    struct session_flight *fl = *bucket_of(s, key);
    while (fl != NULL && !(slice_is(key_of(fl), key) && slice_is(fl->token, token))) {
        fl = fl->next;
    }
    if (fl == NULL) {
        fl = flight_open(s, token, claims, key);
        fl->used = use;
        fl->starting = true;
        ask(fl);
        fl->starting = false;
        if (fl->landed) {
            enum flow_next next = answer(fl, f, ret_session, ret_why);
            flight_close(fl);
            return next;
        }
    }
    fl->used = fl->used || use;
    struct waiter *w = arena_new(f->arena, struct waiter);
    *w = (struct waiter){fl->waiters, &fl->waiters, f, ret_session, ret_why};
    if (w->next != NULL) w->next->at = &w->next;
    fl->waiters = w;
    return flow_wait(f, w, waiter_cancel);
}

void session_flight_overtake(struct sessions *s, struct slice key)
{
    if (key.at != NULL) {
        for (struct session_flight *fl = *bucket_of(s, key); fl != NULL; fl = fl->next) {
            if (slice_is(key_of(fl), key)) fl->overtaken = true;
        }
        return;
    }
    for (size_t i = 0; i < SESSIONS_FLIGHT_BUCKETS; i++) {
        for (struct session_flight *fl = s->flights[i]; fl != NULL; fl = fl->next) {
            fl->overtaken = true;
        }
    }
}

void session_flight_close_all(struct sessions *s)
{
    for (size_t i = 0; i < SESSIONS_FLIGHT_BUCKETS; i++) {
        while (s->flights[i] != NULL) {
            struct session_flight *fl = s->flights[i];
            s->flights[i] = fl->next;
            must(fl->waiters == NULL);
            flow_drop(&fl->flow);
            flight_close(fl);
        }
    }
}
